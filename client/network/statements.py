"""What a client signs to log in and to register.

Spec: docs/protocol.md#link-states
"""

from dataclasses import dataclass

from protocol.ids import DeviceAddress
from protocol.labels import Label
from protocol.records import Account, login_fields, register_fields
from protocol.signing import SigningKey, public_key_of, sign
from protocol.wire.messages import Login, Register


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
