"""Who may come in, stay, and take a place: signed statements, checked. Pure functions.

The relay key in a signature is the key that this side of the TLS handshake
shows: a login passed on by a relay in the middle was signed over another key.

Spec: docs/protocol.md#link-states
"""

from typing import Final

from protocol.errors import BadSignature
from protocol.ids import DeviceAddress
from protocol.labels import Label
from protocol.records import login_fields, register_fields
from protocol.replacement import (
    ReplacementSignatures,
    ReplacementStatement,
    VetoStatement,
    verify_replacement,
    verify_veto,
)
from protocol.signing import verify
from protocol.wire.messages import (
    PROTOCOL_VERSION,
    Hello,
    Login,
    Register,
    ReplaceDevice,
    VaultHello,
    VetoReplacement,
)
from server.store.values import StoredAccount

NO_TLS_KEY: Final = bytes(32)

# GP1 has one device for each account.
ONLY_DEVICE: Final = 1


def common_version(hello: Hello | VaultHello) -> int | None:
    """Give the highest version that both sides speak, or None."""
    speaks_ours = hello.lowest_version <= PROTOCOL_VERSION <= hello.highest_version
    return PROTOCOL_VERSION if speaks_ours else None


def registration_is_good(register: Register, nonce: bytes, relay_key: bytes) -> bool:
    """Tell whether both keys have signed this registration for this connection."""
    account = register.account
    fields = register_fields(account, nonce, relay_key)
    try:
        verify(account.identity, register.identity_signature, Label.REGISTER, *fields)
        verify(account.account_key, register.account_signature, Label.REGISTER, *fields)
    except BadSignature:
        return False
    return account.device == ONLY_DEVICE


def login_is_good(login: Login, identity: bytes, nonce: bytes, relay_key: bytes) -> bool:
    """Tell whether ``identity`` has signed this login for this connection."""
    device = DeviceAddress(login.name, login.device)
    fields = login_fields(device, nonce, relay_key, PROTOCOL_VERSION)
    try:
        verify(identity, login.signature, Label.LOGIN, *fields)
    except BadSignature:
        return False
    return True


def replacement_is_good(
    request: ReplaceDevice, account: StoredAccount, nonce: bytes, relay_key: bytes
) -> bool:
    """Tell whether account key and new identity have signed for this account as it is."""
    if request.generation != account.generation:
        return False
    statement = ReplacementStatement(
        relay_key,
        nonce,
        account.address,
        account.generation,
        account.identity,
        request.new_identity,
        request.new_account_key,
    )
    signatures = ReplacementSignatures(request.account_signature, request.identity_signature)
    try:
        verify_replacement(statement, account.account_key, signatures)
    except BadSignature:
        return False
    return True


def veto_is_good(
    request: VetoReplacement, account: StoredAccount, nonce: bytes, relay_key: bytes
) -> bool:
    """Tell whether the identity on record has signed this veto for the account as it is."""
    if request.generation != account.generation:
        return False
    statement = VetoStatement(
        relay_key, nonce, account.address, account.generation, request.new_account_key
    )
    try:
        verify_veto(statement, account.identity, request.identity_signature)
    except BadSignature:
        return False
    return True
