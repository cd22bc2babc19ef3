"""Hashes into the group and onto scalars, as RFC 9497 builds them for ristretto255-SHA512.

Spec: docs/recovery.md#oprf, RFC 9497, section 4.1, RFC 9380, section 5.3.1
"""

from enum import IntEnum
from hashlib import sha512
from typing import Final

from protocol.encoding import u16
from protocol.recovery.group import Element, from_uniform
from protocol.recovery.scalar import WIDE_BYTES, Scalar, reduce_wide

_BLOCK_BYTES: Final = 128
_SUITE: Final = b"-ristretto255-SHA512"


class Mode(IntEnum):
    """Which of RFC 9497's protocols: it enters every hash.

    Glasspost speaks VOPRF; OPRF differs by this byte and the missing proof.
    """

    OPRF = 0
    VOPRF = 1


def context(mode: Mode) -> bytes:
    """Give the context string, which keeps the modes apart."""
    return b"OPRFV1-" + bytes([mode]) + _SUITE


def prefixed(data: bytes) -> bytes:
    """Give ``data`` with its length in front: ``u16(len data) || data``."""
    return u16(len(data)) + data


def hash_to_group(data: bytes, mode: Mode) -> Element:
    """Give the element of ``data``; nobody knows its logarithm."""
    return from_uniform(_expand(data, b"HashToGroup-" + context(mode)))


def hash_to_scalar(data: bytes, mode: Mode) -> Scalar:
    """Give the scalar of ``data``."""
    return Scalar(reduce_wide(_expand(data, b"HashToScalar-" + context(mode))))


def _expand(data: bytes, tag: bytes) -> bytes:
    """Give 64 bytes of expand_message_xmd: with SHA-512 one block is all of them."""
    suffix = tag + bytes([len(tag)])
    first = sha512(bytes(_BLOCK_BYTES) + data + u16(WIDE_BYTES) + b"\0" + suffix).digest()
    return sha512(first + b"\x01" + suffix).digest()
