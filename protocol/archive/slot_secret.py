"""What opens a slot of a keyring, wherever it came from, and its key pair.

Spec: docs/formats.md#keyring
"""

from typing import Final

from protocol.archive.layout import SlotKind
from protocol.e2ee.curve import CURVE_KEY_BYTES, CurvePrivateKey
from protocol.e2ee.kem import KEM_SEED_BYTES, KemSeed
from protocol.e2ee.prekey_secrets import SealingPrivateKey
from protocol.encoding import encode_fields
from protocol.kdf import hkdf
from protocol.labels import Label
from protocol.recovery.derived import PasswordSecret
from protocol.secret import Secret

_SALT: Final = bytes(32)


class SlotSecret(Secret):
    """32 bytes, as hard to guess as the 64 digits or the vaults' answer they come from."""

    __slots__ = ()

    @classmethod
    def of_password(cls, secret: PasswordSecret) -> "SlotSecret":
        """Take what the vaults' answers came to."""
        return cls(secret.expose())


def slot_key_pair(secret: SlotSecret, kind: SlotKind, archive_id: bytes) -> SealingPrivateKey:
    """Derive the pair that a slot is sealed to; another one in each archive and kind of slot.

    Cost: that of the derivation; the public half costs about 130 us more.
    """
    info = encode_fields(Label.SLOT_KEY, bytes([kind]), archive_id)
    derived = hkdf(_SALT, secret.expose(), info, KEM_SEED_BYTES + CURVE_KEY_BYTES)
    return SealingPrivateKey(
        KemSeed(derived[:KEM_SEED_BYTES]), CurvePrivateKey(derived[KEM_SEED_BYTES:])
    )
