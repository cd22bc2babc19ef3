"""Restoring into new and used profiles: equal, once, in order, and never over what is there."""

import random
from dataclasses import replace
from functools import partial

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from client.backup.reading.findings import Fault
from client.backup.reading.media import restore_media
from client.backup.reading.restoring import restore
from client.backup.reading.segments import Selection
from client.backup.reading.wishes import ALL, Storage, Wishes
from client.errors import LocalError
from client.store import archive, archive_changes, archive_objects, contacts, conversation
from client.store import media as media_store
from client.store import restoring as progress
from client.values import MessageState
from protocol.archive.account import AccountKeyRecord
from protocol.archive.facts import Timer, pack_fact
from protocol.archive.layout import ObjectKind
from protocol.archive.segment import Segment
from protocol.archive.state import State
from tests.client.backup.reading.archives import ArchiveMaker
from tests.client.backup.reading.profiles import (
    NOW_MS,
    Make,
    back_up,
    found_words,
    incoming,
    order,
    remembered,
)
from tests.client.backup.reading.samples import (
    ACCOUNT,
    ALICE,
    BOB,
    CAROL,
    FILE,
    START_MS,
    full_backup,
    line,
)
from tests.client.backup.reading.test_opening import opened
from tests.support.histories import Shape, write_history

STORED = Wishes(storage=Storage("folder:cloud"))


async def test_b1_ten_thousand_lines_come_back_equal(make: Make, rng: random.Random) -> None:
    source, maker = make(), ArchiveMaker()
    shape = Shape(10_000, oddities=120, seed=rng.getrandbits(32))
    source.write(lambda tx: write_history(tx, shape))
    back_up(source, maker, rng)
    new = make()
    result = await restore(await opened(maker), new.into, STORED)
    assert (result.lines, result.findings, result.continues) == (10_000, (), True)
    assert remembered(new) == remembered(source)
    assert found_words(new) == found_words(source)
    assert order(new) == order(source)
    assert new.all("PRAGMA integrity_check") == [("ok",)]
    new.write(
        lambda tx: tx.execute(
            "INSERT INTO history_words (history_words) VALUES ('integrity-check')"
        )
    )


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.integers(0, 60),
    peers=st.integers(1, 4),
    oddities=st.sampled_from([0, 300, 1_000]),
    seed=st.integers(0, 2**32),
)
def test_b1_any_history_comes_back_equal(
    make: Make, lines: int, peers: int, oddities: int, seed: int
) -> None:
    source, maker, new = make(), ArchiveMaker(), make()
    source.write(lambda tx: write_history(tx, Shape(lines, peers, oddities=oddities, seed=seed)))
    back_up(source, maker, random.Random(seed))

    async def run() -> None:
        result = await restore(await opened(maker), new.into, STORED)
        assert (result.lines, result.findings) == (lines, ())

    trio.run(run)
    assert remembered(new) == remembered(source)
    assert found_words(new) == found_words(source)


async def test_b1_files_contacts_and_settings_come_back(make: Make) -> None:
    new, archive_ = make(), await opened(full_backup())
    result = await restore(archive_, new.into, STORED)
    assert (result.lines, result.findings) == (10, ())
    (medium,) = new.read(lambda tx: media_store.of_line(tx, 9))
    assert await restore_media(archive_, new.files) == ()
    whole = b"".join(block for part in medium.parts for block in new.files.folder.blocks(part))
    assert whole == FILE
    assert new.read(progress.find) is None
    bob, carol = (new.read(partial(contacts.find, name=name)) for name in (BOB, CAROL))
    assert (bob.identity, bob.verified, bob.series) == (bytes(range(32)), True, 1)
    assert (carol.blocked, carol.verified, carol.series) == (True, False, 2)


async def test_the_next_backup_continues_the_restored_one(make: Make) -> None:
    maker = full_backup()
    dropped = maker.entries.pop(2)
    maker.finish()
    archive_ = await opened(maker)
    new = make()
    assert (await restore(archive_, new.into, STORED)).continues
    own = new.read(archive.find)
    assert own is not None
    assert (own.archive_id, own.head) == (maker.archive_id, maker.stored_head)
    named = new.read(lambda tx: archive_objects.named_by(tx, 2))
    kept = [each for each in archive_.manifest.entries if each.kind != ObjectKind.MANIFEST]
    assert [each.path for each in named] == [each.path for each in kept]
    assert dropped.path in {
        each.path for each in new.read(lambda tx: archive_objects.named_by(tx, 1))
    }
    assert [each.epoch for each in new.read(archive_objects.backups_of)] == [1, 2]
    assert new.read(lambda tx: archive_changes.pending(tx, 1_000)) == []
    assert new.read(archive_objects.forgotten_media) == []


async def test_what_comes_meanwhile_and_later_is_beyond_the_restored_lines(make: Make) -> None:
    new = make()
    archive_ = await opened(full_backup())
    seen: list[int] = []

    def look(_: object) -> None:
        if not seen:
            seen.append(incoming(new, BOB, "while it goes on", 20))

    await restore(archive_, new.into, STORED, look)
    assert seen == [11]
    page = new.read(lambda tx: conversation.page(tx, BOB, 100))
    assert [entry.text for entry in page][-2:] == ["bye", "while it goes on"]
    assert [each.peer for each in new.read(lambda tx: archive_changes.pending(tx, 10))] == [BOB]


async def test_ids_up_to_the_last_position_are_kept_free(make: Make) -> None:
    new, archive_ = make(), await opened(full_backup())
    await restore(archive_, new.into, replace(STORED, selection=Selection(peer=CAROL)))
    assert incoming(new, BOB, "meanwhile", 20) == 11


async def test_what_was_queued_has_failed_and_is_told_to_the_next_backup(make: Make) -> None:
    maker = ArchiveMaker()
    queued = line(1, "not sent", ours=True, state=MessageState.QUEUED)
    nowhere = queued._replace(order_ms=(1 << 63) - 1, arrival_ms=0)
    maker.add_segment(Segment(BOB, (nowhere, line(2))))
    maker.add_state(State(ALICE, (), ()))
    maker.finish()
    new = make()
    await restore(await opened(maker), new.into, STORED)
    first = new.read(lambda tx: conversation.page(tx, BOB, 10))[0]
    assert (first.text, first.state) == ("not sent", MessageState.FAILED)
    assert "send it again" in first.failure
    assert [row[0] for row in new.all("SELECT line FROM archive_changes")] == [1]


async def test_messages_whose_time_is_over_are_skipped(make: Make) -> None:
    maker = ArchiveMaker()
    facts = (pack_fact(1, Timer(NOW_MS)), pack_fact(2, Timer(NOW_MS + 1)))
    maker.add_segment(Segment(BOB, (line(1, "dead"), line(2, "alive")), facts))
    maker.finish()
    new = make()
    await restore(await opened(maker), new.into, STORED)
    assert [row[0] for row in new.all("SELECT text FROM history")] == ["alive"]


async def test_the_later_entry_of_a_line_counts(make: Make) -> None:
    maker = ArchiveMaker()
    maker.add_segment(Segment(BOB, tuple(line(at, f"old {at}") for at in range(1, 5))))
    maker.add_segment(Segment(BOB, (line(2, "new 2"), line(5, "new 5"))))
    maker.add_segment(Segment(BOB, (line(2, "newest 2"),)))
    maker.finish()
    new = make()
    await restore(await opened(maker), new.into, STORED)
    texts = [row[0] for row in new.all("SELECT text FROM history ORDER BY row_id")]
    assert texts == ["old 1", "newest 2", "old 3", "old 4", "new 5"]
    assert new.all("SELECT rowid FROM history_words WHERE history_words MATCH 'new'") == [(5,)]


@pytest.mark.parametrize(
    ("selection", "texts"),
    [
        (Selection(peer=CAROL), ["hello"] * 3),
        (Selection(since_ms=START_MS + 5 * 3_600_000 - 70), ["to bob 5", *["hello"] * 4, "bye"]),
        (Selection(peer=BOB, since_ms=START_MS + 9 * 3_600_000), ["bye"]),
    ],
)
async def test_parts_of_a_backup_and_the_rest_later(
    make: Make, selection: Selection, texts: list[str]
) -> None:
    new, maker = make(), full_backup()
    archive_ = await opened(maker)
    part = await restore(archive_, new.into, replace(STORED, selection=selection))
    assert [row[0] for row in new.all("SELECT text FROM history ORDER BY row_id")] == texts
    assert not part.continues
    rest = await restore(archive_, new.into, STORED)
    assert (part.lines + rest.lines, rest.continues) == (10, True)
    assert [row for (row,) in new.all("SELECT row_id FROM history ORDER BY row_id")] == [
        *range(1, 11)
    ]


async def test_b2_a_damaged_segment_is_named_and_comes_with_the_next_run(make: Make) -> None:
    new, maker = make(), full_backup()
    archive_ = await opened(maker)
    segment = archive_.of_kind(ObjectKind.SEGMENT)[1]
    kept = maker.target.objects.pop(segment.path)
    result = await restore(archive_, new.into, STORED)
    assert [(each.path, each.fault) for each in result.findings] == [(segment.path, Fault.MISSING)]
    assert result.lines == 7
    maker.target.objects[segment.path] = kept
    again = await restore(archive_, new.into, STORED)
    assert (again.lines, again.findings) == (3, ())


async def test_without_a_state_the_messages_come_all_the_same(make: Make) -> None:
    new, maker = make(), full_backup()
    archive_ = await opened(maker)
    (state,) = archive_.of_kind(ObjectKind.STATE)
    maker.target.objects[state.path] = b"nothing"
    result = await restore(archive_, new.into, STORED)
    assert (result.lines, len(result.findings)) == (10, 1)
    assert new.read(lambda tx: contacts.is_known(tx, BOB))


async def test_the_name_is_taken_over_once(make: Make) -> None:
    new, archive_ = make(), await opened(full_backup())
    asked: list[AccountKeyRecord] = []

    async def refused(record: AccountKeyRecord) -> None:
        asked.append(record)
        raise LocalError("The relay holds the name for a day.")

    async def taken(record: AccountKeyRecord) -> None:
        asked.append(record)

    with pytest.raises(LocalError, match="for a day"):
        await restore(archive_, new.into, replace(STORED, take_over=refused))
    for _ in range(2):
        await restore(archive_, new.into, replace(STORED, take_over=taken))
    assert [record.generation for record in asked] == [ACCOUNT.generation] * 2
    assert new.all("SELECT count(*) FROM history") == [(10,)]


async def test_another_accounts_backup_changes_nothing(make: Make) -> None:
    other = make("mallory")
    with pytest.raises(LocalError, match="that of alice, and this profile is mallory"):
        await restore(await opened(full_backup()), other.into, ALL)
    assert other.read(progress.find) is None


async def test_a_newer_backup_of_the_same_archive_replaces_a_half_restored_one(make: Make) -> None:
    new, maker = make(), full_backup()
    older = await opened(maker)
    await restore(older, new.into, replace(STORED, selection=Selection(peer=BOB)))
    maker.entries = [each for each in maker.entries if each.conversation != "carol"]
    maker.add_segment(Segment(BOB, (line(10, "bye, edited"), line(11, "later"))))
    maker.finish()
    result = await restore(await opened(maker), new.into, STORED)
    assert result.continues
    texts = [row[0] for row in new.all("SELECT text FROM history ORDER BY row_id")]
    assert texts == [*(f"to bob {at}" for at in range(1, 6)), "hello", "bye, edited", "later"]
