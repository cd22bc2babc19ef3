"""Composing: what a person wrote becomes a line of the history and an envelope.

    compose_text ── a changed key was told to nobody yet ──▶ HELD_BACK   a person is asked
                 ├─ keys are here ──▶ READY           encrypted at once
                 └─ otherwise ──────▶ AWAITING_KEYS   content kept in the encrypted store
    encrypt_waiting: AWAITING_KEYS ──▶ READY          in order, when the keys have come

A counter is taken when a message is encrypted: one that fails before leaves no gap, which its
reader would take for a loss. Until then it bears the number it would get, for its place here.

Only what is committed may be seen by the network; what is READY is never
encrypted again.

Spec: docs/client.md#sending
"""

from dataclasses import replace
from typing import Final

from client.errors import LocalError
from client.messaging.blocking import require_not_blocked
from client.messaging.encrypting import Route, encrypt_on, is_stale, present_ms, route_to
from client.messaging.profile_sharing import tell_if_due
from client.messaging.reader import known_series, require_meant
from client.store import (
    account,
    contacts,
    conversation,
    history,
    outbox,
    profile_keys,
    sent,
    sessions,
    settings,
    specimens,
)
from client.store.history import NewEntry
from client.store.outbox import NewItem, WaitingContent
from client.store.sent import Sent
from client.store.transaction import Transaction
from client.values import EntryKind, HistoryEntry, MessageState, Specimen, Surroundings
from protocol.e2ee.content import Content, Text, decode_content_untrusted, encode_content
from protocol.errors import NotUnicode, TooLong
from protocol.ids import (
    IDENTIFIER_BYTES,
    DeviceAddress,
    EnvelopeId,
    MessageId,
    Name,
    SessionId,
)
from protocol.limits import MAIL_LIFE_MS, MAX_TEXT_BYTES

NO_COUNTER: Final = (1 << 63) - 1
"""Above any that was taken, so a text that never left gets its number when it does."""


def compose_text(tx: Transaction, peer: Name, text: str, surroundings: Surroundings) -> MessageId:
    """Queue ``text`` for ``peer``, encrypted already if the keys are here.

    Raises:
        LocalError: it is for ourselves or somebody who is blocked, empty, too
            long, or not valid text; nothing was stored.
    """
    own = account.get(tx).name
    _require_sendable(own, peer, text)
    require_not_blocked(tx, peer)
    message_id = MessageId(surroundings.random_bytes(IDENTIFIER_BYTES))
    written_for = known_series(tx, peer)
    held_back = not written_for
    # Behind what waits already, or the peer would read this first.
    waits = held_back or outbox.is_awaiting(tx, peer) or is_stale(tx, peer, surroundings)
    waits = waits or route_to(tx, peer) is None
    counter = _expected_counter(tx, peer) if waits else contacts.next_counter(tx, peer)
    now_ms = surroundings.now_ms()
    number = NO_COUNTER if held_back else counter
    packed = _encode(Content(message_id, number, now_ms, Text(text)))
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
            series=settings.own_series(tx),
            counter=counter,
            written_for=written_for,
        ),
    )
    envelope = b"" if waits else _encrypt(tx, peer, message_id, packed, surroundings)
    item = _item(tx, peer, message_id, packed, envelope, surroundings)
    outbox.add(tx, replace(item, held_back=held_back))
    if not held_back:
        profile_keys.accept(tx, peer)
    if envelope:
        tell_if_due(tx, peer, surroundings)
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
        outbox.make_ready(tx, peer, waiting.row_id, envelope)
        count += 1
    return count


def queue_undelivered_again(tx: Transaction, peer: Name, surroundings: Surroundings) -> None:
    """Queue once more what ``peer`` has sent no receipt for, under the same message ids.

    What awaits keys will get the new ones as it is; an answer keeps the envelope
    id by which ``peer`` knows the gap that it fills. What is held back waits on.
    """
    since_ms = settings.relay_clock_ms(tx) - MAIL_LIFE_MS
    waiting = outbox.awaiting(tx, peer) + outbox.held_back(tx, peer)
    awaiting = {each.message_id for each in waiting}
    for entry in conversation.undelivered(tx, peer, since_ms):
        if entry.message_id in awaiting:
            continue
        outbox.delete_message(tx, peer, entry.message_id)
        _queue_again(tx, entry, surroundings)


def _queue_again(tx: Transaction, entry: HistoryEntry, surroundings: Surroundings) -> None:
    history.mark_queued_again(tx, entry.row_id)
    packed = packed_again(entry)
    outbox.add(tx, _item(tx, entry.peer, entry.message_id, packed, b"", surroundings))


def send_again(
    tx: Transaction,
    entry: HistoryEntry,
    carrier: SessionId,
    envelope_id: EnvelopeId,
    surroundings: Surroundings,
) -> None:
    """Queue a text of ours once more because the peer could not open it: the same content.

    It is encrypted on the session ``carrier``, or, if a key has to be fetched or
    the user has to decide first, on the one that messages take then.
    """
    packed, envelope = packed_again(entry), b""
    route, session = route_to(tx, entry.peer), sessions.get(tx, carrier)
    if route is not None and session is not None and not is_stale(tx, entry.peer, surroundings):
        route = replace(route, session=session)
        envelope = _encrypt_on(tx, route, entry.message_id, packed, surroundings)
    item = _item(tx, entry.peer, entry.message_id, packed, envelope, surroundings)
    outbox.add(tx, replace(item, envelope_id=envelope_id))


def packed_again(entry: HistoryEntry) -> bytes:
    """Give the content of a text of ours, as it was."""
    content = Content(entry.message_id, entry.counter, entry.sent_at_ms, Text(entry.text))
    return encode_content(content)


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
    return b"" if route is None else _encrypt_on(tx, route, message_id, content, surroundings)


def _encrypt_on(
    tx: Transaction,
    route: Route,
    message_id: MessageId,
    content: bytes,
    surroundings: Surroundings,
) -> bytes:
    """Give the envelope; remember which message it is, for the peer may ask, and show it."""
    require_meant(tx, route, message_id)
    encrypted = encrypt_on(tx, route, content, surroundings.random_bytes)
    peer, identity = route.session.peer.name, route.session.peer_identity
    sent.add(tx, Sent(encrypted.digest, peer, identity, message_id), settings.relay_clock_ms(tx))
    specimens.add(tx, Specimen(message_id, peer, True, encrypted.envelope, encrypted.payload))
    return encrypted.envelope


def _item(
    tx: Transaction,
    peer: Name,
    message_id: MessageId,
    content: bytes,
    envelope: bytes,
    surroundings: Surroundings,
) -> NewItem:
    """Give a row for the outbox; what is encrypted is kept in no other form there."""
    return NewItem(
        to=DeviceAddress(peer),
        envelope_id=EnvelopeId(surroundings.random_bytes(IDENTIFIER_BYTES)),
        message_id=message_id,
        # A clock that is behind, as before it has heard of the network, must not age it.
        queued_at_ms=present_ms(tx, surroundings),
        content=b"" if envelope else content,
        envelope=envelope,
    )


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
