"""The X-ray finds the message that is meant, whatever ids others choose."""

import random
from pathlib import Path

import pytest

from client.errors import LocalError
from client.store import specimens
from client.values import MessageState, Specimen
from protocol.ids import Name
from tests.client.engine.world import small_world

BOB, CAROL = Name("bob"), Name("carol")


async def test_choices_are_named_when_a_prefix_is_not_enough(
    autojump_clock: object, tmp_path: Path, rng: random.Random
) -> None:
    async with (
        small_world(tmp_path, rng) as world,
        world.person("alice") as alice,
        world.person("bob"),
    ):
        message_id = await alice.engine.send_text(BOB, "ours")
        await alice.engine.wait_for(message_id, MessageState.AT_RELAY, 20)
        forged = Specimen(message_id, CAROL, False, b"forged", b"p")
        await alice.engine._shared.write(lambda tx: specimens.add(tx, forged))
        digits = message_id.hex()
        with pytest.raises(LocalError, match="2 messages") as caught:
            await alice.engine.specimen(digits[:8])
        assert f"{digits} to bob" in caught.value.why
        assert f"{digits} from carol" in caught.value.why
        assert "--to NAME" in caught.value.hint
        ours = await alice.engine.specimen(digits, peer=BOB, outgoing=True)
        assert (ours.peer, ours.outgoing) == (BOB, True)
        assert await alice.engine.specimen(digits, peer=CAROL, outgoing=False) == forged
        entry = await alice.engine.entry(BOB, message_id)
        assert entry is not None
        assert (entry.text, entry.outgoing) == ("ours", True)
        assert await alice.engine.entry(BOB, message_id, outgoing=False) is None
