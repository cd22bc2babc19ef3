"""Hypothesis strategies for wire messages, read off the same shapes as the codec."""

from typing import Any

from hypothesis import strategies as st

from protocol.ids import parse_name
from protocol.limits import MAX_NAME_BYTES
from protocol.packing import Binary, Choice, Flag, NameShape, Record, Text, Unsigned, record_of
from protocol.wire.codec import MESSAGES
from protocol.wire.messages import Message

_EDGE = "abcdefghijklmnopqrstuvwxyz0123456789"

names = (
    st.from_regex(rf"[{_EDGE}]([{_EDGE}._-]{{0,{MAX_NAME_BYTES - 2}}}[{_EDGE}])?", fullmatch=True)
).map(parse_name)


def messages(*kinds: type[Any]) -> st.SearchStrategy[Message]:
    """Draw messages of ``kinds``, by default of every kind there is."""
    return st.sampled_from(kinds or tuple(MESSAGES.values())).flatmap(
        lambda cls: _values(record_of(cls))
    )


def _values(shape: Any) -> st.SearchStrategy[Any]:
    match shape:
        case Unsigned(bits):
            return st.integers(0, (1 << bits) - 1)
        case Choice(options):
            return st.sampled_from(options)
        case Flag():
            return st.booleans()
        case Binary(least, most):
            # Short ones find as much, and thousands of long ones take minutes.
            return st.binary(min_size=least, max_size=max(least, min(most, 64)))
        case Text(most):
            return st.text(max_size=min(most, 64) // 4)
        case NameShape():
            return names
        case Record(cls, parts):
            fields = {name: _values(inner) for name, inner in parts}
            return st.builds(cls, **fields)
    return _optional_or_list(shape)


def _optional_or_list(shape: Any) -> st.SearchStrategy[Any]:
    inner = _values(shape.inner)
    if hasattr(shape, "bounds"):
        most = min(shape.bounds.most, shape.bounds.least + 3)
        return st.lists(inner, min_size=shape.bounds.least, max_size=most).map(tuple)
    return st.none() | inner
