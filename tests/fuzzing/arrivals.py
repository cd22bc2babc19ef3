"""What a client receives: hostile at each of four depths.

    envelope          any bytes in place of an envelope
    sealed_payload    any bytes in an envelope that is sealed as it should be
    ratchet_message   any bytes for a ratchet message, under the true tag of its sender
    ratchet_content   any bytes as content of a friend's next message

The first three are given as a mask over a valid example, because keys and
signatures in these differ from run to run:

    [example, and who the relay says it is from] [u16 how much to cut off] [mask ...]

The mask is XORed to the example from its beginning; what is left of it is appended.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from client.messaging.outcomes import Outcome, Received
from client.store import conversation
from client.store.transaction import Transaction
from client.values import EntryKind
from client.xray.written import content_of
from protocol.e2ee.content import (
    Content,
    ProfileKeyTold,
    Receipt,
    ReceiptStatus,
    Text,
    encode_content,
)
from protocol.e2ee.profile_key import ProfileKey
from protocol.e2ee.retry import RetryRequest
from protocol.e2ee.session import Session, encrypt, start_session
from protocol.ids import MessageId
from protocol.records import Sender
from tests.client.messaging.envelopes import raw_payload, said_by, sealed_anew
from tests.fuzzing.key_answers import bundle_of
from tests.fuzzing.target import Feed, Target
from tests.fuzzing.world import World, made_world
from tests.protocol.e2ee.hybrid_sides import due
from tests.protocol.untrusted import CONTENTS
from tests.support.clients import Client
from tests.support.mutations import change_msgpack
from tests.support.randomness import SeededBytes

HEAD_BYTES: Final = 3
SHORT_RUN: Final = 80
EXAMPLE_MASK: Final = 0x3F
VOUCHED_SHIFT: Final = 6
"""The highest two bits of the first byte: who the relay says the sender is."""


def masked(example: bytes, data: bytes) -> bytes:
    """Give ``example`` with the cut and the mask that ``data`` says; nothing said is all of it."""
    cut, mask = int.from_bytes(data[1:HEAD_BYTES]), data[HEAD_BYTES:]
    kept = example[: max(0, len(example) - cut)]
    changed = bytes(a ^ b for a, b in zip(kept, mask, strict=False))
    return changed + kept[len(mask) :] + mask[len(kept) :]


def change_mask(data: bytes, rng: random.Random) -> bytes:
    """Change few bytes, mostly near the beginning, or the head."""
    changed = bytearray(data.ljust(HEAD_BYTES, b"\0"))
    match rng.randrange(5):
        case 0:
            changed[0] = rng.randrange(256)
        case 1:
            changed[1:HEAD_BYTES] = rng.choice((0, 1, 16, 1_000, 5_000)).to_bytes(2)
        case 2:
            changed += rng.randbytes(rng.randrange(1, 9))
        case _:
            at = HEAD_BYTES + rng.randrange(rng.choice((8, 80, 4_000)))
            changed = changed.ljust(at + 1, b"\0")
            changed[at] ^= 1 << rng.randrange(8)
    return bytes(changed)


# --- examples -----------------------------------------------------------------


@dataclass(frozen=True)
class Example:
    """A ratchet message that Bob accepts if ``client`` is whom the relay vouches for."""

    client: Client
    message: bytes


Part = Callable[[World, Example], bytes]
Close = Callable[[World, Client, bytes], bytes]


def _text(text: str) -> bytes:
    return encode_content(Content(MessageId(b"of a fuzz target"), 9, 1, Text(text)))


def _begun(world: World, client: Client) -> Session:
    """Open a session with Bob."""
    bundle, recipient = bundle_of(world.bob), world.bob.device.address
    return start_session(client.device, recipient, bundle, SeededBytes(client.name))


def _examples(world: World) -> tuple[Example, ...]:
    alice, carol = world.alice, world.carol
    skipped, _ = encrypt(world.session, _text("lost"), SeededBytes("skipped"))
    return tuple(
        Example(client, encrypt(session, _text("news"), SeededBytes(name))[1])
        for name, client, session in (
            ("next", alice, world.session),
            ("after a loss", alice, skipped),
            ("with a KEM key", alice, due(world.session)),
            ("another session", alice, _begun(world, alice)),
            ("first contact", carol, _begun(world, carol)),
        )
    )


def _as_it_is(world: World, client: Client, payload: bytes) -> bytes:
    """Seal any bytes."""
    del client
    return sealed_anew(world.bob, raw_payload(payload)).envelope


def _tagged(world: World, client: Client, message: bytes) -> bytes:
    """Seal any bytes for a ratchet message of ``client``, as that client could."""
    return sealed_anew(world.bob, said_by(client, world.bob, message)).envelope


def _envelope_of(world: World, example: Example) -> bytes:
    return _tagged(world, example.client, example.message)


def _payload_of(world: World, example: Example) -> bytes:
    return said_by(example.client, world.bob, example.message).encode()


def _message_of(world: World, example: Example) -> bytes:
    del world
    return example.message


def _closed_already(world: World, client: Client, envelope: bytes) -> bytes:
    del world, client
    return envelope


# --- feeding ------------------------------------------------------------------


def _any(tx: Transaction, outcome: Outcome) -> None:
    del tx, outcome


@contextmanager
def _masked_feed(part: Part, close: Close) -> Iterator[Feed]:
    """Mask what ``part`` gives of an example, and let ``close`` make an envelope of it."""
    with made_world() as world:
        examples = _examples(world)
        parts = [part(world, each) for each in examples]

        def take(data: bytes) -> None:
            head = data[0] if data else 0
            at = (head & EXAMPLE_MASK) % len(examples)
            vouched = _vouched(world, examples[at], head >> VOUCHED_SHIFT)
            envelope = close(world, examples[at].client, masked(parts[at], data))
            world.deliver(envelope, vouched, _any)

        yield Feed(take, tuple(bytes((at, 0, 0)) for at in range(len(examples))))


def _vouched(world: World, example: Example, choice: int) -> Sender | None:
    other = world.carol if example.client is world.alice else world.alice
    return (example.client.sender, None, other.sender, world.bob.sender)[choice]


@contextmanager
def _content_feed() -> Iterator[Feed]:
    with made_world() as world:

        def take(content: bytes) -> None:
            _, message = encrypt(world.session, content, SeededBytes("content"))
            envelope = _tagged(world, world.alice, message)
            world.deliver(envelope, None, lambda tx, outcome: _shown(tx, outcome, content))

        yield Feed(take, _content_seeds(world))


def _shown(tx: Transaction, outcome: Outcome, content: bytes) -> None:
    """A message is in the history as it came: what xray shows of it is what was encrypted."""
    if not isinstance(outcome, Received):
        return
    entry = conversation.entry(tx, outcome.row_id)
    assert entry is not None
    assert conversation.page(tx, entry.peer, 10)
    if entry.kind is EntryKind.TEXT:
        assert content_of(entry) in (content, b"")


def _content_seeds(world: World) -> tuple[bytes, ...]:
    """Give every kind, about messages that are there."""
    digest, message_id = world.undelivered
    bodies = (
        Receipt(ReceiptStatus.DELIVERED, (message_id, MessageId(bytes(16)))),
        ProfileKeyTold(ProfileKey(bytes(range(32)))),
        RetryRequest(world.session.session_id, bytes(32), 0, digest),
    )
    uncounted = (encode_content(Content(MessageId(bytes(16)), 0, 1, body)) for body in bodies)
    return (_text("news"), *uncounted, *CONTENTS)


def _masked(name: str, part: Part, close: Close) -> Target:
    return Target(name, lambda: _masked_feed(part, close), change_mask, SHORT_RUN)


ARRIVAL_TARGETS = (
    _masked("envelope", _envelope_of, _closed_already),
    _masked("sealed_payload", _payload_of, _as_it_is),
    _masked("ratchet_message", _message_of, _tagged),
    Target("ratchet_content", _content_feed, change_msgpack, SHORT_RUN),
)
