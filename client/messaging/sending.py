"""Composing: what a person wrote becomes a line of the history and an envelope.

    compose_text ── keys are here ──▶ READY           encrypted at once
                 └─ otherwise ──────▶ AWAITING_KEYS   content kept in the encrypted store
    encrypt_waiting: AWAITING_KEYS ──▶ READY          in order, when the keys have come

A counter is taken when a message is encrypted: one that fails before leaves no gap, which its
reader would take for a loss. Until then it bears the number it would get, for its place here.

Only what is committed may be seen by the network; what is READY is never
encrypted again.

Spec: docs/client.md#sending
"""

from dataclasses import replace

from client.errors import LocalError
from client.messaging.encrypting import encrypt_on, is_stale, present_ms, route_to
from client.store import account, contacts, history, outbox, specimens
from client.store.history import NewEntry
from client.store.outbox import NewItem, WaitingContent
from client.store.transaction import Transaction
from client.values import EntryKind, HistoryEntry, MessageState, Specimen, Surroundings
from protocol.e2ee.content import Content, Text, decode_content_untrusted, encode_content
from protocol.errors import NotUnicode, TooLong
from protocol.ids import IDENTIFIER_BYTES, DeviceAddress, EnvelopeId, MessageId, Name
from protocol.limits import MAX_TEXT_BYTES


def compose_text(tx: Transaction, peer: Name, text: str, surroundings: Surroundings) -> MessageId:
    """Queue ``text`` for ``peer``, encrypted already if the keys are here.

    Raises:
        LocalError: it is for ourselves, empty, too long, or not valid text;
            nothing was stored.
    """
    own = account.get(tx).name
    _require_sendable(own, peer, text)
    message_id = MessageId(surroundings.random_bytes(IDENTIFIER_BYTES))
    # Behind what waits already, or the peer would read this first.
    waits = outbox.is_awaiting(tx, peer) or is_stale(tx, peer, surroundings)
    waits = waits or route_to(tx, peer) is None
    counter = _expected_counter(tx, peer) if waits else contacts.next_counter(tx, peer)
    now_ms = surroundings.now_ms()
    content = Content(message_id, counter, now_ms, Text(text))
    packed = _encode(content)
    history.add(
        tx,
        NewEntry(
            peer=peer,
            sender=own,
            message_id=message_id,
            kind=EntryKind.TEXT,
            text=text,
            state=MessageState.QUEUED,
            sent_at_ms=now_ms,
            arrival_ms=None,
            counter=counter,
        ),
    )
    envelope = b"" if waits else _encrypt(tx, peer, message_id, packed, surroundings)
    _queue(tx, peer, message_id, b"" if envelope else packed, envelope, surroundings)
    return message_id


def encrypt_waiting(tx: Transaction, peer: Name, surroundings: Surroundings) -> int:
    """Encrypt all that waits for the keys of ``peer``, oldest first; tell how many messages.

    Nothing happens while a key is missing or the user has to decide.
    """
    count = 0
    for waiting in outbox.awaiting(tx, peer):
        if route_to(tx, peer) is None:
            break
        content = _numbered(tx, peer, waiting)
        envelope = _encrypt(tx, peer, waiting.message_id, content, surroundings)
        outbox.make_ready(tx, waiting.row_id, envelope)
        count += 1
    return count


def queue_again(tx: Transaction, entry: HistoryEntry, surroundings: Surroundings) -> None:
    """Queue a text of ours once more, under the same message id, for the peer's new keys."""
    content = Content(entry.message_id, entry.counter, entry.sent_at_ms, Text(entry.text))
    history.mark_queued_again(tx, entry.row_id)
    _queue(tx, entry.peer, entry.message_id, encode_content(content), b"", surroundings)


def _expected_counter(tx: Transaction, peer: Name) -> int:
    """Give the number that a message would get if all that waits before it goes out."""
    return contacts.last_counter(tx, peer) + len(outbox.awaiting(tx, peer)) + 1


def _numbered(tx: Transaction, peer: Name, waiting: WaitingContent) -> bytes:
    """Give the content with the counter it leaves with.

    One that left before, for another key of the peer, keeps its own. One that did not is above the
    last that was taken: it was expected behind all that waited, of which some may have failed.
    """
    content = decode_content_untrusted(waiting.content)
    if content.counter <= contacts.last_counter(tx, peer):
        return waiting.content
    counter = contacts.next_counter(tx, peer)
    history.set_counter(tx, peer, account.get(tx).name, waiting.message_id, counter)
    return encode_content(replace(content, counter=counter))


def _encrypt(
    tx: Transaction, peer: Name, message_id: MessageId, content: bytes, surroundings: Surroundings
) -> bytes:
    """Give the envelope, or nothing if there is no way to ``peer`` yet."""
    route = route_to(tx, peer)
    if route is None:
        return b""
    encrypted = encrypt_on(tx, route, content, surroundings.random_bytes)
    specimens.add(tx, Specimen(message_id, peer, True, encrypted.envelope, encrypted.payload))
    return encrypted.envelope


def _queue(
    tx: Transaction,
    peer: Name,
    message_id: MessageId,
    content: bytes,
    envelope: bytes,
    surroundings: Surroundings,
) -> None:
    item = NewItem(
        to=DeviceAddress(peer),
        envelope_id=EnvelopeId(surroundings.random_bytes(IDENTIFIER_BYTES)),
        message_id=message_id,
        # A clock that is behind, as before it has heard of the network, must not age it.
        queued_at_ms=present_ms(tx, surroundings),
        content=content,
        envelope=envelope,
    )
    outbox.add(tx, item)


def _require_sendable(own: Name, peer: Name, text: str) -> None:
    if peer == own:
        raise LocalError(
            "Messages to yourself do not go through the relay.", hint="Name somebody else."
        )
    if not text.strip():
        raise LocalError("The message is empty.", hint="Write something.")


def _encode(content: Content) -> bytes:
    try:
        return encode_content(content)
    except TooLong as error:
        raise LocalError(
            f"The message has {error.size:,} bytes; the longest has {MAX_TEXT_BYTES:,}.",
            hint="Send it in parts.",
        ) from error
    except NotUnicode as error:
        raise LocalError(
            "The message is not valid text: it holds half of a character.",
            hint="Check where the text comes from; it should be UTF-8.",
        ) from error
