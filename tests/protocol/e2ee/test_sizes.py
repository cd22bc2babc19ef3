"""Sizes on the wire: whatever is in a short message, the relay sees one size.

The numbers here are those of docs/protocol.md#padding.
"""

from pathlib import Path

import pytest

from protocol.e2ee.content import Content, ContentKind, Text, encode_content
from protocol.e2ee.identity import LocalDevice
from protocol.e2ee.padding import Padding
from protocol.e2ee.sealed import seal
from protocol.e2ee.sender_tag import tagged_payload
from protocol.e2ee.session import Session, encrypt
from protocol.ids import DeviceAddress, Name
from protocol.limits import MAX_NAME_BYTES
from tests.protocol.e2ee.every_message import (
    BODIES,
    ID,
    MOST_U64,
    content_of_kind,
    session_with_everything,
    sessions_by_header,
)
from tests.protocol.e2ee.parties import party
from tests.support.randomness import SeededBytes

SPECIFICATION = Path(__file__).resolve().parents[3] / "docs" / "protocol.md"

SMALL_ENVELOPE_BYTES = 5_237
LARGEST_CONTENT_BYTES = 2_767
LARGEST_TEXT_BYTES = 2_724
LARGEST_BESIDE_EVERYTHING_BYTES = 518

BOB = party("bob")
LONGEST_NAMED = LocalDevice(DeviceAddress(Name("a" * MAX_NAME_BYTES)), party("alice").identity)
SESSIONS = sessions_by_header()


def size_of(session: Session, content: bytes, padding: Padding = Padding.PADME) -> int:
    """Give the size of the envelope in which the content goes to Bob."""
    _, message = encrypt(session, content, SeededBytes("sizes"))
    payload = tagged_payload(LONGEST_NAMED, BOB.public, message)
    return len(seal(payload, BOB.address, BOB.identity.public, BOB.sealing_key, padding))


def test_every_kind_is_measured() -> None:
    assert set(BODIES) == set(ContentKind)


@pytest.mark.parametrize("kind", ContentKind)
@pytest.mark.parametrize("session", [*SESSIONS.values(), session_with_everything()])
def test_every_kind_under_every_header_is_of_one_size(session: Session, kind: ContentKind) -> None:
    assert size_of(session, encode_content(content_of_kind(kind))) == SMALL_ENVELOPE_BYTES


def test_the_largest_content_of_that_size() -> None:
    sizes = {size_of(each, bytes(LARGEST_CONTENT_BYTES)) for each in SESSIONS.values()}
    assert sizes == {SMALL_ENVELOPE_BYTES}
    assert size_of(SESSIONS["KEM key"], bytes(LARGEST_CONTENT_BYTES + 1)) > SMALL_ENVELOPE_BYTES


def test_the_largest_text_of_that_size() -> None:
    longest = Content(ID, MOST_U64, MOST_U64, Text("x" * LARGEST_TEXT_BYTES))
    assert len(encode_content(longest)) == LARGEST_CONTENT_BYTES


def test_the_largest_content_beside_all_three_parts() -> None:
    session = session_with_everything()
    assert size_of(session, bytes(LARGEST_BESIDE_EVERYTHING_BYTES)) == SMALL_ENVELOPE_BYTES
    assert size_of(session, bytes(LARGEST_BESIDE_EVERYTHING_BYTES + 1)) > SMALL_ENVELOPE_BYTES


def test_without_padding_each_header_and_kind_has_its_size() -> None:
    contents = [encode_content(content_of_kind(kind)) for kind in ContentKind]
    sizes = {
        size_of(session, content, Padding.NONE)
        for session in SESSIONS.values()
        for content in contents
    }
    headers = len(SESSIONS) - 1  # both handshakes are of one size
    assert len(sizes) == headers * len(contents)
    assert max(sizes) < SMALL_ENVELOPE_BYTES


def test_what_padding_costs_is_as_the_specification_says() -> None:
    modes = (Padding.NONE, Padding.PADME, Padding.BLOCK)
    rows = [
        "| {:,} | {:,} | {:,} | {:,} |".format(
            size, *(size_of(SESSIONS["plain"], bytes(size), mode) for mode in modes)
        )
        for size in (100, LARGEST_CONTENT_BYTES, 5_000, 20_000, 60_000)
    ]
    head = "| content | `none` | `padme` | `block` |\n|---|---|---|---|\n"
    assert head + "\n".join(rows) in SPECIFICATION.read_text(encoding="utf-8")
