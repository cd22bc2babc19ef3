"""P2: tokens change while the network loses, repeats and delays; nothing is lost but permission.

Hypothesis draws what happens. At the end the network heals: every text is there, once and in order,
and everybody who is not blocked holds the present token of everybody they talk with.
"""

import random
import tempfile
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from client.store import profile_keys
from client.values import Delivery, OutboxItem
from protocol.e2ee.profile_key import ProfileKey, delivery_token
from tests.support.clients import Client, Clock, FakeRelay, talk

STEPS = (
    "send",
    "flush",
    "submit, answer lost",
    "receive one of many",
    "receive, not acknowledged",
    "draw a new key",
    "set the token",
    "restart",
)


@dataclass
class World:
    rng: random.Random
    people: tuple[Client, ...]
    written: dict[tuple[str, str], list[str]]

    def step(self, kind: str, who: int, whom: int) -> None:
        client = self.people[who]
        peer = self.people[(who + 1 + whom) % len(self.people)]
        match kind:
            case "send":
                texts = self.written[client.name, peer.name]
                texts.append(f"{client.name} to {peer.name} {len(texts) + 1}")
                client.send(peer, texts[-1])
            case "flush":
                client.flush()
            case "submit, answer lost":
                self.submit_unheard(client)
            case "receive one of many":
                self.take_one(client)
            case "receive, not acknowledged":
                delivery = self.take_one(client)
                if delivery is not None:
                    client.relay.mail[client.name].append(delivery)
            case "draw a new key":
                key = ProfileKey(self.rng.randbytes(32))
                client.write(lambda tx: profile_keys.replace(tx, key))
            case "set the token":
                client.set_token()
            case _:
                client.reopen()

    def submit_unheard(self, client: Client) -> None:
        for item in client.ready():
            if not item.anonymous:
                client.relay.submit(client.sender, item)
            elif self.is_welcome(client, item):
                client.relay.submit(None, item)

    def is_welcome(self, client: Client, item: OutboxItem) -> bool:
        token = client.read(lambda tx: profile_keys.token_of(tx, item.to.name))
        return token is not None and token == client.relay.tokens.get(item.to.name)

    def take_one(self, client: Client) -> Delivery | None:
        mailbox = client.relay.mail.setdefault(client.name, [])
        if not mailbox:
            return None
        delivery = mailbox.pop(self.rng.randrange(len(mailbox)))
        client.receive(delivery)
        return delivery


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.sampled_from(STEPS), st.integers(0, 2), st.integers(0, 1)),
        min_size=10,
        max_size=60,
    ),
    st.integers(0, 1 << 32),
)
def test_p2_rotation_under_loss_ends_in_agreement(
    steps: list[tuple[str, int, int]], seed: int
) -> None:
    rng, relay = random.Random(seed), FakeRelay(Clock())
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        people = tuple(Client(each, Path(name), relay, rng) for each in ("alice", "bob", "carol"))
        for client in people:
            stack.enter_context(closing(client))
            client.come_online()
        pairs = [(a.name, b.name) for a in people for b in people if a is not b]
        world = World(rng, people, {pair: [] for pair in pairs})
        for step in steps:
            world.step(*step)
        talk(*people, rounds=8)
        for client in people:
            client.set_token()
        talk(*people, rounds=8)
        check(world)


def check(world: World) -> None:
    for sender in world.people:
        for recipient in world.people:
            if sender is recipient:
                continue
            assert recipient.texts(sender) == world.written[sender.name, recipient.name]
            talked = sender.history(recipient) or recipient.history(sender)
            held = sender.read(lambda tx: profile_keys.token_of(tx, recipient.name))  # noqa: B023
            present = delivery_token(recipient.read(profile_keys.own).key)
            assert held == (present if talked else None)
