"""Frozen dataclasses to strict msgpack arrays and back.

A class is its own schema: each field is annotated with a shape (``Key32``,
``U64``, ``NameText``, another packed class, ``... | None``, ``Many``). Decoding
checks size, shape, exact types and ranges, and that the value encodes to the
same bytes again; so there is one encoding for each value, and none of the odd
corners of msgpack (maps, floats, extension types, over-long integers).

Spec: docs/protocol.md#conventions
"""

from dataclasses import dataclass, fields, is_dataclass
from enum import IntEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Protocol, TypeVar, Union, get_args, get_origin, get_type_hints

import msgpack

from protocol.errors import InvalidName, OutOfRange, WireError
from protocol.ids import IDENTIFIER_BYTES, EnvelopeId, FetchId, MessageId, Name, parse_name

T = TypeVar("T")

MAX_ITEMS = 4_096
"""Elements of an array in anything that is sent; what is only stored may have more."""

MAX_DEPTH = 16
"""Levels of nesting in a value kept without a shape; ours have three."""


class Shape(Protocol):
    """What one field may be."""

    def pack(self, value: Any) -> Any:
        """Turn a field's value into a plain msgpack value."""

    def unpack(self, plain: Any) -> Any:
        """Turn a plain msgpack value into the field's, or raise WireError."""

    def describe(self) -> str:
        """Name the shape for the golden schema and the tables."""


@dataclass(frozen=True, slots=True)
class Unsigned:
    """An unsigned integer of so many bits."""

    bits: int

    def pack(self, value: int) -> int:
        # What is packed is stored or sent: found out only by its reader, it would be lost.
        if not 0 <= value < 1 << self.bits:
            raise OutOfRange(self.describe())
        return value

    def unpack(self, plain: Any) -> int:
        # bool is an int in Python, and not one on the wire.
        if type(plain) is not int or not 0 <= plain < 1 << self.bits:
            raise WireError(f"expected {self.describe()}")
        return plain

    def describe(self) -> str:
        return f"u{self.bits}"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the numbers of an enumeration."""

    options: type[IntEnum]

    def pack(self, value: IntEnum) -> int:
        return value.value

    def unpack(self, plain: Any) -> IntEnum:
        if type(plain) is not int or plain not in tuple(self.options):
            raise WireError(f"expected {self.describe()}")
        return self.options(plain)

    def describe(self) -> str:
        return f"one of {', '.join(str(option.value) for option in self.options)}"


@dataclass(frozen=True, slots=True)
class Flag:
    """A boolean."""

    def pack(self, value: bool) -> bool:
        return value

    def unpack(self, plain: Any) -> bool:
        if type(plain) is not bool:
            raise WireError("expected a boolean")
        return plain

    def describe(self) -> str:
        return "bool"


@dataclass(frozen=True, slots=True)
class Binary:
    """Bytes of a length from ``least`` to ``most``."""

    least: int
    most: int

    def pack(self, value: bytes) -> bytes:
        return value

    def unpack(self, plain: Any) -> bytes:
        if type(plain) is not bytes or not self.least <= len(plain) <= self.most:
            raise WireError(f"expected {self.describe()}")
        return plain

    def describe(self) -> str:
        span = str(self.most) if self.least == self.most else f"{self.least}..{self.most}"
        return f"bytes[{span}]"


@dataclass(frozen=True, slots=True)
class Text:
    """A string of at most so many UTF-8 bytes."""

    most: int

    def pack(self, value: str) -> str:
        return value

    def unpack(self, plain: Any) -> str:
        if type(plain) is not str or len(plain.encode()) > self.most:
            raise WireError(f"expected {self.describe()}")
        return plain

    def describe(self) -> str:
        return f"text[..{self.most}]"


@dataclass(frozen=True, slots=True)
class NameShape:
    """An account name."""

    def pack(self, value: Name) -> str:
        return value

    def unpack(self, plain: Any) -> Name:
        if type(plain) is not str:
            raise WireError("expected a name")
        try:
            return parse_name(plain)
        except InvalidName as error:
            raise WireError("expected a name") from error

    def describe(self) -> str:
        return "name"


@dataclass(frozen=True, slots=True)
class Many:
    """A list of ``least`` to ``most`` items; annotate a tuple with it."""

    most: int
    least: int = 0


U8 = Annotated[int, Unsigned(8)]
U16 = Annotated[int, Unsigned(16)]
U32 = Annotated[int, Unsigned(32)]
U64 = Annotated[int, Unsigned(64)]
Bool = Annotated[bool, Flag()]
Key32 = Annotated[bytes, Binary(32, 32)]
Signature64 = Annotated[bytes, Binary(64, 64)]
NameText = Annotated[Name, NameShape()]
EnvelopeIdBytes = Annotated[EnvelopeId, Binary(IDENTIFIER_BYTES, IDENTIFIER_BYTES)]
MessageIdBytes = Annotated[MessageId, Binary(IDENTIFIER_BYTES, IDENTIFIER_BYTES)]
FetchIdBytes = Annotated[FetchId, Binary(IDENTIFIER_BYTES, IDENTIFIER_BYTES)]


@dataclass(frozen=True, slots=True)
class _Optional:
    inner: Shape

    def pack(self, value: Any) -> Any:
        return None if value is None else self.inner.pack(value)

    def unpack(self, plain: Any) -> Any:
        return None if plain is None else self.inner.unpack(plain)

    def describe(self) -> str:
        return f"{self.inner.describe()} or nil"


@dataclass(frozen=True, slots=True)
class _List:
    inner: Shape
    bounds: Many

    def pack(self, value: tuple[Any, ...]) -> list[Any]:
        return [self.inner.pack(item) for item in value]

    def unpack(self, plain: Any) -> tuple[Any, ...]:
        if type(plain) is not list or not self.bounds.least <= len(plain) <= self.bounds.most:
            raise WireError(f"expected {self.describe()}")
        return tuple(self.inner.unpack(item) for item in plain)

    def describe(self) -> str:
        return f"list[{self.bounds.least}..{self.bounds.most}] of {self.inner.describe()}"


@dataclass(frozen=True, slots=True)
class Record:
    """A packed class as an array of its fields."""

    cls: type[Any]
    parts: tuple[tuple[str, Shape], ...]

    def pack(self, value: Any) -> list[Any]:
        return [shape.pack(getattr(value, name)) for name, shape in self.parts]

    def unpack(self, plain: Any) -> Any:
        if type(plain) is not list or len(plain) != len(self.parts):
            raise WireError(f"expected {self.cls.__name__}: an array of {len(self.parts)}")
        values = (shape.unpack(item) for (_, shape), item in zip(self.parts, plain, strict=True))
        return self.cls(*values)

    def describe(self) -> str:
        return self.cls.__name__


_records: dict[type[Any], Record] = {}


def record_of(cls: type[Any]) -> Record:
    """Give the schema of a packed dataclass, read off its annotations once."""
    if cls not in _records:
        hints = get_type_hints(cls, include_extras=True)
        parts = tuple((field.name, _shape_of(hints[field.name])) for field in fields(cls))
        _records[cls] = Record(cls, parts)
    return _records[cls]


def _shape_of(hint: Any) -> Shape:
    if get_origin(hint) in (Union, UnionType):
        (inner,) = (arm for arm in get_args(hint) if arm is not NoneType)
        return _Optional(_shape_of(inner))
    if get_origin(hint) is Annotated:
        base, mark = get_args(hint)
        return _List(_shape_of(get_args(base)[0]), mark) if isinstance(mark, Many) else mark
    if isinstance(hint, type) and is_dataclass(hint):
        return record_of(hint)
    raise TypeError(f"no shape for {hint!r}")


def pack_value(plain: Any) -> bytes:
    """Encode plain nils, booleans, integers, strings, bytes and lists."""
    packed: bytes = msgpack.packb(plain, use_bin_type=True)
    return packed


def unpack_value_untrusted(data: bytes, most: int, most_items: int = MAX_ITEMS) -> Any:
    """Decode one msgpack value of at most ``most`` bytes, its arrays of ``most_items``.

    The caller goes on to check its shape and that it encodes to ``data`` again.

    Raises:
        WireError: too long, not msgpack, or with a map that is not empty.
    Cost: linear in the size of ``data``.
    """
    if len(data) > most:
        raise WireError(f"{len(data)} bytes, at most {most} are allowed")
    try:
        plain = msgpack.unpackb(
            data,
            raw=False,
            strict_map_key=True,
            max_map_len=0,
            max_ext_len=0,
            max_array_len=most_items,
            use_list=True,
        )
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException) as error:
        raise WireError("not the msgpack that is allowed here") from error
    return plain


def require_plain(plain: Any, depth: int = MAX_DEPTH) -> None:
    """Refuse what a record's shapes would refuse: for values kept without a shape.

    Raises:
        WireError: not of the types allowed here (a float, say, or a negative
            number), or nested over ``depth`` levels.
    """
    if plain is None or type(plain) in (bool, str, bytes):
        return
    if type(plain) is int and plain >= 0:
        return
    if type(plain) is not list or depth == 0:
        raise WireError("a type that is not allowed here, or nested too deep")
    for item in plain:
        require_plain(item, depth - 1)


def pack(value: Any) -> bytes:
    """Encode a packed dataclass as a msgpack array of its fields.

    Raises:
        OutOfRange: a number does not fit its field.
    """
    return pack_value(record_of(type(value)).pack(value))


def unpack_untrusted(cls: type[T], data: bytes, most: int, most_items: int = MAX_ITEMS) -> T:
    """Decode ``data`` as a ``cls``.

    Raises:
        WireError: size, shape, a type, a range or the encoding is wrong.
    Cost: linear in the size of ``data``, which is at most ``most``.
    """
    value: T = record_of(cls).unpack(unpack_value_untrusted(data, most, most_items))
    require_canonical(data, pack(value))
    return value


def repacked(cls: type[T], value: Any) -> T:
    """Give ``value`` as a ``cls``, another packed class of the same fields in the same order.

    So a message that names its fields for the wire becomes the value that is
    computed with, and back, and neither side has to know the other.

    Raises:
        WireError: a field is out of the narrower shape it has in ``cls``.
    """
    other: T = record_of(cls).unpack(record_of(type(value)).pack(value))
    return other


def require_canonical(data: bytes, encoded_again: bytes) -> None:
    """Refuse bytes that are not the one encoding of their value.

    Raises:
        WireError: they differ.
    """
    if data != encoded_again:
        raise WireError("not in its one encoding")
