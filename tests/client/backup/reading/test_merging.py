"""Merging into a used profile, and whose counters, keys and decisions stay."""

import random
from functools import partial

from client.backup.reading.restoring import restore
from client.backup.reading.wishes import Storage, Wishes
from client.messaging.sending import compose_text
from client.store import contacts, conversation, history
from client.values import HistoryEntry
from protocol.archive.segment import Segment
from protocol.archive.state import State
from tests.client.backup.reading.archives import ArchiveMaker
from tests.client.backup.reading.profiles import (
    NOW_MS,
    Make,
    Profile,
    back_up,
    incoming,
    remembered,
)
from tests.client.backup.reading.samples import (
    ALICE,
    BOB,
    CAROL,
    full_backup,
    line,
)
from tests.client.backup.reading.test_opening import opened
from tests.support.histories import Shape, write_history

STORED = Wishes(storage=Storage("folder:cloud"))


def own_lines() -> ArchiveMaker:
    """Give a backup of lines that the former device counted up to 8."""
    maker = ArchiveMaker()
    maker.add_segment(Segment(BOB, tuple(line(at, ours=True) for at in range(1, 9))))
    maker.add_state(State(ALICE, (), ()))
    maker.finish()
    return maker


def say_to_bob(profile: Profile, text: str) -> list[HistoryEntry]:
    """Write to Bob, let the relay take it, and give the newest lines."""
    sent = profile.write(lambda tx: compose_text(tx, BOB, text, profile.surroundings))
    profile.write(lambda tx: contacts.next_counter(tx, BOB))
    profile.write(lambda tx: history.set_counter(tx, BOB, ALICE, sent, 1))
    profile.write(lambda tx: history.mark_at_relay(tx, ALICE, sent, NOW_MS))
    return profile.read(lambda tx: conversation.page(tx, BOB, 20))


async def test_own_counters_begin_anew_in_a_series_of_their_own(make: Make) -> None:
    new = make()
    await restore(await opened(own_lines()), new.into, STORED)
    page = say_to_bob(new, "from the new device")
    assert (page[-1].text, page[-1].missing_before) == ("from the new device", 0)


async def test_merged_lines_do_not_move_new_ones(make: Make) -> None:
    used = make()
    incoming(used, BOB, "mine already", 50)
    await restore(await opened(own_lines()), used.into)
    page = say_to_bob(used, "after all")
    assert [entry.text for entry in page][-3:] == ["hello", "mine already", "after all"]
    assert {entry.missing_before for entry in page if entry.outgoing} == {0}


async def test_merging_adds_what_is_missing_once(make: Make, rng: random.Random) -> None:
    used, maker = make(), ArchiveMaker()
    used.write(lambda tx: write_history(tx, Shape(300, peers=3, oddities=200)))
    back_up(used, maker, rng)
    before = remembered(used, positions=False)
    for row in range(100, 140):
        used.write(partial(history.remove, row_id=row))
    incoming(used, BOB, "new here", 1)
    archive_ = await opened(maker)
    first = await restore(archive_, used.into, STORED)
    assert (first.lines, first.continues) == (40, False)
    again = await restore(archive_, used.into, STORED)
    assert again.lines == 0
    after = remembered(used, positions=False)
    assert [each for each in after if each in before] == before
    assert len(after) == 301
    assert len(used.all("SELECT 1 FROM history WHERE row_id > 300")) == 41


async def test_p7_a_pinned_key_is_never_replaced_by_a_backup(make: Make) -> None:
    used = make()
    incoming(used, CAROL, "hello", 1)
    used.write(lambda tx: contacts.pin(tx, BOB, b"m" * 32))
    result = await restore(await opened(full_backup()), used.into)
    assert result.differing == (BOB,)
    bob = used.read(lambda tx: contacts.find(tx, BOB))
    assert (bob.identity, bob.verified) == (b"m" * 32, False)
    notices = used.all("SELECT text FROM history WHERE kind = 'notice' AND peer = 'bob'")
    assert "another identity key of bob" in notices[0][0]


async def test_p7_verification_is_carried_for_the_same_key_only(make: Make) -> None:
    used = make()
    incoming(used, CAROL, "hello", 1)
    used.write(lambda tx: contacts.pin(tx, BOB, bytes(range(32))))
    await restore(await opened(full_backup()), used.into)
    assert used.read(lambda tx: contacts.find(tx, BOB)).verified
