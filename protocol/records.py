"""Public records that clients and relay share: prekeys, bundles, accounts.

Shapes only, no cryptography: who signs what over which fields is said here,
verifying is the business of those who rely on it.

Spec: docs/protocol.md#prekeys, docs/protocol.md#link-states
"""

from dataclasses import dataclass
from typing import Annotated, Final

from protocol.encoding import u32, u64
from protocol.ids import BLOB_ID_BYTES, BlobId, DeviceAddress
from protocol.packing import U32, U64, Binary, Key32, NameText, Signature64

KEM_PUBLIC_BYTES: Final = 1_184
KEM_CIPHERTEXT_BYTES: Final = 1_088
SEALING_PUBLIC_BYTES: Final = KEM_PUBLIC_BYTES + 32

KemPublic = Annotated[bytes, Binary(KEM_PUBLIC_BYTES, KEM_PUBLIC_BYTES)]
SealingPublic = Annotated[bytes, Binary(SEALING_PUBLIC_BYTES, SEALING_PUBLIC_BYTES)]
BlobIdBytes = Annotated[BlobId, Binary(BLOB_ID_BYTES, BLOB_ID_BYTES)]
WriteSecretBytes = Annotated[bytes, Binary(32, 32)]


@dataclass(frozen=True, slots=True)
class SignedPrekey:
    """An X25519 key signed by its owner's identity; medium-lived."""

    key_id: U32
    issued_at_ms: U64
    key: Key32
    signature: Signature64


@dataclass(frozen=True, slots=True)
class SignedKemPrekey:
    """An ML-KEM-768 key signed by its owner's identity: one-time or last-resort."""

    key_id: U32
    issued_at_ms: U64
    key: KemPublic
    signature: Signature64


@dataclass(frozen=True, slots=True)
class SignedSealingKey:
    """The key envelopes are sealed to: ML-KEM-768, then X25519."""

    key_id: U32
    issued_at_ms: U64
    key: SealingPublic
    signature: Signature64


@dataclass(frozen=True, slots=True)
class OneTimePair:
    """A one-time X25519 key and a one-time KEM prekey under the KEM record's id."""

    curve_key: Key32
    kem: SignedKemPrekey


@dataclass(frozen=True, slots=True)
class PrekeyBundle:
    """All that an initiator needs to open a session with a device that sleeps.

    ``one_time_key`` is None exactly when ``kem`` is the last-resort prekey.
    """

    identity: Key32
    signed_prekey: SignedPrekey
    kem: SignedKemPrekey
    one_time_key: Key32 | None
    sealing_key: SignedSealingKey


@dataclass(frozen=True, slots=True)
class Sender:
    """Who submitted an envelope, as the relay saw it log in."""

    name: NameText
    device: U32
    identity: Key32


@dataclass(frozen=True, slots=True)
class Account:
    """A registration: the name, its device's identity and the key above it."""

    name: NameText
    device: U32
    identity: Key32
    account_key: Key32


@dataclass(frozen=True, slots=True)
class ListedBlob:
    """A whole blob in a list: its size, and when it goes unless it is refreshed."""

    blob_id: BlobIdBytes
    size: U64
    expires_ms: U64


def prekey_fields(
    owner: DeviceAddress, record: SignedPrekey | SignedKemPrekey | SignedSealingKey
) -> tuple[bytes, ...]:
    """Give the fields a prekey's signature covers, for :func:`protocol.signing.sign`."""
    return (
        owner.name.encode(),
        u32(owner.device),
        u32(record.key_id),
        u64(record.issued_at_ms),
        record.key,
    )


def register_fields(account: Account, nonce: bytes, relay_key: bytes) -> tuple[bytes, ...]:
    """Give the fields that identity key and account key sign to register.

    Args:
        account: what is being registered.
        nonce: the relay's 32 bytes from its Welcome.
        relay_key: the relay's 32-byte key as seen in TLS, zeros without TLS.
    """
    return (
        nonce,
        relay_key,
        account.name.encode(),
        u32(account.device),
        account.identity,
        account.account_key,
    )


def login_fields(
    device: DeviceAddress, nonce: bytes, relay_key: bytes, version: int
) -> tuple[bytes, ...]:
    """Give the fields the identity key signs to log in (arguments as above)."""
    return (nonce, relay_key, device.name.encode(), u32(device.device), u32(version))
