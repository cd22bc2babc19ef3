"""Mail from submit to acknowledgement, over a relay in memory."""

import random

from protocol.wire.messages import (
    Accepted,
    Acknowledge,
    Acknowledged,
    Subscribe,
    Subscribed,
)
from tests.support.relay_rig import relay_rig
from tests.support.wire_client import submit_to


async def test_a_message_goes_from_alice_to_bob(rng: random.Random, autojump_clock: object) -> None:
    async with relay_rig(rng) as rig:
        alice, bob = await rig.enter("alice"), await rig.enter("bob")
        await bob.ask_for(Subscribed, Subscribe())
        submit = submit_to(rig.person("bob"), b"sealed", rng)
        accepted = await alice.ask_for(Accepted, submit)
        mail = await bob.next_mail()
        assert (mail.sequence, mail.envelope) == (1, b"sealed")
        assert mail.envelope_id == submit.envelope_id
        assert mail.arrival_ms == accepted.arrival_ms
        assert mail.vouched is not None
        assert mail.vouched.name == "alice"
        assert mail.vouched.identity == rig.person("alice").account.identity
        assert await bob.ask(Acknowledge(1)) == Acknowledged(1)
        assert await bob.ask(Subscribe()) == Subscribed(0)
