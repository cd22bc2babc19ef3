"""Changed bytes: what a line, a bug or an enemy may make of valid ones.

Flipped bits stop at the first length or type that no longer fits. So there are
mutations that know the format as well: they change one value and pack the rest
as it was, and what reads the values gets to see the change.
"""

import random
from collections.abc import Callable
from typing import Any

import msgpack

Mutate = Callable[[bytes, random.Random], bytes]
"""Makes other bytes out of valid ones; the same randomness makes the same bytes."""

LENGTH_BYTES = 4
"""The length in front of a frame."""

NUMBERS = (0, 1, 127, 128, 255, 256, 65_535, 65_536, (1 << 32) - 1, 1 << 32, (1 << 63) - 1)
EDGES = (*NUMBERS, 1 << 63, (1 << 64) - 1, -1)
TEXTS = ("", "\0", "\x1b[2J", "\u202e", "é" * 40, "a" * 33, "-", "bob", "\N{GRINNING FACE}")
_ARRAY_16, _UINT_8 = 0xDC, 0xCC
_HEAD_BYTES = 64

OTHER_TYPES: tuple[Any, ...] = (None, True, 1.5, [], {}, b"", "", [[[]]], msgpack.ExtType(1, b"x"))


def change_bytes(data: bytes, rng: random.Random) -> bytes:
    """Cut, grow, replace, overwrite or flip."""
    match rng.randrange(6):
        case 0:
            return data[: rng.randrange(len(data) + 1)]
        case 1:
            return data + rng.randbytes(rng.randrange(1, 40))
        case 2:
            return rng.randbytes(rng.randrange(1, 3_000))
        case 3:
            at, size = rng.randrange(len(data) + 1), rng.randrange(1, 40)
            return data[:at] + rng.randbytes(size) + data[at + size :]
    return _flip(data, rng)


def _flip(data: bytes, rng: random.Random) -> bytes:
    if not data:
        return b"\0"
    changed = bytearray(data)
    # Most of a message is ciphertext: look at its head as often as at the rest.
    reach = rng.choice((64, len(data)))
    changed[rng.randrange(min(reach, len(data)))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def change_msgpack(data: bytes, rng: random.Random) -> bytes:
    """Change one value in msgpack and pack it again; now and then, change how it is written."""
    match rng.randrange(10):
        case 0 | 1:
            return change_bytes(data, rng)
        case 2:
            return _over_long(data, rng)
    try:
        plain = msgpack.unpackb(data, raw=False, strict_map_key=False)
        packed: bytes = msgpack.packb(_changed(plain, rng), use_bin_type=True)
    except (ValueError, TypeError, OverflowError, msgpack.UnpackException):
        return change_bytes(data, rng)
    return packed


def _over_long(data: bytes, rng: random.Random) -> bytes:
    """Write a small number, or the outermost array, longer than it has to be."""
    if data and rng.random() < 0.5:
        return bytes((_ARRAY_16, 0, data[0] & 0x0F)) + data[1:]
    places = [at for at, byte in enumerate(data[:_HEAD_BYTES]) if byte < 0x80]
    if not places:
        return change_bytes(data, rng)
    at = rng.choice(places)
    return data[:at] + bytes((_UINT_8,)) + data[at:]


def change_frames(stream: bytes, rng: random.Random) -> bytes:
    """Change, drop, repeat or swap frames; now and then, change bytes."""
    frames = _frames(stream)
    if not frames or rng.random() < 0.1:
        return change_bytes(stream, rng)
    at, other = rng.randrange(len(frames)), rng.randrange(len(frames))
    match rng.randrange(8):
        case 0:
            del frames[at]
        case 1:
            frames.insert(at, frames[other])
        case 2:
            frames[at], frames[other] = frames[other], frames[at]
        case _:
            frames[at] = change_msgpack(frames[at], rng)
    return b"".join(len(each).to_bytes(LENGTH_BYTES) + each for each in frames)


def _frames(stream: bytes) -> list[bytes]:
    frames = []
    while len(stream) > LENGTH_BYTES:
        size = int.from_bytes(stream[:LENGTH_BYTES])
        frames.append(stream[LENGTH_BYTES:][:size])
        stream = stream[LENGTH_BYTES + size :]
    return frames


def _changed(plain: Any, rng: random.Random) -> Any:
    """Go down into lists, mostly, and put something else in one place."""
    if isinstance(plain, list) and plain and rng.random() < 0.85:
        at = rng.randrange(len(plain))
        return [*plain[:at], _changed(plain[at], rng), *plain[at + 1 :]]
    if rng.random() < 0.2:
        return rng.choice(OTHER_TYPES)
    return _other(plain, rng)


def _other(plain: Any, rng: random.Random) -> Any:
    """Give another value of the same type."""
    if isinstance(plain, bool) or plain is None:
        return rng.choice((True, False, None))
    if isinstance(plain, int):
        return rng.choice((*EDGES, plain + 1, rng.getrandbits(rng.randrange(1, 65))))
    if isinstance(plain, bytes):
        return change_bytes(plain, rng)
    if isinstance(plain, str):
        return rng.choice((*TEXTS, plain * 2, plain[1:]))
    if isinstance(plain, list) and plain:
        return rng.choice((plain[1:], plain[:-1], [*plain, plain[0]], plain * 2, [plain]))
    return rng.choice(OTHER_TYPES)
