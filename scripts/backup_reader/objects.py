"""An encrypted file of a backup: where it lies, and what is in it. docs/formats.md, "Objects".

header: kind, salt, length, commitment ─▶ cipher key ─▶ chunk 0, chunk 1, ... last chunk
"""

import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from scripts.backup_reader.conventions import after_version, derive, encode, require, split

CHUNK_BYTES, FLOOR_BYTES = 65_536, 4_096
MANIFEST, SEGMENT, STATE, MEDIA, ACCOUNT = range(1, 6)
FOLDERS = {SEGMENT: "segment", STATE: "state", MEDIA: "media", ACCOUNT: "account"}
Opener = Callable[[str], IO[bytes]]


@contextmanager
def files_of(where: Path) -> Iterator[Opener]:
    """Give what opens a file of the backup by its path, in a folder or in a tar."""
    if where.is_dir():
        yield lambda path: (where / path).open("rb")
        return
    with tarfile.open(where, "r:") as tar:
        members = {member.name: member for member in tar}

        def from_tar(path: str) -> IO[bytes]:
            file = tar.extractfile(members[path]) if path in members else None
            if file is None:
                raise FileNotFoundError(2, "it is not in the tar")
            return file

        yield from_tar


def unseal(file: IO[bytes], kind: int, key: bytes) -> Iterator[bytes]:
    """Give the content of an object in pieces, each of them authentic."""
    header, left = file.read(96), 0
    found, salt, padded, commitment = split(">B6x32sQ32s8x", after_version(header, b"glparch\n"))
    keys = derive(key, encode("glasspost/1/archive-object", header[:56]), size=64, salt=salt)
    require(found == kind and keys[32:] == commitment, "it is not the object that was named")
    for number, at in enumerate(range(0, padded, CHUNK_BYTES)):
        nonce = number.to_bytes(11) + bytes([at + CHUNK_BYTES >= padded])
        sealed = file.read(min(CHUNK_BYTES, padded - at) + 16)
        try:
            piece = ChaCha20Poly1305(keys[:32]).decrypt(nonce, sealed, header)
        except InvalidTag:
            raise ValueError(f"chunk {number} was changed, moved or cut") from None
        if number == 0:
            left, piece = int.from_bytes(piece[:8]), piece[8:]
            require(padded == padme(max(FLOOR_BYTES, 8 + left)), "it is padded to another length")
        yield piece[:left]
        require(not piece[left:].strip(b"\0"), "its padding is not zeros")
        left -= min(left, len(piece))
    require(padded > 0 and not file.read(1), "bytes follow its end")


def padme(length: int) -> int:
    """Round a length up so that it says little about what is inside."""
    exponent = length.bit_length() - 1
    step = 1 << (exponent - exponent.bit_length())
    return -(-length // step) * step
