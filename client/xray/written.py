"""What was encrypted, written down again from the history.

Content has one encoding, so from the same values come the same bytes.

Spec: docs/protocol.md#content
"""

from client.store.transaction import may_be_cut
from client.values import EntryKind, HistoryEntry
from protocol.e2ee.content import Content, Text, encode_content


def content_of(entry: HistoryEntry | None) -> bytes:
    """Give the content of a text as it was encrypted, or nothing where that is not known.

    A history leaves out the counter that another message bears (its sender's
    disk was put back), and cuts numbers that the database cannot hold.
    """
    if entry is None or entry.kind is not EntryKind.TEXT or entry.counter == 0:
        return b""
    if may_be_cut(entry.counter) or may_be_cut(entry.sent_at_ms):
        return b""
    body = Text(entry.text)
    return encode_content(Content(entry.message_id, entry.counter, entry.sent_at_ms, body))
