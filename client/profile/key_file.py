"""profile.key: the 32-byte key of the database, wrapped under a passphrase or bare.

    offset  size
         0    22   "glasspost profile key" and a line feed
        22     1   version = 1
        23     .   strict msgpack [stretching or nil, key]
       -32    32   SHA-256 of everything before

``stretching`` is ``[salt, memory bytes, passes]`` of Argon2id and ``key`` a nonce
and the ChaCha20-Poly1305 of the database key; or nil and the bare key.

Which bytes prove what: the hash proves that the file is as it was written (it
is no secret and stops no attacker, who gains nothing by a file that opens under
no passphrase). In an undamaged file only the passphrase can be wrong when the
tag is. Once the tag has proven the passphrase, a database that does not open is
damaged or another profile's, whatever the passphrase.

Spec: docs/formats.md#profilekey
"""

import hashlib
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from client.errors import LocalError, UserError, WrongSecret
from client.profile.files import write_atomically
from client.profile.passphrase import SALT_BYTES, Passphrase, Stretching, stretch
from client.store.connection import DatabaseKey
from protocol.encoding import encode_fields
from protocol.errors import WireError
from protocol.labels import Label
from protocol.packing import Binary, pack, unpack_untrusted

MAGIC: Final = b"glasspost profile key\n"
VERSION: Final = 1

_HASH_BYTES: Final = 32
_HEAD_BYTES: Final = len(MAGIC) + 1
_BARE_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_WRAPPED_BYTES: Final = _NONCE_BYTES + _BARE_BYTES + 16
_MAX_FILE_BYTES: Final = 256
_BEYOND_OWNER: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class _Body:
    stretching: Stretching | None
    key: Annotated[bytes, Binary(_BARE_BYTES, _WRAPPED_BYTES)]

    def is_whole(self) -> bool:
        """Tell whether the parts fit each other and the costs may be paid."""
        if self.stretching is None:
            return len(self.key) == _BARE_BYTES
        return len(self.key) == _WRAPPED_BYTES and self.stretching.in_range()


def write_key_file(
    path: Path,
    key: DatabaseKey,
    passphrase: Passphrase | None,
    random_bytes: Callable[[int], bytes],
) -> None:
    """Write ``path`` anew, in one step: this is also how a passphrase is changed.

    Args:
        passphrase: None stores the key bare, which protects nothing against a
            thief of the folder.
        random_bytes: gives the salt and the nonce.

    Raises:
        OSError: the file cannot be written; an old one is as before.
        LocalError: not enough memory for the passphrase.
    """
    if passphrase is None:
        body = _Body(None, key.expose())
    else:
        body = _wrap(key, passphrase, Stretching(random_bytes(SALT_BYTES)), random_bytes)
    content = MAGIC + bytes([VERSION]) + pack(body)
    write_atomically(path, content + hashlib.sha256(content).digest())


def read_key_file(path: Path, passphrase: Passphrase | None) -> DatabaseKey:
    """Read the database key.

    Args:
        passphrase: None if the user gave none.

    Raises:
        WrongSecret: the file is whole and the passphrase wrong, or missing.
        LocalError: the file is damaged, foreign, of a newer version, or its
            bare key is readable by others.
        OSError: it cannot be read.
    Cost: at most 1 GiB and 16 passes of Argon2id, whatever the file says.
    """
    body = _read_body(path)
    if body.stretching is None:
        _require_private(path)
        return DatabaseKey(body.key)
    if passphrase is None:
        raise WrongSecret(
            "This profile is protected by a passphrase.",
            hint="Type it when asked, or name a file with --passphrase-file.",
        )
    return _unwrap(body.key, body.stretching, passphrase)


def needs_passphrase(path: Path) -> bool:
    """Tell whether the key in ``path`` is wrapped, to know whether to ask.

    Raises:
        LocalError, OSError: as for :func:`read_key_file`.
    """
    return _read_body(path).stretching is not None


def _wrap(
    key: DatabaseKey,
    passphrase: Passphrase,
    stretching: Stretching,
    random_bytes: Callable[[int], bytes],
) -> _Body:
    cipher = ChaCha20Poly1305(stretch(passphrase, stretching).expose())
    nonce = random_bytes(_NONCE_BYTES)
    wrapped = cipher.encrypt(nonce, key.expose(), _associated_data(stretching))
    return _Body(stretching, nonce + wrapped)


def _unwrap(wrapped: bytes, stretching: Stretching, passphrase: Passphrase) -> DatabaseKey:
    cipher = ChaCha20Poly1305(stretch(passphrase, stretching).expose())
    nonce, ciphertext = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
    try:
        return DatabaseKey(cipher.decrypt(nonce, ciphertext, _associated_data(stretching)))
    except InvalidTag as error:
        raise WrongSecret("The passphrase is wrong.", hint="Try again.") from error


def _associated_data(stretching: Stretching) -> bytes:
    return encode_fields(Label.KEY_FILE, bytes([VERSION]), pack(stretching))


def _read_body(path: Path) -> _Body:
    with path.open("rb") as file:
        content = file.read(_MAX_FILE_BYTES + 1)
    if not content.startswith(MAGIC):
        raise _damaged(path, "It does not begin like a Glasspost profile key.")
    kept, digest = content[:-_HASH_BYTES], content[-_HASH_BYTES:]
    if hashlib.sha256(kept).digest() != digest:
        raise _damaged(path, "Its checksum does not fit its content.")
    if kept[len(MAGIC) : _HEAD_BYTES] != bytes([VERSION]):
        raise LocalError(
            f"{path} was written by a newer version of Glasspost.", hint="Update this program."
        )
    try:
        body = unpack_untrusted(_Body, kept[_HEAD_BYTES:], _MAX_FILE_BYTES)
    except WireError as error:
        raise _damaged(path, "Its content does not parse.") from error
    if not body.is_whole():
        raise _damaged(path, "Its costs or sizes are out of range.")
    return body


def _require_private(path: Path) -> None:
    if path.stat().st_mode & _BEYOND_OWNER:
        raise LocalError(
            f"Other users of this machine can read {path}, and it holds a bare key.",
            hint=f"Run: chmod 600 '{path}'",
        )


def _damaged(path: Path, why: str) -> UserError:
    return LocalError(
        f"{path} is damaged, or not a key file.",
        why=why,
        hint="Put back a copy of this file; without it the history cannot be opened.",
    )
