"""Everything that is derived from an archive's root, each by a label of its own.

    archive root (32 random bytes)      only ever sealed in a keyring's slots
        ├─ manifest key                 opens manifests, in which all other object keys stand
        ├─ head key (Ed25519)           signs heads
        ├─ name keys                    one per kind and conversation: names of objects
        └─ owner keys (Ed25519)         one per vault record: so vaults cannot link theirs

An object's own key is drawn, not derived: with a new root no object has to move.

Spec: docs/formats.md#keys-of-a-backup
"""

import hmac
from typing import Final

from protocol.archive.layout import ObjectKind
from protocol.encoding import encode_fields
from protocol.kdf import hkdf
from protocol.labels import Label
from protocol.randomness import RandomBytes
from protocol.secret import Secret
from protocol.signing import SigningKey

KEY_BYTES: Final = 32
_SALT: Final = bytes(32)


class ArchiveRoot(Secret):
    """Opens everything in an archive, 32 bytes."""

    __slots__ = ()

    @classmethod
    def generate(cls, random_bytes: RandomBytes) -> "ArchiveRoot":
        """Draw a new one."""
        return cls(random_bytes(KEY_BYTES))


class ObjectKey(Secret):
    """Opens one object, 32 bytes; under a new salt each time it is sealed."""

    __slots__ = ()

    @classmethod
    def generate(cls, random_bytes: RandomBytes) -> "ObjectKey":
        """Draw a new one."""
        return cls(random_bytes(KEY_BYTES))


def manifest_key(root: ArchiveRoot) -> ObjectKey:
    """Give the key of all manifests under ``root``."""
    return ObjectKey(_derive(root, Label.ARCHIVE_MANIFEST))


def head_key(root: ArchiveRoot) -> SigningKey:
    """Give the key that signs heads."""
    return SigningKey(_derive(root, Label.ARCHIVE_HEAD_KEY))


def vault_owner_key(root: ArchiveRoot, record_id: bytes) -> SigningKey:
    """Give the key that owns the vault record ``record_id``."""
    return SigningKey(_derive(root, Label.VAULT_OWNER_KEY, record_id))


def object_name(root: ArchiveRoot, kind: ObjectKind, conversation: str, key: ObjectKey) -> bytes:
    """Give the 32-byte name of a new object, a keyed hash of its key.

    Not of its content: an object is written once, and one that a retained backup
    still opens with its old key must not be replaced by the same content under a
    new one. Which files are there already is told by the manifest.

    Args:
        conversation: the peer's name; empty for what belongs to none.
    """
    name_key = _derive(root, Label.ARCHIVE_NAME, bytes([kind]), conversation.encode())
    return hmac.digest(name_key, key.expose(), "sha256")


def _derive(root: ArchiveRoot, label: Label, *fields: bytes) -> bytes:
    return hkdf(_SALT, root.expose(), encode_fields(label, *fields), KEY_BYTES)
