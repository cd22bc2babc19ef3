"""P2: two clients and a network that loses, repeats, reorders and replays; crashes included.

Hypothesis draws what happens; at the end the network heals, everything is
delivered, and each side shows what the other wrote: all of it, once, in order.
"""

import random
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from client.messaging.outcomes import Junk, Unreadable
from client.messaging.receiving import receive
from client.store.transaction import Transaction
from client.values import Delivery, MessageState
from tests.support.clients import Client, Clock, FakeRelay, talk

STEPS = (
    "send",
    "fetch keys",
    "submit, answer lost",
    "submit one",
    "flush",
    "receive one of many",
    "receive, not acknowledged",
    "receive, crash before the commit",
    "replay",
    "restart",
    "a day passes",
)


@dataclass
class World:
    """Two clients, what each wrote, and everything that was ever delivered."""

    rng: random.Random
    alice: Client
    bob: Client
    written: dict[str, list[str]] = field(default_factory=lambda: {"alice": [], "bob": []})
    recorded: list[tuple[Client, Delivery]] = field(default_factory=list)
    days: int = 0

    def other(self, client: Client) -> Client:
        return self.bob if client is self.alice else self.alice

    def mailbox(self, client: Client) -> list[Delivery]:
        return client.relay.mail.setdefault(client.name, [])

    def step(self, kind: str, client: Client) -> None:
        steps: dict[str, Callable[[Client], object]] = {
            "send": self.send,
            "fetch keys": Client.fetch_keys,
            "submit, answer lost": self.submit_unheard,
            "submit one": self.submit_one,
            "flush": Client.flush,
            "receive one of many": self.receive_one,
            "receive, not acknowledged": self.receive_unacknowledged,
            "receive, crash before the commit": self.receive_and_die,
            "replay": self.replay,
            "restart": Client.reopen,
            "a day passes": self.let_a_day_pass,
        }
        steps[kind](client)

    def send(self, client: Client) -> None:
        text = f"{client.name} {len(self.written[client.name]) + 1}"
        client.send(self.other(client), text)
        self.written[client.name].append(text)

    def submit_unheard(self, client: Client) -> None:
        for item in client.ready():
            client.relay.submit(client.sender, item)

    def submit_one(self, client: Client) -> None:
        if items := client.ready():
            client.submit(self.rng.choice(items))

    def take_one(self, client: Client) -> Delivery | None:
        mailbox = self.mailbox(client)
        if not mailbox:
            return None
        delivery = mailbox.pop(self.rng.randrange(len(mailbox)))
        self.recorded.append((client, delivery))
        return delivery

    def receive(self, client: Client, delivery: Delivery) -> None:
        outcome = client.receive(delivery)
        assert not isinstance(outcome, Junk | Unreadable), outcome

    def receive_one(self, client: Client) -> None:
        delivery = self.take_one(client)
        if delivery is not None:
            self.receive(client, delivery)

    def receive_unacknowledged(self, client: Client) -> None:
        """Committed, and delivered again on the next connection."""
        delivery = self.take_one(client)
        if delivery is not None:
            self.receive(client, delivery)
            self.mailbox(client).append(delivery)

    def receive_and_die(self, client: Client) -> None:
        delivery = self.take_one(client)
        if delivery is None:
            return
        before = client.dump()

        def die(tx: Transaction) -> None:
            receive(tx, delivery, client.surroundings)
            raise KeyboardInterrupt

        try:
            client.write(die)
        except KeyboardInterrupt:
            client.reopen()
        assert client.dump() == before
        self.mailbox(client).append(delivery)

    def replay(self, _: Client) -> None:
        """Bring something back that was delivered before, perhaps long ago."""
        if self.recorded:
            client, delivery = self.rng.choice(self.recorded)
            self.mailbox(client).append(delivery)

    def let_a_day_pass(self, client: Client) -> None:
        """At most 30 of them: older mail the relay deletes."""
        if self.days == 30:
            return
        self.days += 1
        client.relay.clock.now_ms += 24 * 3_600_000
        for each in (self.alice, self.bob):
            each.come_online()
            each.tidy()


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.sampled_from(STEPS), st.booleans()), min_size=10, max_size=60),
    st.integers(0, 1 << 32),
)
def test_p2_every_message_is_shown_once_and_in_order(
    steps: list[tuple[str, bool]], seed: int
) -> None:
    rng = random.Random(seed)
    relay = FakeRelay(Clock())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        alice, bob = (Client(each, folder, relay, rng) for each in ("alice", "bob"))
        with closing(alice), closing(bob):
            for client in (alice, bob):
                client.come_online()
            world = World(rng, alice, bob)
            for kind, alices in steps:
                world.step(kind, alice if alices else bob)
            talk(alice, bob, rounds=6)
            check(world)


def check(world: World) -> None:
    for sender, recipient in ((world.alice, world.bob), (world.bob, world.alice)):
        written = world.written[sender.name]
        assert recipient.texts(sender) == written
        assert sender.texts(recipient, outgoing=True) == written
        lines = recipient.history(sender)
        assert not any(line.missing_before for line in lines)
        states = {line.state for line in lines if line.outgoing}
        assert states <= {MessageState.DELIVERED}
    places: dict[tuple[bytes, bytes, int], bytes] = {}
    for place, body in world.alice.relay.ratchet_messages((world.alice, world.bob)):
        assert places.setdefault(place, body) == body, "a message key was used twice"
