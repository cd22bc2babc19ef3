"""What a client signs to log in, to register, to take a device's place, and to keep its own.

Spec: docs/protocol.md#link-states, docs/protocol.md#replacing-a-device
"""

from dataclasses import dataclass

from protocol.ids import DeviceAddress
from protocol.labels import Label
from protocol.records import Account, login_fields, register_fields
from protocol.replacement import (
    ReplacementStatement,
    VetoStatement,
    sign_replacement,
    sign_veto,
)
from protocol.signing import SigningKey, public_key_of, sign
from protocol.wire.messages import Found, Login, Register, ReplaceDevice, VetoReplacement


@dataclass(frozen=True, slots=True)
class Challenge:
    """What makes a signed statement good for one connection to one relay only.

    ``nonce`` is the relay's 32 bytes; ``relay_key`` the 32-byte key this side saw in the TLS
    handshake, zeros without TLS; ``version`` the protocol version in use.
    """

    nonce: bytes
    relay_key: bytes
    version: int


def login_statement(device: DeviceAddress, identity: SigningKey, challenge: Challenge) -> Login:
    """Sign in ``device`` with its identity key."""
    fields = login_fields(device, challenge.nonce, challenge.relay_key, challenge.version)
    return Login(device.name, device.device, sign(identity, Label.LOGIN, *fields))


def register_statement(
    device: DeviceAddress, identity: SigningKey, account_key: SigningKey, challenge: Challenge
) -> Register:
    """Claim the device's name for its identity and account key; both sign."""
    account = Account(
        device.name, device.device, public_key_of(identity), public_key_of(account_key)
    )
    fields = register_fields(account, challenge.nonce, challenge.relay_key)
    return Register(
        account, sign(identity, Label.REGISTER, *fields), sign(account_key, Label.REGISTER, *fields)
    )


@dataclass(frozen=True, slots=True)
class NewKeys:
    """What a replacement puts in the old device's place."""

    identity: SigningKey
    account_key: SigningKey


def replace_statement(
    device: DeviceAddress, found: Found, account_key: SigningKey, new: NewKeys, challenge: Challenge
) -> ReplaceDevice:
    """Take the place of ``device``; the account key and the new identity sign.

    Args:
        found: what the relay has on record now.
        account_key: the private half of the one on record.
    """
    identity, next_key = public_key_of(new.identity), public_key_of(new.account_key)
    statement = ReplacementStatement(
        challenge.relay_key,
        challenge.nonce,
        device,
        found.generation,
        found.identity,
        identity,
        next_key,
    )
    signed = sign_replacement(statement, account_key, new.identity)
    return ReplaceDevice(
        device.name,
        device.device,
        found.generation,
        identity,
        next_key,
        signed.by_account_key,
        signed.by_new_identity,
    )


def veto_statement(
    device: DeviceAddress,
    identity: SigningKey,
    generation: int,
    new_account_key: bytes,
    challenge: Challenge,
) -> VetoReplacement:
    """Object to a replacement, and install another account key (32 bytes); the identity signs."""
    statement = VetoStatement(
        challenge.relay_key, challenge.nonce, device, generation, new_account_key
    )
    return VetoReplacement(generation, new_account_key, sign_veto(statement, identity))
