"""Strict msgpack: one encoding for each value, and no odd corner of the format."""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Annotated, Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import OutOfRange, WireError
from protocol.ids import Name
from protocol.packing import (
    U8,
    U64,
    Binary,
    Bool,
    Choice,
    Key32,
    Many,
    NameText,
    Text,
    pack,
    record_of,
    require_canonical,
    require_plain,
    unpack_untrusted,
)


class Colour(IntEnum):
    RED = 1
    BLUE = 2


@dataclass(frozen=True, slots=True)
class Inner:
    number: U8


@dataclass(frozen=True, slots=True)
class Outer:
    number: U64
    flag: Bool
    key: Key32
    some: Annotated[bytes, Binary(1, 3)]
    text: Annotated[str, Text(4)]
    name: NameText
    maybe: U8 | None
    inner: Inner
    inners: Annotated[tuple[Inner, ...], Many(2, least=1)]
    colour: Annotated[Colour, Choice(Colour)]


GOOD = Outer(
    7, True, b"k" * 32, b"ab", "ét", Name("alice"), None, Inner(1), (Inner(2),), Colour.BLUE
)
PLAIN: list[Any] = [7, True, b"k" * 32, b"ab", "ét", "alice", None, [1], [[2]], 2]

PLACES = {field: place for place, (field, _) in enumerate(record_of(Outer).parts)}


def _changed(**fields: Any) -> bytes:
    plain = list(PLAIN)
    for field, value in fields.items():
        plain[PLACES[field]] = value
    packed: bytes = msgpack.packb(plain)
    return packed


def test_a_value_comes_back() -> None:
    data = pack(GOOD)
    assert data == msgpack.packb(PLAIN)
    assert unpack_untrusted(Outer, data, len(data)) == GOOD


@pytest.mark.parametrize("number", [-1, 1 << 64])
def test_a_number_that_would_not_read_back_is_not_packed(number: int) -> None:
    with pytest.raises(OutOfRange, match="u64"):
        pack(replace(GOOD, number=number))


def test_limits_themselves_are_allowed() -> None:
    for fields in (
        {"number": 0},
        {"number": 2**64 - 1},
        {"some": b"a"},
        {"some": b"abc"},
        {"text": ""},
        {"text": "éé"},
        {"maybe": 255},
        {"inners": [[0], [255]]},
    ):
        unpack_untrusted(Outer, _changed(**fields), 1_000)


@pytest.mark.parametrize(
    "fields",
    [
        {"number": 2**64 - 1.0},
        {"number": -1},
        {"number": True},
        {"number": "7"},
        {"number": None},
        {"flag": 1},
        {"flag": None},
        {"key": b"k" * 31},
        {"key": b"k" * 33},
        {"key": "k" * 32},
        {"some": b""},
        {"some": b"abcd"},
        {"text": "abcde"},
        {"text": "ééé"},
        {"text": b"ab"},
        {"name": "Alice"},
        {"name": b"alice"},
        {"name": ""},
        {"maybe": 256},
        {"maybe": []},
        {"inner": []},
        {"inner": [1, 2]},
        {"inner": 1},
        {"inner": {}},
        {"inner": None},
        {"inners": []},
        {"inners": [[1], [2], [3]]},
        {"inners": [1]},
        {"inners": None},
        {"colour": 0},
        {"colour": 3},
        {"colour": True},
        {"colour": 1.0},
        {"number": msgpack.ExtType(1, b"")},
        {"number": msgpack.Timestamp(1)},
        {"number": float("nan")},
    ],
    ids=str,
)
def test_wrong_values_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        unpack_untrusted(Outer, _changed(**fields), 1_000)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc0",
        b"\x80",
        b"\xc1",
        pack(GOOD)[:-1],
        pack(GOOD) + b"\xc0",
        b"\xdc\x00\x0a" + pack(GOOD)[1:],
        b"\x9a\xcc\x07" + pack(GOOD)[2:],
        b"\x9a\xd3" + (7).to_bytes(8) + pack(GOOD)[2:],
        pack(GOOD).replace(b"\xc4\x02ab", b"\xc5\x00\x02ab"),
        pack(GOOD).replace(b"\xa5alice", b"\xd9\x05alice"),
        pack(GOOD).replace("ét".encode(), b"\xff\xfft"),
        pack(GOOD).replace("ét".encode(), b"\xed\xa0\x80"),
    ],
    ids=["empty", "nil", "map", "unused byte", "cut", "more", "long array", "long integer",
         "signed integer", "long binary", "long string", "not utf-8", "surrogate"],
)  # fmt: skip
def test_other_encodings_are_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        unpack_untrusted(Outer, data, 1_000)


def test_p6_size_comes_first() -> None:
    data = pack(GOOD)
    with pytest.raises(WireError, match="at most"):
        unpack_untrusted(Outer, data, len(data) - 1)


def test_p6_nesting_is_bounded() -> None:
    for data in (b"\x91" * 100_000, b"\xdc\x10\x00" * 30_000, b"\xdd\xff\xff\xff\xff" * 100):
        with pytest.raises(WireError):
            unpack_untrusted(Outer, data, 1_000_000)


@given(st.binary(max_size=300))
def test_what_decodes_encodes_to_the_same_bytes(data: bytes) -> None:
    try:
        value = unpack_untrusted(Inner, data, 300)
    except WireError:
        return
    assert pack(value) == data


@pytest.mark.parametrize("plain", [None, True, 0, 2**64 - 1, "a", b"a", [], [[None], "a"]])
def test_plain_values(plain: Any) -> None:
    require_plain(plain)


@pytest.mark.parametrize("plain", [-1, 1.0, {}, (), [1.0], [[-1]], msgpack.Timestamp(1)])
def test_values_that_are_not_plain(plain: Any) -> None:
    with pytest.raises(WireError):
        require_plain(plain)


def test_plain_values_are_bounded_in_depth() -> None:
    require_plain([[1]], depth=2)
    with pytest.raises(WireError):
        require_plain([[[1]]], depth=2)


def test_the_one_encoding() -> None:
    require_canonical(b"a", b"a")
    with pytest.raises(WireError):
        require_canonical(b"a", b"b")


def test_shapes_name_themselves() -> None:
    assert [shape.describe() for _, shape in record_of(Outer).parts] == [
        "u64", "bool", "bytes[32]", "bytes[1..3]", "text[..4]", "name", "u8 or nil", "Inner",
        "list[1..2] of Inner", "one of 1, 2",
    ]  # fmt: skip


def test_a_class_without_shapes_is_our_mistake() -> None:
    @dataclass
    class Shapeless:
        number: int

    with pytest.raises(TypeError, match="no shape"):
        record_of(Shapeless)
