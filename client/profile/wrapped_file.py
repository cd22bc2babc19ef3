"""A small file of secrets, wrapped under a passphrase or bare.

    offset  size
         0     .   magic of its kind, ending in a line feed
         .     1   version of its kind
         .     .   strict msgpack [stretching or nil, content]
       -32    32   SHA-256 of everything before

``stretching`` is ``[salt, memory bytes, passes]`` of Argon2id and ``content`` a nonce and the
ChaCha20-Poly1305 of the secret bytes; or nil and the bare bytes.

Which bytes prove what: the hash proves that the file is as it was written (it is no secret and
stops no attacker, who gains nothing by a file that opens under no passphrase). In an undamaged file
only the passphrase can be wrong when the tag is.

Spec: docs/formats.md#profilekey, docs/formats.md#the-account-file
"""

import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from client.errors import LocalError, WrongSecret
from client.profile.files import write_atomically
from client.profile.passphrase import SALT_BYTES, Passphrase, Stretching, stretch
from protocol.encoding import encode_fields
from protocol.errors import WireError
from protocol.labels import Label
from protocol.packing import Binary, pack, unpack_untrusted
from protocol.randomness import RandomBytes
from protocol.secret import Secret

_HASH_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_OVERHEAD_BYTES: Final = _NONCE_BYTES + _TAG_BYTES
_MAX_FILE_BYTES: Final = 1_024
_BEYOND_OWNER: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class FileKind:
    """What tells one kind of wrapped file from another, and how it is spoken of.

    Args:
        magic: its first bytes.
        version: the only one that this program reads and writes.
        label: of the associated data.
        least_bytes, most_bytes: how long the secret bytes are.
        noun: what it is, behind an article.
        locked: said where a passphrase is missing.
        how_to_unlock: what to do then.
        without_it: what to do about damage.
    """

    magic: bytes
    version: int
    label: Label
    least_bytes: int
    most_bytes: int
    noun: str
    locked: str
    how_to_unlock: str
    without_it: str

    @property
    def head(self) -> bytes:
        """The bytes in front of the packed part."""
        return self.magic + bytes([self.version])


class FileContent(Secret):
    """The secret bytes of a file, as they were read from it."""

    __slots__ = ()
    SIZE: ClassVar[int | None] = None


@dataclass(frozen=True, slots=True)
class _Body:
    stretching: Stretching | None
    content: Annotated[bytes, Binary(0, _MAX_FILE_BYTES)]

    def is_whole(self, kind: FileKind) -> bool:
        """Tell whether the parts fit each other and the costs may be paid."""
        extra = 0 if self.stretching is None else _OVERHEAD_BYTES
        fits = kind.least_bytes + extra <= len(self.content) <= kind.most_bytes + extra
        return fits and (self.stretching is None or self.stretching.in_range())


def write_wrapped(
    path: Path,
    kind: FileKind,
    secret: Secret,
    passphrase: Passphrase | None,
    random_bytes: RandomBytes,
) -> None:
    """Write ``path`` anew, in one step, mode 0600.

    Args:
        passphrase: None stores the secret bare, which protects nothing against a thief of the file.
        random_bytes: gives the salt and the nonce.

    Raises:
        OSError: the file cannot be written; an old one is as before.
        LocalError: not enough memory for the passphrase.
    """
    if passphrase is None:
        body = _Body(None, secret.expose())
    else:
        body = _wrap(kind, secret, passphrase, random_bytes)
    content = kind.head + pack(body)
    write_atomically(path, content + hashlib.sha256(content).digest())


def read_wrapped(path: Path, kind: FileKind, passphrase: Passphrase | None) -> FileContent:
    """Read the secret bytes.

    Args:
        passphrase: None if the user gave none.

    Raises:
        WrongSecret: the file is whole and the passphrase wrong, or missing.
        LocalError: the file is damaged, foreign, of a newer version, or bare and readable by
            others.
        OSError: it cannot be read.
    Cost: at most 1 GiB and 16 passes of Argon2id, whatever the file says.
    """
    body = _read_body(path, kind)
    if body.stretching is None:
        _require_private(path)
        return FileContent(body.content)
    if passphrase is None:
        raise WrongSecret(kind.locked, hint=kind.how_to_unlock)
    return _unwrap(kind, body.content, body.stretching, passphrase)


def is_wrapped(path: Path, kind: FileKind) -> bool:
    """Tell whether ``path`` wants a passphrase.

    Raises:
        LocalError, OSError: as for :func:`read_wrapped`.
    """
    return _read_body(path, kind).stretching is not None


def damaged(path: Path, kind: FileKind, why: str) -> LocalError:
    """Give the error that says that ``path`` is not as it was written."""
    return LocalError(f"{path} is damaged, or not {kind.noun}.", why=why, hint=kind.without_it)


def _wrap(
    kind: FileKind, secret: Secret, passphrase: Passphrase, random_bytes: RandomBytes
) -> _Body:
    stretching = Stretching(random_bytes(SALT_BYTES))
    cipher = ChaCha20Poly1305(stretch(passphrase, stretching).expose())
    nonce = random_bytes(_NONCE_BYTES)
    wrapped = cipher.encrypt(nonce, secret.expose(), _bound_to(kind, stretching))
    return _Body(stretching, nonce + wrapped)


def _unwrap(
    kind: FileKind, wrapped: bytes, stretching: Stretching, passphrase: Passphrase
) -> FileContent:
    cipher = ChaCha20Poly1305(stretch(passphrase, stretching).expose())
    nonce, ciphertext = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
    try:
        return FileContent(cipher.decrypt(nonce, ciphertext, _bound_to(kind, stretching)))
    except InvalidTag as error:
        raise WrongSecret("The passphrase is wrong.", hint="Try again.") from error


def _bound_to(kind: FileKind, stretching: Stretching) -> bytes:
    return encode_fields(kind.label, bytes([kind.version]), pack(stretching))


def _read_body(path: Path, kind: FileKind) -> _Body:
    with path.open("rb") as file:
        content = file.read(_MAX_FILE_BYTES + 1)
    if not content.startswith(kind.magic):
        raise damaged(path, kind, f"It does not begin with “{kind.magic.decode().strip()}”.")
    kept, digest = content[:-_HASH_BYTES], content[-_HASH_BYTES:]
    if hashlib.sha256(kept).digest() != digest:
        raise damaged(path, kind, "Its checksum does not fit its content.")
    if not kept.startswith(kind.head):
        raise LocalError(
            f"{path} was written by a newer version of Glasspost.", hint="Update this program."
        )
    try:
        body = unpack_untrusted(_Body, kept[len(kind.head) :], _MAX_FILE_BYTES)
    except WireError as error:
        raise damaged(path, kind, "Its content does not parse.") from error
    if not body.is_whole(kind):
        raise damaged(path, kind, "Its costs or sizes are out of range.")
    return body


def _require_private(path: Path) -> None:
    if path.stat().st_mode & _BEYOND_OWNER:
        raise LocalError(
            f"Other users of this machine can read {path}, and it holds a bare key.",
            hint=f"Run: chmod 600 '{path}'",
        )
