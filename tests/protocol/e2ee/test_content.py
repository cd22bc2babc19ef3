"""Content: known kinds come back, unknown ones are kept whole, malformed ones are refused."""

from typing import Any

import msgpack
import pytest

from protocol.e2ee.content import (
    Body,
    Content,
    ProfileKeyTold,
    Receipt,
    ReceiptStatus,
    Text,
    Unknown,
    decode_content_untrusted,
    encode_content,
)
from protocol.e2ee.profile_key import ProfileKey
from protocol.e2ee.retry import RetryRequest
from protocol.errors import CallerError, InvalidContent, NotUnicode, TooLong, WireError
from protocol.ids import MessageId, SessionId

ID = MessageId(b"i" * 16)


def _raw(*fields: Any) -> bytes:
    packed: bytes = msgpack.packb(list(fields))
    return packed


@pytest.mark.parametrize(
    ("counter", "body"),
    [
        (1, Text("")),
        (2, Text("Grüße, 世界 🦉")),
        (2**64 - 1, Text("x" * 65_536)),
        (0, Receipt(ReceiptStatus.DELIVERED, (ID,))),
        (0, Receipt(ReceiptStatus.READ, (ID,) * 200)),
        (0, RetryRequest(SessionId(ID), b"r" * 32, 2**32 - 1, b"d" * 32)),
        (0, ProfileKeyTold(ProfileKey(b"k" * 32))),
    ],
    ids=["empty", "unicode", "longest", "delivered", "read", "retry", "profile key"],
)
def test_known_kinds_come_back(counter: int, body: Body) -> None:
    content = Content(ID, counter, 1_700_000_000_000, body)
    assert decode_content_untrusted(encode_content(content)) == content


def test_the_layout_is_that_of_the_page() -> None:
    assert encode_content(Content(ID, 7, 9, Text("hi"))) == _raw(1, 1, ID, 7, 9, ["hi"])
    receipt = Receipt(ReceiptStatus.READ, (ID,))
    assert encode_content(Content(ID, 0, 9, receipt)) == _raw(1, 2, ID, 0, 9, [2, [ID]])
    told = ProfileKeyTold(ProfileKey(b"k" * 32))
    assert encode_content(Content(ID, 0, 9, told)) == _raw(1, 3, ID, 0, 9, [b"k" * 32])
    retry = RetryRequest(SessionId(b"s" * 16), b"r" * 32, 5, b"d" * 32)
    fields = [b"s" * 16, b"r" * 32, 5, b"d" * 32]
    assert encode_content(Content(ID, 0, 9, retry)) == _raw(1, 4, ID, 0, 9, fields)


@pytest.mark.parametrize(
    "raw",
    [
        _raw(1, 254, ID, 0, 9, []),
        _raw(1, 255, ID, 4, 9, ["a", [b"b", None, True], 7]),
        _raw(2, 1, ID, 4, 9, "anything"),
        _raw(2, 1, ID, 0, 9, None),
    ],
)
def test_newer_kinds_and_versions_are_kept_whole(raw: bytes) -> None:
    content = decode_content_untrusted(raw)
    assert isinstance(content.body, Unknown)
    assert (content.message_id, content.sent_at_ms) == (ID, 9)
    assert content.body.raw == raw
    assert encode_content(content) == raw


def _nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xc1",
        _raw(),
        _raw(1, 1, ID, 1, 9),
        _raw(1, 1, ID, 1, 9, ["a"], 1),
        _raw(256, 1, ID, 1, 9, ["a"]),
        _raw(1, 256, ID, 1, 9, ["a"]),
        _raw(True, 1, ID, 1, 9, ["a"]),
        _raw(1, 1, ID[:15], 1, 9, ["a"]),
        _raw(1, 1, ID, -1, 9, ["a"]),
        _raw(1, 1, ID, 1, 9.0, ["a"]),
        _raw(1, 1, ID, 0, 9, ["a"]),
        _raw(1, 1, ID, 1, 9, [b"a"]),
        _raw(1, 1, ID, 1, 9, []),
        _raw(1, 1, ID, 1, 9, ["x" * 65_537]),
        _raw(1, 1, ID, 1, 9, ["é" * 32_769]),
        _raw(1, 2, ID, 1, 9, [1, [ID]]),
        _raw(1, 2, ID, 0, 9, [0, [ID]]),
        _raw(1, 2, ID, 0, 9, [3, [ID]]),
        _raw(1, 2, ID, 0, 9, [True, [ID]]),
        _raw(1, 2, ID, 0, 9, [1, []]),
        _raw(1, 2, ID, 0, 9, [1, [ID] * 201]),
        _raw(1, 9, ID, 0, 9, [1.5]),
        _raw(1, 9, ID, 0, 9, [-1]),
        _raw(1, 9, ID, 0, 9, {}),
        _raw(1, 9, ID, 0, 9, msgpack.ExtType(4, b"")),
        _raw(1, 9, ID, 0, 9, _nested(17)),
        _raw(1, 9, ID, 0, 9, _nested(300)),
        b"\x91" * 100_000,
        _raw(1, 1, ID, 1, 9, ["a"])[:-1],
        _raw(1, 1, ID, 1, 9, ["a"]) + b"\0",
        b"\x96\xcc\x01" + _raw(1, 1, ID, 1, 9, ["a"])[2:],  # a longer form of 1
        b"\xdc\x00\x06" + _raw(1, 1, ID, 1, 9, ["a"])[1:],  # a longer form of the array
        _raw(1, 1, ID, 1, 9, ["a"])[:-1] + b"\xff",
    ],
    ids=range(34),
)  # fmt: skip
def test_malformed_content_is_refused(raw: bytes) -> None:
    with pytest.raises(WireError):
        decode_content_untrusted(raw)


def test_16_levels_are_the_deepest() -> None:
    decode_content_untrusted(_raw(1, 9, ID, 0, 9, _nested(16)))


@pytest.mark.parametrize(
    ("error", "counter", "body"),
    [
        (TooLong, 1, Text("x" * 65_537)),
        (TooLong, 1, Text("é" * 32_769)),
        (NotUnicode, 1, Text("half of an owl: \ud83e")),
        (InvalidContent, 0, Text("not counted")),
        (InvalidContent, 1, Receipt(ReceiptStatus.READ, (ID,))),
        (InvalidContent, 0, Receipt(ReceiptStatus.READ, ())),
        (InvalidContent, 0, Receipt(ReceiptStatus.READ, (ID,) * 201)),
    ],
    ids=["ascii", "utf-8", "surrogate", "uncounted", "counted", "no ids", "many ids"],
)
def test_what_cannot_be_sent_is_our_callers_fault(
    error: type[CallerError], counter: int, body: Body
) -> None:
    with pytest.raises(error):
        encode_content(Content(ID, counter, 9, body))
