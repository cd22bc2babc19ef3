"""Every message has one encoding; every other string of bytes is a WireError."""

import random
from contextlib import suppress
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import WireError
from protocol.ids import EnvelopeId, Name
from protocol.limits import MAX_ENVELOPE_BYTES, MAX_FRAME_BYTES
from protocol.wire.codec import MESSAGES, decode_untrusted, encode
from protocol.wire.messages import Message, Ping, Submit, Subscribed
from tests.support.wire_strategies import messages

SUBMIT = Submit(Name("bob"), 1, EnvelopeId(bytes(16)), None, b"sealed")


@given(messages(), st.integers(0, 0xFFFF_FFFF))
def test_every_message_comes_back(message: Message, request_id: int) -> None:
    assert decode_untrusted(encode(message, request_id)) == (request_id, message)


def test_golden_bytes() -> None:
    assert encode(SUBMIT, 7).hex() == "973007a3626f6201c410" + "00" * 16 + "c0c4067365616c6564"
    assert encode(Ping(), 1) == b"\x92\x04\x01"


def test_the_largest_envelope_fits_a_frame() -> None:
    largest = Submit(Name("b" * 32), 0xFFFF_FFFF, SUBMIT.envelope_id, bytes(16), bytes(262_144))
    assert len(largest.envelope) == MAX_ENVELOPE_BYTES
    assert len(encode(largest, 0xFFFF_FFFF)) <= MAX_FRAME_BYTES


@given(messages(), st.randoms(use_true_random=False))
def test_changed_bytes_are_refused_or_mean_themselves(message: Message, rng: random.Random) -> None:
    data = bytearray(encode(message, 1))
    for _ in range(rng.randint(1, 4)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    with suppress(WireError):
        request_id, changed = decode_untrusted(bytes(data))
        assert encode(changed, request_id) == data


@given(messages(), st.data())
def test_cut_bytes_are_refused(message: Message, data: st.DataObject) -> None:
    whole = encode(message, 1)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(WireError):
        decode_untrusted(whole[:cut])


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    with suppress(WireError):
        request_id, message = decode_untrusted(noise)
        assert encode(message, request_id) == noise


def plain(*fields: Any) -> bytes:
    packed: bytes = msgpack.packb(list(fields))
    return packed


GOOD_FIELDS = ["bob", 1, bytes(16), None, b"sealed"]


@pytest.mark.parametrize(
    ("position", "wrong"),
    [
        (0, b"bob"),
        (0, "Bob"),
        (0, ""),
        (0, "b" * 33),
        (0, "-bob"),
        (0, {}),
        (1, -1),
        (1, 1 << 32),
        (1, True),
        (1, 1.0),
        (1, None),
        (2, bytes(15)),
        (2, bytes(17)),
        (2, "0" * 16),
        (3, bytes(15)),
        (3, msgpack.ExtType(1, bytes(16))),
        (3, msgpack.Timestamp(1)),
        (3, {}),
        (4, b""),
        (4, bytes(MAX_ENVELOPE_BYTES + 1)),
        (4, [b"sealed"]),
    ],
)
def test_a_field_of_another_shape_is_refused(position: int, wrong: object) -> None:
    assert decode_untrusted(plain(48, 7, *GOOD_FIELDS)) == (7, SUBMIT)
    fields = list(GOOD_FIELDS)
    fields[position] = wrong
    with pytest.raises(WireError):
        decode_untrusted(plain(48, 7, *fields))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc0",
        b"\x90",
        b"\x91\x04",
        plain(4, 1, None),  # a field too many
        plain(48, 7, *GOOD_FIELDS[:-1]),  # a field too few
        plain(0, 1),
        plain(255, 1),
        plain(True, 1),
        plain("Ping", 1),
        plain(4, -1),
        plain(4, 1 << 32),
        plain(4, True),
        plain(4, 1.0),
        b"\x92\x04\x01\x00",  # something behind
        b"\x82\x04\x01\x05\x02",  # a map
        b"\x81\x04\x01",
        b"\x92\xcc\x04\x01",  # an over-long tag
        b"\x92\x04\xcd\x00\x01",  # an over-long request id
        b"\xdc\x00\x02\x04\x01",  # an over-long array
        b"\x91" * 10_000,  # deep
        b"\xdd\xff\xff\xff\xff",  # claims four billion items
        b"\xc6\xff\xff\xff\xff",  # claims four billion bytes
        bytes(MAX_FRAME_BYTES + 1),
    ],
)
def test_other_msgpack_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        decode_untrusted(data)


@pytest.mark.parametrize(
    "over_long",
    [
        b"\xcc\x01",
        b"\xcd\x00\x01",
        b"\xce\x00\x00\x00\x01",
        b"\xcf" + bytes(7) + b"\x01",
        b"\xd0\x01",
    ],
)
def test_an_integer_has_one_encoding(over_long: bytes) -> None:
    head = bytes([0x93, Subscribed.TAG, 1])
    assert decode_untrusted(head + b"\x01") == (1, Subscribed(1))
    with pytest.raises(WireError):
        decode_untrusted(head + over_long)


def test_tags_are_all_different() -> None:
    assert len(MESSAGES) == 65
