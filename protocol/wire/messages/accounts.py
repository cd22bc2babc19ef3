"""Who somebody is: registration and login.

Spec: docs/protocol.md#messages
"""

from dataclasses import dataclass
from typing import ClassVar

from protocol.packing import U32, U64, NameText, Signature64
from protocol.records import Account


@dataclass(frozen=True, slots=True)
class Register:
    """Client: take this account; both keys sign. Logs in as well."""

    TAG: ClassVar[int] = 16
    account: Account
    identity_signature: Signature64
    account_signature: Signature64


@dataclass(frozen=True, slots=True)
class Login:
    """Client: I am this device; the identity key signs the nonce."""

    TAG: ClassVar[int] = 17
    name: NameText
    device: U32
    signature: Signature64


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Relay: welcome; the account's generation and the one-time pairs left."""

    TAG: ClassVar[int] = 18
    generation: U64
    one_time_count: U32
