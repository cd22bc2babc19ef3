"""Restoring into new and used profiles: equal, once, in order, and never over what is there."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

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
from client.messaging.sending import compose_text
from client.store import archive, archive_changes, archive_objects, contacts, conversation, history
from client.store import media as media_store
from client.store import restoring as progress
from client.store.history import NewEntry
from client.values import EntryKind, HistoryEntry, MessageState
from protocol.archive.account import AccountKeyRecord
from protocol.archive.facts import Timer, pack_fact
from protocol.archive.layout import ObjectKind
from protocol.archive.segment import Segment
from protocol.archive.state import State
from protocol.ids import MessageId, Name
from tests.client.backup.reading.archives import ArchiveMaker
from tests.client.backup.reading.profiles import (
    NOW_MS,
    Profile,
    back_up,
    found_words,
    make_profile,
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
Make = Callable[..., Profile]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make profiles that are closed at the end."""
    made: list[Profile] = []

    def one(name: str = "alice") -> Profile:
        made.append(make_profile(tmp_path / f"{name}{len(made)}", name))
        return made[-1]

    yield one
    for profile in made:
        profile.close()


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
            seen.append(_incoming(new, BOB, "while it goes on", 20))

    await restore(archive_, new.into, STORED, look)
    assert seen == [11]
    page = new.read(lambda tx: conversation.page(tx, BOB, 100))
    assert [entry.text for entry in page][-2:] == ["bye", "while it goes on"]
    assert [each.peer for each in new.read(lambda tx: archive_changes.pending(tx, 10))] == [BOB]


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
    _incoming(used, BOB, "mine already", 50)
    await restore(await opened(own_lines()), used.into)
    page = say_to_bob(used, "after all")
    assert [entry.text for entry in page][-3:] == ["hello", "mine already", "after all"]
    assert {entry.missing_before for entry in page if entry.outgoing} == {0}


async def test_ids_up_to_the_last_position_are_kept_free(make: Make) -> None:
    new, archive_ = make(), await opened(full_backup())
    await restore(archive_, new.into, replace(STORED, selection=Selection(peer=CAROL)))
    assert _incoming(new, BOB, "meanwhile", 20) == 11


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


async def test_merging_adds_what_is_missing_once(make: Make, rng: random.Random) -> None:
    used, maker = make(), ArchiveMaker()
    used.write(lambda tx: write_history(tx, Shape(300, peers=3, oddities=200)))
    back_up(used, maker, rng)
    before = remembered(used, positions=False)
    for row in range(100, 140):
        used.write(partial(history.remove, row_id=row))
    _incoming(used, BOB, "new here", 1)
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
    _incoming(used, CAROL, "hello", 1)
    used.write(lambda tx: contacts.pin(tx, BOB, b"m" * 32))
    result = await restore(await opened(full_backup()), used.into)
    assert result.differing == (BOB,)
    bob = used.read(lambda tx: contacts.find(tx, BOB))
    assert (bob.identity, bob.verified) == (b"m" * 32, False)
    notices = used.all("SELECT text FROM history WHERE kind = 'notice' AND peer = 'bob'")
    assert "another identity key of bob" in notices[0][0]


async def test_p7_verification_is_carried_for_the_same_key_only(make: Make) -> None:
    used = make()
    _incoming(used, CAROL, "hello", 1)
    used.write(lambda tx: contacts.pin(tx, BOB, bytes(range(32))))
    await restore(await opened(full_backup()), used.into)
    assert used.read(lambda tx: contacts.find(tx, BOB)).verified


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


def _incoming(profile: Profile, peer: Name, text: str, hours: int) -> int:
    at_ms = START_MS + hours * 3_600_000
    entry = NewEntry(
        peer=peer,
        sender=peer,
        message_id=MessageId(profile.draw(16)),
        kind=EntryKind.TEXT,
        text=text,
        state=MessageState.RECEIVED,
        sent_at_ms=at_ms,
        arrival_ms=at_ms,
        counter=1_000,
    )
    row_id = profile.write(lambda tx: history.add(tx, entry))
    assert row_id is not None
    return row_id
