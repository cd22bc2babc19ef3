"""Bob's encrypted store at one moment of a conversation; whatever comes in is undone.

Each delivery is received in a transaction that is rolled back: every input
meets the same store.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from client.messaging import fetching
from client.messaging.outcomes import Duplicate, Held, Junk, Outcome, Unreadable
from client.messaging.receiving import receive
from client.store import sessions
from client.store.transaction import Transaction
from client.values import Delivery
from protocol.e2ee.session import Session
from protocol.ids import EnvelopeId, MessageId
from protocol.records import Sender
from tests.support.clients import Client, Clock, FakeRelay, talk
from tests.support.unchanged import Snapshot, assert_only_marks

SEED: Final = "one moment"
NEVER_SEEN: Final = EnvelopeId(b"never seen here.")
REFUSED: Final = (Junk, Unreadable, Held, Duplicate)

Check = Callable[[Transaction, Outcome], None]
"""What must hold after an accepted delivery, inside its transaction."""


@dataclass(frozen=True)
class World:
    """Bob receives; Alice is a friend, Carol has never written to him."""

    alice: Client
    bob: Client
    carol: Client
    before: Snapshot

    @property
    def session(self) -> Session:
        """Alice's with Bob; what is encrypted on it is kept nowhere."""
        (session,) = self.alice.read(sessions.all_sessions)
        return session

    @property
    def undelivered(self) -> tuple[bytes, MessageId]:
        """SHA-256 of a ratchet message of Bob's without a receipt, and the id of its message."""
        digest, message_id = self.bob.read(
            lambda tx: tx.all("SELECT digest, message_id FROM sent")
        )[-1]
        return digest, MessageId(message_id)

    def deliver(self, envelope: bytes, vouched: Sender | None, check: Check) -> None:
        """Let Bob receive, look at what it did, and undo it.

        A refused delivery leaves its marks only; after an accepted one the next
        steps of the engine can be taken.
        """
        self.bob.rng.seed(SEED)
        delivery = Delivery(1, NEVER_SEEN, self.bob.relay.clock.now_ms, vouched, envelope)
        with undone(self.bob) as tx:
            outcome = receive(tx, delivery, self.bob.surroundings)
            if isinstance(outcome, REFUSED):
                assert_only_marks(self.before, Snapshot.of(self.bob), outcome)
            else:
                fetching.prepare(tx, self.bob.surroundings)
                check(tx, outcome)


@contextmanager
def made_world() -> Iterator[World]:
    """Make three clients, and a conversation of two of them so far."""
    rng = random.Random(SEED)
    relay = FakeRelay(Clock())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        clients = [Client(name, folder, relay, rng) for name in ("alice", "bob", "carol")]
        for client in clients:
            stack.enter_context(closing(client))
            client.come_online()
        alice, bob, carol = clients
        alice.send(bob, "hello bob")
        talk(alice, bob)
        bob.send(alice, "hello alice")
        talk(alice, bob)
        bob.send(alice, "not delivered yet")
        bob.flush()
        yield World(alice, bob, carol, Snapshot.of(bob))


@contextmanager
def undone(client: Client) -> Iterator[Transaction]:
    """Give a transaction that will not have been."""
    client.connection.execute("BEGIN IMMEDIATE")
    try:
        yield Transaction(client.connection)
    finally:
        client.connection.execute("ROLLBACK")
