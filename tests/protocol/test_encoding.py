"""The injective encoding: no two lists of fields share their bytes."""

from hypothesis import given
from hypothesis import strategies as st

from protocol.encoding import encode_fields, u16, u32, u64
from protocol.labels import Label

fields = st.lists(st.binary(max_size=6), max_size=4).map(tuple)
labels = st.sampled_from(Label)


def test_integers_are_big_endian() -> None:
    assert u16(0x0102) == b"\x01\x02"
    assert u32(0x01020304) == b"\x01\x02\x03\x04"
    assert u64(0x0102030405060708) == b"\x01\x02\x03\x04\x05\x06\x07\x08"


def test_the_encoding_is_that_of_the_page() -> None:
    label = b"glasspost/1/login"
    encoded = encode_fields(Label.LOGIN, b"ab", b"", b"c")
    assert encoded == bytes([17]) + label + b"\0\0\0\x02ab" + b"\0\0\0\0" + b"\0\0\0\x01c"


@given(labels, fields, labels, fields)
def test_different_lists_have_different_encodings(
    label: Label, one: tuple[bytes, ...], other_label: Label, other: tuple[bytes, ...]
) -> None:
    same = (label, one) == (other_label, other)
    assert (encode_fields(label, *one) == encode_fields(other_label, *other)) is same


@given(fields)
def test_no_encoding_begins_another(one: tuple[bytes, ...]) -> None:
    shorter = encode_fields(Label.LOGIN, *one)
    longer = encode_fields(Label.LOGIN, *one, b"")
    assert longer != shorter
    assert encode_fields(Label.REGISTER, *one)[:18] != shorter[:18]


def test_labels_are_unique_and_end_nowhere_in_each_other() -> None:
    values = [label.value for label in Label]
    assert len(set(values)) == len(values)
    assert all(value.startswith(b"glasspost/1/") for value in values)
    assert all(len(value) < 256 for value in values)
