"""The head: the signed top of a backup, 224 bytes. It lies in the storage and at the vaults.

    offset  size
         0     8  "glphead", line feed
         8     1  version = 1
         9     7  zeros
        16    16  archive id
        32     8  epoch: u64, from 1, one more with each backup
        40     8  made at: u64
        48    32  SHA-256 of the head before it, whole; zeros in the first
        80    32  SHA-256 of the manifest, as it is stored
       112     8  size of the manifest, as it is stored: u64
       120     4  keyring generation: u32
       124     4  account generation: u32
       128    32  SHA-256 of the keyring file
       160    64  Ed25519 signature over encode(label, the first 160 bytes)

While a keyring is being replaced the file has two of them, the new keyring's and
the old one's: two files cannot be replaced in one step, and whichever keyring is
there needs its head beside it.

Spec: docs/formats.md#head
"""

import hashlib
import struct
from dataclasses import dataclass
from typing import Final

from protocol.archive.keyring import Keyring
from protocol.archive.layout import manifest_path
from protocol.errors import KeyringReplaced, ManifestReplaced, UnsupportedVersion, WireError
from protocol.labels import Label
from protocol.signing import SIGNATURE_BYTES, SigningKey, sign, verify

HEAD_VERSION: Final = 1
NO_HASH: Final = bytes(32)

_MAGIC: Final = b"glphead\n"
_HASH_BYTES: Final = len(NO_HASH)
_BODY: Final = struct.Struct(">8sB7x16sQQ32s32sQII32s")
HEAD_BYTES: Final = _BODY.size + SIGNATURE_BYTES


@dataclass(frozen=True, slots=True)
class Head:
    """What a head says.

    Args:
        previous_hash: of the head before, with its signature; NO_HASH in the first.
        account_generation: of the account key that the backup carries; 0 for none.
    """

    archive_id: bytes
    epoch: int
    made_at_ms: int
    previous_hash: bytes
    manifest_hash: bytes
    manifest_bytes: int
    keyring_generation: int
    account_generation: int
    keyring_hash: bytes

    def encode(self) -> bytes:
        """Give the 160 bytes that are signed."""
        return _BODY.pack(
            _MAGIC,
            HEAD_VERSION,
            self.archive_id,
            self.epoch,
            self.made_at_ms,
            self.previous_hash,
            self.manifest_hash,
            self.manifest_bytes,
            self.keyring_generation,
            self.account_generation,
            self.keyring_hash,
        )

    @property
    def manifest_path(self) -> str:
        """Where the manifest lies."""
        return manifest_path(self.epoch, self.manifest_hash)

    def require_keyring(self, keyring: Keyring) -> None:
        """Check that the keyring which was opened is the one of this head.

        Raises:
            KeyringReplaced: it is an older or a newer one.
        """
        if hashlib.sha256(keyring.encode()).digest() != self.keyring_hash:
            raise KeyringReplaced(keyring.plan.generation, self.keyring_generation)

    def require_manifest(self, stored: bytes) -> None:
        """Check that ``stored`` is the manifest of this head.

        Raises:
            ManifestReplaced: it is not.
        """
        if hashlib.sha256(stored).digest() != self.manifest_hash:
            raise ManifestReplaced


def sign_head(head: Head, key: SigningKey) -> bytes:
    """Give the HEAD_BYTES that are stored."""
    body = head.encode()
    return body + sign(key, Label.ARCHIVE_HEAD, body)


def hash_of_head(stored: bytes) -> bytes:
    """Give what the next head names as its previous one."""
    return hashlib.sha256(stored).digest()


def head_beside(stored: bytes, keyring: bytes) -> bytes:
    """Give the head that goes with a storage's keyring, of the one or two in its file.

    Nothing is proven by it: the head is still to be opened, and compared with the keyring.

    Args:
        stored: the file ``head``.
        keyring: the file ``keyring``, read before it.
    """
    first, second = stored[:HEAD_BYTES], stored[HEAD_BYTES:]
    if len(second) != HEAD_BYTES:
        return stored
    named = second[_BODY.size - _HASH_BYTES : _BODY.size]
    return second if named == hashlib.sha256(keyring).digest() else first


def open_head_untrusted(stored: bytes, public_key: bytes) -> Head:
    """Check a head's signature and read it.

    Raises:
        UnsupportedVersion: a newer head.
        BadSignature: it was changed, or signed under another root.
        WireError: it is no head.
    """
    if len(stored) != HEAD_BYTES or stored[: len(_MAGIC)] != _MAGIC:
        raise WireError("not a head")
    if stored[8] > HEAD_VERSION:
        raise UnsupportedVersion("backup head", stored[8])
    body, signature = stored[: _BODY.size], stored[_BODY.size :]
    verify(public_key, signature, Label.ARCHIVE_HEAD, body)
    head = Head(*_BODY.unpack(body)[2:])
    if head.encode() != body:
        raise WireError("a malformed head")
    return head
