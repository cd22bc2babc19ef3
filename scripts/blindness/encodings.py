"""The forms in which bytes turn up in files, logs and memory.

A form may have several *patterns*: base64 takes 3 bytes to 4 characters, so what
it looks like depends on where in the stream the bytes begin::

    bytes before (mod 3)    0          1           2
    stream                  AAABBB     xAAABBB     xxAAABBB
    characters that depend  all        all but     all but
    on our bytes alone                 first 2     first 3

The characters at both ends that mix in unknown neighbours are left out.
"""

import base64
import contextlib
from collections.abc import Callable, Iterator
from typing import Final

_ALIGNMENTS: Final = (0, 1, 2)


def patterns_of(value: bytes) -> Iterator[tuple[str, bytes]]:
    """Give every pattern by which ``value`` may be recognised, and the name of its form."""
    yield "raw", value
    yield "hex", value.hex().encode()
    yield "HEX", value.hex().upper().encode()
    for alignment in _ALIGNMENTS:
        yield f"base64+{alignment}", _base64_core(value, alignment, base64.b64encode)
        yield f"base64url+{alignment}", _base64_core(value, alignment, base64.urlsafe_b64encode)
    with contextlib.suppress(UnicodeDecodeError):
        # Python keeps a text with a typographic character or an emoji in 2 or 4 bytes a letter.
        yield "utf-16", value.decode().encode("utf-16-le")
        yield "utf-32", value.decode().encode("utf-32-le")


def _base64_core(value: bytes, alignment: int, encode: Callable[[bytes], bytes]) -> bytes:
    """Give the characters that stand for ``value`` behind ``alignment`` unknown bytes."""
    first = -(-alignment * 8 // 6)
    last = (alignment + len(value)) * 8 // 6
    return encode(bytes(alignment) + value)[first:last]
