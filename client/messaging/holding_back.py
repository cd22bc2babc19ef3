"""Texts written to a key that their reader no longer shows: they wait for a person.

    the key changes ──▶ hold_back     every text without a receipt, in its order
                        release       it goes to the new key, under its message id
                        give_up       it fails, with its reason

What is written after the change waits as well, until the notice of it was told on some
terminal (:func:`client.messaging.reader.known_series`); then whoever writes can know.

Spec: docs/client.md#a-changed-key
"""

from dataclasses import replace

from client.messaging import submitting
from client.messaging.encrypting import present_ms
from client.messaging.sending import NO_COUNTER, packed_again
from client.store import contacts, conversation, history, outbox
from client.store.outbox import NewItem, WaitingContent
from client.store.transaction import Transaction
from client.values import Surroundings
from protocol.e2ee.content import decode_content_untrusted, encode_content
from protocol.ids import IDENTIFIER_BYTES, DeviceAddress, EnvelopeId, Name


def hold_back(tx: Transaction, peer: Name, surroundings: Surroundings) -> int:
    """Let every text to ``peer`` without a receipt wait for a person; tell how many wait now.

    However old it is: the relay, which says how old, would else choose which ones are asked about.
    Whatever else was queued for the former key is forgotten: receipts, requests and the like.
    """
    waiting = outbox.awaiting(tx, peer) + outbox.held_back(tx, peer)
    contents = {each.message_id: _unnumbered(tx, peer, each) for each in waiting}
    entries = conversation.all_undelivered(tx, peer)
    outbox.delete_peer(tx, peer)
    for entry in entries:
        history.mark_queued_again(tx, entry.row_id)
        item = NewItem(
            to=DeviceAddress(peer),
            envelope_id=EnvelopeId(surroundings.random_bytes(IDENTIFIER_BYTES)),
            message_id=entry.message_id,
            queued_at_ms=present_ms(tx, surroundings),
            content=contents.get(entry.message_id) or packed_again(entry),
            held_back=True,
        )
        outbox.add(tx, item)
    return len(entries)


def release(tx: Transaction, peer: Name) -> None:
    """Let the texts that were held back go to the key that ``peer`` shows now.

    The only place where a text comes to be for another identity than it was written for.
    """
    series = contacts.find(tx, peer).series
    for waiting in outbox.held_back(tx, peer):
        history.dedicate(tx, peer, waiting.message_id, series)
    outbox.release(tx, peer)


def give_up(tx: Transaction, peer: Name) -> None:
    """Send them to nobody: they stand in the history as failed, for whoever wants to copy them."""
    for waiting in outbox.held_back(tx, peer):
        submitting.give_up(tx, waiting.row_id, f"It was not sent to the new key of {peer}.")


def _unnumbered(tx: Transaction, peer: Name, waiting: WaitingContent) -> bytes:
    """Give the content without the counter that it expected, unless it left once with that.

    What is written meanwhile takes the numbers that this one had in view.
    """
    content = decode_content_untrusted(waiting.content)
    if content.counter <= contacts.last_counter(tx, peer):
        return waiting.content
    return encode_content(replace(content, counter=NO_COUNTER))
