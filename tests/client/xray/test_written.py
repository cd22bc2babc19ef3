"""What was encrypted is shown only where the history still says it exactly."""

from dataclasses import replace

import pytest

from client.values import EntryKind, HistoryEntry, MessageState
from client.xray.written import content_of
from protocol.e2ee.content import Content, Text, decode_content_untrusted
from protocol.ids import MessageId, Name

ID = MessageId(b"i" * 16)
ENTRY = HistoryEntry(
    row_id=1,
    peer=Name("bob"),
    outgoing=True,
    message_id=ID,
    counter=3,
    kind=EntryKind.TEXT,
    text="hi",
    state=MessageState.DELIVERED,
    sent_at_ms=7,
    arrival_ms=8,
    missing_before=0,
)
LARGEST_STORED = (1 << 63) - 2


def test_a_text_is_written_as_it_was_encrypted() -> None:
    assert decode_content_untrusted(content_of(ENTRY)) == Content(ID, 3, 7, Text("hi"))


@pytest.mark.parametrize(
    "entry",
    [
        None,
        replace(ENTRY, kind=EntryKind.UNREADABLE),
        replace(ENTRY, counter=0),  # another message bears it
        replace(ENTRY, counter=LARGEST_STORED),
        replace(ENTRY, sent_at_ms=LARGEST_STORED),
    ],
)
def test_what_is_not_known_is_not_made_up(entry: HistoryEntry | None) -> None:
    assert content_of(entry) == b""
