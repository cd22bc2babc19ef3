"""Random histories of key changes: no text is lost, and none is read by whom it was not for.

Alice writes to Bob while the directory shows one identity after the other, clocks jump, keys are
lost, people answer or do not. After every step each queued text has a row in the outbox; every
text that an identity reads was written for it, or a person sent it there.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from client.errors import LocalError, RefusedByRelay
from client.messaging import answers, blocking, submitting, trust
from client.messaging.sending import queue_undelivered_again
from client.store import contacts, outbox, settings
from client.values import EntryKind, HistoryEntry, MessageState
from tests.client.messaging.test_key_change import CHANGED, read_notices
from tests.support.clients import Client, Clock, FakeRelay, Shelf

DAY_MS = 86_400_000
BOBS = 3
STEP_COUNT = 60


@dataclass
class World:
    """Alice, several bobs of whom the directory shows one, and what each may read."""

    rng: random.Random
    alice: Client
    bobs: list[Client]
    shelves: list[Shelf]
    known: bytes  # the identity that Alice could know of
    shown: int = 0
    meant: dict[str, set[bytes]] = field(default_factory=dict)

    @property
    def relay(self) -> FakeRelay:
        return self.alice.relay

    @property
    def bob(self) -> Client:
        return self.bobs[self.shown]

    def pinned(self) -> bytes:
        identity = self.alice.read(lambda tx: contacts.find(tx, self.bob.name)).identity
        assert identity is not None
        return identity

    def waiting(self) -> list[HistoryEntry]:
        held = self.alice.read(lambda tx: outbox.held_back(tx, self.bob.name))
        ids = {each.message_id for each in held}
        return [each for each in self.alice.history(self.bob) if each.message_id in ids]

    def show(self, number: int) -> None:
        self.shown = number
        self.relay.shelves[self.bob.name] = self.shelves[number]

    # --- what may happen ---

    def write(self) -> None:
        text = f"text {len(self.meant)}"
        self.meant[text] = {self.known}
        try:
            self.alice.send(self.bob, text)
        except LocalError:  # blocked
            self.meant[text] = set()

    def read(self) -> None:
        read_notices(self.alice, self.bob)
        self.known = self.pinned()

    def change(self) -> None:
        self.show(self.rng.randrange(BOBS))
        self.look()

    def look(self) -> None:
        """Let Alice ask the directory, as she does when a key has grown old."""
        self.alice.connection.execute("UPDATE peer_keys SET fetched_at_ms = NULL")
        self.alice.fetch_keys()

    def lose_mail(self) -> None:
        self.alice.flush()
        self.relay.mail[self.bob.name] = []

    def deliver(self) -> None:
        self.alice.flush()
        self.bob.receive_all()
        self.bob.flush()
        self.alice.receive_all()

    def lose_keys(self) -> None:
        self.bob.write(lambda tx: settings.set_prekeys_doubted(tx, True))
        self.bob.come_online()
        self.look()

    def queue_again(self) -> None:
        peer, around = self.bob.name, self.alice.surroundings
        self.alice.write(lambda tx: queue_undelivered_again(tx, peer, around))

    def days_pass(self) -> None:
        self.relay.clock.now_ms += self.rng.randrange(20) * DAY_MS
        self.alice.hear_clock()
        shown = self.shown
        for number, bob in enumerate(self.bobs):
            self.show(number)
            bob.come_online()
        self.show(shown)

    def clock_lies(self) -> None:
        wrong_ms = self.relay.clock.now_ms + self.rng.choice((-1, 1, 31, 40)) * DAY_MS
        self.alice.write(lambda tx: settings.hear_relay_clock(tx, wrong_ms))

    def clock_is_right(self) -> None:
        self.alice.hear_clock()

    def expire(self) -> None:
        self.alice.write(lambda tx: submitting.give_up_expired(tx, self.alice.surroundings))

    def block(self) -> None:
        peer, around = self.bob.name, self.alice.surroundings
        self.alice.write(lambda tx: blocking.block(tx, peer, around))
        self.alice.write(lambda tx: blocking.unblock(tx, peer, around))

    def compare(self) -> None:
        """Let Alice compare what is pinned: the next change is a question."""
        peer, identity, around = self.bob.name, self.pinned(), self.alice.surroundings
        self._send_on(identity)
        self.known = identity
        self.alice.write(lambda tx: answers.verify(tx, peer, identity, around))

    def accept(self) -> None:
        peer, around = self.bob.name, self.alice.surroundings
        asked = self.alice.read(lambda tx: trust.open_question(tx, peer))
        if asked is None:
            return
        self.known = asked.identity
        undelivered = (MessageState.QUEUED, MessageState.AT_RELAY)
        if isinstance(asked, trust.OpenQuestion):
            for each in self.alice.history(self.bob):
                if each.kind is EntryKind.TEXT and each.outgoing and each.state in undelivered:
                    self.meant[each.text].add(asked.identity)
        self._send_on(asked.identity)
        self.alice.write(lambda tx: answers.accept_identity(tx, peer, asked.identity, around))

    def keep(self) -> None:
        peer, around = self.bob.name, self.alice.surroundings
        if self.alice.read(lambda tx: trust.open_question(tx, peer)) is not None:
            self.alice.write(lambda tx: answers.keep_identity(tx, peer, around))

    def _send_on(self, identity: bytes) -> None:
        for each in self.waiting():
            self.meant[each.text].add(identity)

    def step(self) -> None:
        with suppress(RefusedByRelay):  # by a clock that lies, good keys are too old or too new
            (step,) = self.rng.choices(list(STEPS), list(STEPS.values()))
            step(self)

    # --- what has to be true ---

    def check(self) -> None:
        rows = {mid for (mid,) in self.alice.connection.execute("SELECT message_id FROM outbox")}
        for each in self.alice.history(self.bob):
            if each.outgoing and each.state is MessageState.QUEUED:
                assert each.message_id in rows, each.text
        for bob in self.bobs:
            for text in bob.texts(self.alice):
                assert bob.device.identity.public in self.meant[text], text


STEPS: dict[Callable[[World], None], int] = {  # and how often
    World.write: 16,
    World.read: 8,
    World.change: 12,
    World.look: 2,
    World.lose_mail: 12,
    World.deliver: 1,
    World.lose_keys: 12,
    World.queue_again: 1,
    World.days_pass: 12,
    World.clock_lies: 12,
    World.clock_is_right: 12,
    World.expire: 1,
    World.block: 1,
    World.compare: 1,
    World.accept: 1,
    World.keep: 1,
}


@pytest.fixture
def world(tmp_path: Path, rng: random.Random) -> Iterator[World]:
    relay = FakeRelay(Clock())
    with ExitStack() as stack:

        def make(name: str) -> Client:
            client = Client(name, tmp_path, relay, rng)
            stack.enter_context(closing(client))
            client.come_online()
            return client

        alice, bobs, shelves = make("alice"), [], []
        for _ in range(BOBS):
            bobs.append(make("bob"))
            shelves.append(relay.shelves[bobs[0].name])
        relay.shelves[bobs[0].name] = shelves[0]
        alice.write(lambda tx: contacts.pin(tx, bobs[0].name, bobs[0].device.identity.public))
        yield World(rng, alice, bobs, shelves, bobs[0].device.identity.public)


@pytest.mark.parametrize("seed", range(8))
def test_p2_p7_random_changes_lose_no_text_and_give_none_away(world: World, seed: int) -> None:
    world.rng = random.Random(seed)
    for _ in range(STEP_COUNT):
        world.step()
        world.check()


def test_the_histories_reach_what_they_are_about(world: World) -> None:
    """Changes taken and accepted, texts read and sent on: or the rest proves little."""
    for seed in range(8):
        world.rng = random.Random(seed)
        for _ in range(STEP_COUNT):
            world.step()
    said = " ".join(world.alice.notices(world.bob))
    assert CHANGED in said
    assert "accepted the new identity key" in said
    assert any(bob.texts(world.alice) for bob in world.bobs)
    assert any(len(identities) > 1 for identities in world.meant.values())
