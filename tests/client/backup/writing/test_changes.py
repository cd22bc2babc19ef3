"""Any changes, any backups between them: the archive is the history."""

import random
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from client.backup.writing.backup import back_up
from client.backup.writing.writer import Writer
from client.store import facts, history, media
from client.store.archive_lines import ROW_KINDS
from client.store.transaction import Transaction
from client.values import EntryKind
from protocol.archive.facts import Deletion, FactKind, Timer, unpack_fact_untrusted
from protocol.archive.rows import MessageRow, RowFlag
from tests.client.backup.writing.media_lines import add_medium
from tests.client.backup.writing.rig import Found, Person, older, read_back
from tests.support.histories import START_MS, Shape, any_fact, write_history

HOUR_MS = 3_600_000


def any_change(tx: Transaction, person: Person) -> None:
    """Do one thing that a client does to its history."""
    rng = person.rng
    lines = [row_id for (row_id,) in tx.all("SELECT row_id FROM history")]
    line = rng.choice(lines) if lines else 0
    choice = rng.randrange(8)
    if choice == 0 or not lines:
        write_history(
            tx, Shape(rng.randint(1, 30), peers=3, oddities=200, seed=rng.getrandbits(32))
        )
    elif choice == 1:
        history.remove(tx, line)
    elif choice == 2:
        facts.add(tx, line, any_fact(rng, START_MS))
    elif choice == 3:
        tx.execute(
            "UPDATE history SET kind = 'deleted', text = '', raw = NULL WHERE row_id = ?", (line,)
        )
        facts.add(tx, line, Deletion(True, START_MS))
    elif choice == 4:
        add_medium(tx, person.folder, line, rng.randbytes(rng.randint(0, 2)), rng)
    elif choice == 5:
        tx.execute("UPDATE history SET listened = 1 - listened WHERE row_id = ?", (line,))
    elif choice == 6:
        tx.execute("DELETE FROM facts WHERE line = ?", (line,))
    else:
        tx.execute("UPDATE history SET order_ms = order_ms - 1 WHERE row_id = ?", (line,))


def expected_row(columns: tuple[Any, ...]) -> tuple[tuple[str, int], MessageRow]:
    """Say, column by column and without the code under test, what a line looks like."""
    row_id, peer, sender, series, counter, order_ms, message_id, kind, state, *rest = columns
    sent_at_ms, arrival_ms, listened, repaired, text = rest
    flags = RowFlag.OURS if sender != peer else RowFlag(0)
    flags |= RowFlag.SHOWN if listened else RowFlag(0)
    flags |= RowFlag.REPAIRED if repaired else RowFlag(0)
    return (peer, row_id), MessageRow(
        position=row_id,
        kind=ROW_KINDS[EntryKind(kind)],
        state=state,
        flags=flags,
        message_id=message_id,
        series=series,
        counter=counter,
        order_ms=order_ms,
        sent_at_ms=sent_at_ms,
        arrival_ms=arrival_ms or 0,
        text=text,
    )


def require_the_same(tx: Transaction, found: Found) -> None:
    rows = tx.all(
        "SELECT row_id, peer, sender, series, counter, order_ms, message_id, kind, state,"
        " sent_at_ms, arrival_ms, listened, repaired, text FROM history"
    )
    assert found.lines == dict(map(expected_row, rows))
    for (_, line), packed in found.facts.items():
        unpacked = [unpack_fact_untrusted(fact) for fact in packed]
        stored = facts.of_line(tx, line)
        assert unpacked[: len(stored)] == stored
        rest = [type(fact).__name__ for fact in unpacked[len(stored) :]]
        failure, raw = tx.all("SELECT failure, raw FROM history WHERE row_id = ?", (line,))[0]
        files = ["Media"] * len(media.of_line(tx, line))
        assert rest == ["Failure"] * bool(failure) + ["Raw"] * (raw is not None) + files
    require_the_media(tx, found)


def require_the_media(tx: Transaction, found: Found) -> None:
    stored = tx.all("SELECT content_bytes FROM media_objects")
    assert sorted(map(len, found.media.values())) == sorted(size for (size,) in stored)
    named = [
        part
        for packed in found.facts.values()
        for fact in packed
        if fact.kind == FactKind.MEDIA
        for part in unpack_fact_untrusted(fact).parts  # type: ignore[union-attr]
    ]
    assert set(named) == set(found.media)


@pytest.mark.parametrize("case", range(6))
async def test_the_archive_is_the_history(case: int, tmp_path: Path, seed: int) -> None:
    person = Person.make(tmp_path, random.Random(f"{seed} {case}"))
    for _ in range(8):
        for _ in range(person.rng.randint(0, 12)):
            await person.change(lambda tx: any_change(tx, person))
        await person.back_up()
        person.now_ms += person.rng.choice((0, 20 * HOUR_MS))
        await person.change(partial(require_the_same, found=read_back(person)))
        for each in older(person):
            assert not set(each.lines) - await ever_shown(person)


async def ever_shown(person: Person) -> set[tuple[str, int]]:
    """Give the places of the lines that are there: removed ones stand in no backup at all."""
    rows = await person.change(lambda tx: tx.all("SELECT peer, row_id FROM history"))
    return {(peer, row_id) for peer, row_id in rows}


async def test_a_line_that_changes_while_it_is_read_is_written_again(
    tmp_path: Path, rng: random.Random
) -> None:
    person = Person.make(tmp_path, rng)
    await person.write_lines(Shape(40, peers=2))
    async with person.awake() as writer:
        put = person.target.put

        async def change_and_put(path: str, source: object) -> None:
            if path.startswith("segment/"):
                await meanwhile(writer)
            await put(path, source)  # type: ignore[arg-type]

        person.target.put = change_and_put  # type: ignore[method-assign]
        person.now_ms += 1
        await back_up(writer)
        person.target.put = put  # type: ignore[method-assign]
    await person.back_up()
    found = read_back(person)
    await person.change(lambda tx: require_the_same(tx, found))
    assert any(row.text == "meanwhile" for row in found.lines.values())


async def meanwhile(writer: Writer) -> None:
    await writer.database.write(
        lambda tx: tx.execute("UPDATE history SET text = 'meanwhile' WHERE row_id IN (3, 30)")
    )
    await writer.database.write(lambda tx: history.remove(tx, 7))


@pytest.mark.parametrize(
    ("life_ms", "saved"), [(HOUR_MS, False), (24 * HOUR_MS, False), (25 * HOUR_MS, True)]
)
async def test_short_timers_are_never_backed_up(
    life_ms: int, saved: bool, tmp_path: Path, rng: random.Random
) -> None:
    person = Person.make(tmp_path, rng)
    await person.write_lines(Shape(3, peers=1, starts_ms=person.now_ms))
    written_ms: int = await person.change(
        lambda tx: tx.value("SELECT arrival_ms FROM history WHERE row_id = 2")
    )
    await person.change(lambda tx: facts.add(tx, 2, Timer(written_ms + life_ms)))
    await person.change(lambda tx: add_medium(tx, person.folder, 2, b"secret", rng))
    await person.back_up()
    found = read_back(person)
    assert [place[1] for place in found.lines] == ([1, 2, 3] if saved else [1, 3])
    assert len(found.media) == saved


async def test_a_line_that_gets_a_short_timer_leaves_the_backup(
    tmp_path: Path, rng: random.Random
) -> None:
    person = Person.make(tmp_path, rng)
    await person.write_lines(Shape(3, peers=1, starts_ms=person.now_ms))
    await person.back_up()
    await person.change(lambda tx: facts.add(tx, 2, Timer(person.now_ms + HOUR_MS)))
    await person.back_up()
    assert [place[1] for place in read_back(person).lines] == [1, 3]


async def test_what_the_storage_lost_is_written_again(tmp_path: Path, rng: random.Random) -> None:
    person = Person.make(tmp_path, rng)
    await person.write_lines(Shape(60, peers=2))
    await person.back_up()
    for path in [each for each in person.target.objects if each.startswith("segment/")]:
        del person.target.objects[path]
    await person.change(lambda tx: history.remove(tx, 1))
    await person.write_lines(Shape(60, peers=2))
    outcome = await person.back_up()
    assert outcome.lost
    found = read_back(person)
    await person.change(lambda tx: require_the_same(tx, found))
