"""The world of the repair hunt: two clients in traffic, and what a person sees of it."""

import random
from dataclasses import dataclass, field
from pathlib import Path

from client.messaging.outcomes import Unreadable
from client.values import Delivery, EntryKind
from protocol.e2ee.retry import message_digest
from protocol.limits import MAX_RETRIES_PER_HOUR
from tests.support.clients import Client, Clock, FakeRelay

HOUR_MS = 3_600_000


def requests_this_hour(client: Client) -> int:
    """Count the requests that a client may not make again within the hour."""
    since_ms = client.relay.clock.now_ms - HOUR_MS
    count: int = client.connection.execute(
        "SELECT count(*) FROM retry_requests WHERE asked_ms > ?", (since_ms,)
    ).get
    return count


def _column(client: Client, query: str, *values: bytes) -> list[bytes]:
    return [value for (value,) in client.connection.execute(query, values)]


@dataclass
class World:
    """Two clients, what each wrote, what each has ever shown, and all that was delivered."""

    rng: random.Random
    folder: Path
    alice: Client
    bob: Client
    written: dict[str, list[str]] = field(default_factory=lambda: {"alice": [], "bob": []})
    shown: dict[str, set[str]] = field(default_factory=lambda: {"alice": set(), "bob": set()})
    recorded: dict[str, list[Delivery]] = field(default_factory=lambda: {"alice": [], "bob": []})
    unopened: dict[bytes, bytes] = field(default_factory=dict)
    """By envelope id: the digests of ratchet messages that did not open."""

    @classmethod
    def begin(cls, rng: random.Random, folder: Path) -> "World":
        relay = FakeRelay(Clock())
        alice, bob = (Client(name, folder, relay, rng) for name in ("alice", "bob"))
        world = cls(rng, folder, alice, bob)
        for client in (alice, bob):
            client.come_online()
        return world

    @property
    def clients(self) -> tuple[Client, Client]:
        return self.alice, self.bob

    @property
    def relay(self) -> FakeRelay:
        return self.alice.relay

    def close(self) -> None:
        for client in self.clients:
            client.close()

    def other(self, client: Client) -> Client:
        return self.bob if client is self.alice else self.alice

    def mailbox(self, client: Client) -> list[Delivery]:
        return self.relay.mail.setdefault(client.name, [])

    # --- traffic ---

    def send(self, client: Client) -> None:
        number = len(self.written[client.name]) + 1
        text = f"{client.name} {number}"
        client.send(self.other(client), text)
        self.written[client.name].append(text)

    def chatter(self, most: int = 3) -> None:
        """Let both write a little, and some of it travel."""
        for _ in range(self.rng.randrange(1, most + 1)):
            client = self.rng.choice(self.clients)
            self.send(client)
            if self.rng.random() < 0.7:
                client.flush()
            if self.rng.random() < 0.3:
                self.deliver(self.other(client))
        for client in self.clients:
            client.flush()

    def deliver(self, client: Client) -> int:
        """Bring all mail; tell how much it was."""
        deliveries = self.relay.mail.pop(client.name, [])
        if not deliveries:
            return 0
        unopened = [
            delivery for delivery in deliveries if isinstance(client.receive(delivery), Unreadable)
        ]
        for delivery in unopened:
            self.unopened[delivery.envelope_id] = message_digest(client.open_seal(delivery))
        if unopened:
            client.come_online()  # the engine looks after its prekeys then
        self.recorded[client.name] = (self.recorded[client.name] + deliveries)[-60:]
        self.remember_shown(client)
        return len(deliveries)

    def remember_shown(self, client: Client) -> None:
        texts = self.texts_of(client)
        assert len(set(texts)) == len(texts), f"{client.name} is shown something twice"
        self.shown[client.name].update(texts)

    def texts_of(self, client: Client) -> list[str]:
        rows = client.connection.execute(
            "SELECT text FROM history WHERE sender = peer AND kind = ?", (EntryKind.TEXT,)
        )
        return [text for (text,) in rows]

    def quieten(self) -> int:
        """Let the network run until nothing moves; give the rounds that it took."""
        for rounds in range(20):
            moved = sum(len(client.flush()) for client in self.clients)
            moved += sum(self.deliver(client) for client in self.clients)
            if not moved:
                return rounds
        raise AssertionError("the two never come to rest")

    def let_time_pass(self) -> None:
        """An hour or more, so that one fault's limits are not the next one's."""
        self.relay.clock.now_ms += HOUR_MS + self.rng.randrange(HOUR_MS)
        for client in self.clients:
            client.come_online()

    # --- what a person sees ---

    def missing(self) -> list[str]:
        """Give the texts that were never shown to the other."""
        return [
            text
            for client in self.clients
            for text in self.written[client.name]
            if text not in self.shown[self.other(client).name]
        ]

    def is_held_back(self) -> bool:
        """Tell whether a request waits for the next hour: this one's number is used up."""
        return any(
            client.connection.execute("SELECT count(*) FROM gaps WHERE due").get
            and requests_this_hour(client) == MAX_RETRIES_PER_HOUR
            for client in self.clients
        )

    def filled_gaps(self) -> int:
        """Count the gaps that are still shown although an answer has come that opened."""
        return sum(
            self._is_filled(client, digest)
            for client in self.clients
            for digest in _column(client, "SELECT digest FROM gaps")
        )

    def _is_filled(self, client: Client, digest: bytes) -> bool:
        """Tell whether an answer opened; or the answer to one that did not, and so on."""
        answers = _column(
            client,
            "SELECT answer_id FROM retry_requests JOIN seen ON mark = answer_id WHERE digest = ?",
            digest,
        )
        return any(
            answer not in self.unopened or self._is_filled(client, self.unopened[answer])
            for answer in answers
        )

    def gap_lines(self) -> list[int]:
        """Count the lines that tell each of them that something could not be opened."""
        return [
            client.connection.execute(
                "SELECT count(*) FROM history WHERE kind = ?", (EntryKind.UNREADABLE,)
            ).get
            for client in self.clients
        ]
