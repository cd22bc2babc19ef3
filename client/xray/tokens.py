"""Where each msgpack value begins and ends, without decoding the whole.

Only the types that docs/protocol.md#conventions allows.
"""

from collections.abc import Iterator
from typing import Final

# First byte to the size of a number, or of a length field, that follows it.
_FIXED: Final = {0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xDC: 2, 0xDD: 4}
_LENGTH: Final = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}


def tokens(data: bytes) -> Iterator[bytes]:
    """Give the values one after the other; an array's head counts as one, its items follow.

    Ends at the first byte that is of no known type; a value cut short is given short.
    """
    offset = 0
    while offset < len(data):
        size = _size_at(data, offset)
        if size is None:
            return
        yield data[offset : offset + size]
        offset += size


def _size_at(data: bytes, offset: int) -> int | None:
    first = data[offset]
    if first < 0x80 or 0x90 <= first <= 0x9F:
        return 1
    if 0xA0 <= first <= 0xBF:
        return 1 + (first & 0x1F)
    if first in _FIXED:
        return 1 + _FIXED[first]
    if first in _LENGTH:
        width = _LENGTH[first]
        return 1 + width + int.from_bytes(data[offset + 1 : offset + 1 + width], "big")
    return None


def is_array(token: bytes) -> bool:
    """Tell whether a token is the head of an array."""
    return 0x90 <= token[0] <= 0x9F or token[0] in (0xDC, 0xDD)
