"""Padding: what an envelope's size tells the relay.

    u32(length) || payload || zeros

Padmé rounds a size L up so that only its highest bits count: at most 12% grow,
and log log L bits of the size leak instead of log L.

Spec: docs/protocol.md#padding
"""

import struct
from enum import StrEnum

from protocol.encoding import u32
from protocol.errors import WireError
from protocol.limits import PADDING_FLOOR_BYTES

_LENGTH = struct.Struct(">I")
_BLOCK_BYTES = 4_096


class Padding(StrEnum):
    """How sizes are hidden; a setting of the sender, receivers take all."""

    PADME = "padme"
    BLOCK = "block"
    NONE = "none"


def padme(size: int) -> int:
    """Round ``size`` (at least 2) up as PADMÉ of Nikitin et al. does."""
    exponent = size.bit_length() - 1
    kept_bits = exponent.bit_length()
    unit = 1 << (exponent - kept_bits)
    return _round_up(size, unit)


def pad(payload: bytes, padding: Padding) -> bytes:
    """Put the length in front of ``payload``, and zeros behind it."""
    bare = _LENGTH.size + len(payload)
    return (u32(len(payload)) + payload).ljust(_padded_size(bare, padding), b"\0")


def unpad_untrusted(padded: bytes) -> bytes:
    """Give back the payload.

    Raises:
        WireError: the length is too large, or something but zeros follows.
    Cost: linear in the size.
    """
    if len(padded) < _LENGTH.size:
        raise WireError("padding without a length")
    (size,) = _LENGTH.unpack_from(padded)
    payload, zeros = padded[_LENGTH.size :][:size], padded[_LENGTH.size + size :]
    if len(payload) != size:
        raise WireError("padding that claims more than there is")
    if zeros.count(0) != len(zeros):
        raise WireError("padding that is not zeros")
    return payload


def _padded_size(bare: int, padding: Padding) -> int:
    if padding is Padding.PADME:
        return padme(max(PADDING_FLOOR_BYTES, bare))
    if padding is Padding.BLOCK:
        return _round_up(bare, _BLOCK_BYTES)
    return bare


def _round_up(size: int, unit: int) -> int:
    return -(-size // unit) * unit
