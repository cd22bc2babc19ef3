"""Every byte of every layer lies in one named span."""

import re
from pathlib import Path

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.xray.layers import (
    content_layer,
    envelope_layer,
    padded_layer,
    ratchet_layer,
    sealed_layer,
    take_picture,
)
from client.xray.spans import Reader
from tests.client.xray.covering import assert_covered, meanings

ROOT = Path(__file__).resolve().parents[3]

CONTENT = msgpack.packb([1, 1, b"\x07" * 16, 3, 1_700_000_000_000, ["hi"]], use_bin_type=True)
FLAGS = range(8)


def ratchet_message(flags: int, ciphertext: bytes) -> bytes:
    """Write a ratchet message by hand from the table in docs/protocol.md."""
    return b"".join(
        (
            bytes((1, flags)),
            b"s" * 16,
            b"r" * 32,
            (5).to_bytes(4, "big"),
            (9).to_bytes(4, "big"),
            b"k" * 1184 if flags & 2 else b"",
            b"c" * 1088 if flags & 4 else b"",
            b"i" * 32 + b"e" * 32 + bytes(3) + b"\x04\x01" + bytes(3) + b"\x06" + b"h" * 1088
            if flags & 1
            else b"",
            b"n" * 12,
            ciphertext,
            b"t" * 16,
        )
    )


def sealed_payload(message: bytes) -> bytes:
    return b"\x01\x01\x00\x00\x00\x01\x05alice" + b"a" * 16 + message


def envelope_around(payload: bytes, padded_size: int) -> bytes:
    del payload  # what is inside cannot be seen in an envelope
    return b"\x01\x00\x00\x00\x02" + b"K" * 1088 + b"X" * 32 + b"S" * padded_size + b"T" * 16


@pytest.mark.parametrize("flags", FLAGS)
def test_every_byte_of_a_message_has_a_name(flags: int) -> None:
    payload = sealed_payload(ratchet_message(flags, b"x" * len(CONTENT)))
    picture = take_picture(envelope_around(payload, 4096), payload, CONTENT)
    names = [layer.name for layer in picture.layers]
    assert names == [
        "envelope",
        "padded payload",
        "sealed payload",
        "ratchet message",
        "content",
    ]
    for layer in picture.layers:
        assert_covered(layer)
        assert "not understood" not in meanings(layer)


@pytest.mark.parametrize("flags", FLAGS)
def test_the_ciphertext_is_as_long_as_the_content(flags: int) -> None:
    layer = ratchet_layer(ratchet_message(flags, b"x" * len(CONTENT)))
    (ciphertext,) = [span for span in layer.spans if span.name == "ciphertext of the content"]
    assert layer.bytes_of(ciphertext) == b"x" * len(CONTENT)
    assert ciphertext.reader is Reader.NOBODY


def test_the_relay_reads_version_and_key_id_alone() -> None:
    layer = envelope_layer(envelope_around(b"", 4096))
    relay_reads = [span.name for span in layer.spans if span.reader is Reader.RELAY]
    assert relay_reads == ["version", "sealing key id"]
    assert sum(span.size for span in layer.spans) == 1125 + 4096 + 16


def test_values_are_given_in_words() -> None:
    sealed, message = sealed_layer(sealed_payload(ratchet_message(1, b"x")))
    assert meanings(sealed)["sender name"] == "alice"
    ratchet = meanings(ratchet_layer(message))
    assert ratchet["flags"] == "1: handshake header"
    assert ratchet["previous chain length"] == "5"
    assert ratchet["index in its chain"] == "9"
    assert ratchet["handshake: signed prekey id"] == "4"
    assert ratchet["handshake: KEM prekey kind"] == "one-time pair"
    assert ratchet["handshake: KEM prekey id"] == "6"
    content = meanings(content_layer(CONTENT))
    assert content["kind"] == "1: text"
    assert content["counter"] == "3"
    assert content["message id"] == ""  # its bytes say it all
    assert content["text"] == "hi"


def test_the_padding_is_written_down_again() -> None:
    layer = padded_layer(envelope_around(b"", 4096), b"payload")
    assert len(layer.data) == 4096
    assert layer.data[:4] == b"\0\0\0\x07"
    assert [layer.bytes_of(span)[:7] for span in layer.spans][1:] == [b"payload", bytes(7)]


def test_what_is_not_kept_is_left_out() -> None:
    payload = sealed_payload(ratchet_message(0, b"x"))
    only_envelope = take_picture(envelope_around(b"", 64), b"", b"")
    assert [layer.name for layer in only_envelope.layers] == ["envelope"]
    names = [layer.name for layer in take_picture(b"", payload, b"").layers]
    assert names == ["sealed payload", "ratchet message"]


@given(st.binary(max_size=4000))
def test_foreign_bytes_are_covered_too(data: bytes) -> None:
    for layer in (envelope_layer(data), ratchet_layer(data), content_layer(data)):
        assert_covered(layer)
    sealed, message = sealed_layer(data)
    assert_covered(sealed)
    assert data.endswith(message)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(0, 2**64 - 1)
    | st.binary(max_size=300)
    | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=20),
)


@given(st.lists(VALUES, max_size=5))
def test_any_content_is_understood_to_its_last_byte(body: list[object]) -> None:
    content = msgpack.packb([1, 77, b"m" * 16, 0, 1, body], use_bin_type=True)
    layer = content_layer(content)
    assert_covered(layer)
    assert "not understood" not in meanings(layer)
    assert meanings(layer)["kind"] == "77: not known here"


def test_every_section_named_is_a_heading_of_the_specification() -> None:
    text = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    anchors = {
        heading.lower().replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    }
    payload = sealed_payload(ratchet_message(7, b"x"))
    picture = take_picture(envelope_around(payload, 8192), payload, CONTENT)
    named = {span.section for layer in picture.layers for span in layer.spans}
    assert len(named) > 5
    assert named <= anchors
