"""Conventions of all files of a backup (docs/protocol.md), and errors for what breaks them."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from tarfile import TarError
from typing import Any

import msgpack
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from zstandard import ZstdError

NOT_ALL_READ, TOO_FEW_VAULTS, WRONG_SECRET = 1, 2, 5
BAD_BYTES = (ValueError, TypeError, LookupError, struct.error, InvalidTag, InvalidSignature)
BAD_FILES = (ZstdError, TarError, EOFError, RecursionError)


class CannotRead(Exception):
    """What cannot be read, and why; ``exit_code`` is what the program ends with."""

    def __init__(self, message: str, exit_code: int = NOT_ALL_READ) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Name what is being read, whatever is wrong with its bytes."""
    try:
        yield
    except OSError as error:
        raise CannotRead(f"{what}: {error.strerror or error}") from None
    except (*BAD_BYTES, *BAD_FILES) as error:
        raise CannotRead(f"{what} is damaged: {str(error) or 'it was changed'}") from None


def require(true: bool, otherwise: str) -> None:
    """Refuse bytes that break a rule of the format."""
    if not true:
        raise ValueError(otherwise)


def encode(label: str, *fields: bytes) -> bytes:
    """Join a label and fields; no two lists of them give the same bytes."""
    sized = (struct.pack(">I", len(field)) + field for field in fields)
    return bytes([len(label)]) + label.encode() + b"".join(sized)


def derive(secret: bytes, info: bytes, size: int = 32, salt: bytes = bytes(32)) -> bytes:
    """Derive keys for the purpose that ``info`` names: HKDF with SHA-256."""
    return HKDF(hashes.SHA256(), size, salt, info).derive(secret)


def strict(data: bytes) -> Any:
    """Decode msgpack, in which each value may have one encoding only."""
    value = msgpack.unpackb(data)
    require(msgpack.packb(value) == data, "a value is not encoded as it should be")
    return value


def split(layout: str, data: bytes) -> tuple[Any, ...]:
    """Split fields of fixed sizes; an x in the layout is a byte that must be zero."""
    values = struct.unpack(layout, data)
    require(struct.pack(layout, *values) == data, "bytes that should be zeros are not")
    return values


def after_version(data: bytes, magic: bytes = b"") -> bytes:
    """Check magic and version, and give what follows them."""
    require(data.startswith(magic), "it does not begin as such a file does")
    version = data[len(magic)]
    require(version == 1, f"it has version {version}, this reader knows 1: take a newer one")
    return data[len(magic) + 1 :]
