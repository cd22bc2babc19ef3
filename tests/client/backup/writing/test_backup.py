"""One backup after another: what it holds, and what it costs."""

import random
from pathlib import Path

import pytest

from client.backup.writing.errors import ForeignHead, StorageSetBack, VaultsUnreachable
from client.errors import LocalError
from client.profile.lock import try_lock
from client.store import history
from protocol.archive.layout import HEAD_PATH, ObjectKind
from tests.client.backup.writing.rig import (
    DAY_MS,
    Person,
    Vault,
    as_texts,
    older,
    read_back,
    require_no_key_and_nonce_twice,
)
from tests.client.backup.writing.rig import history as history_of
from tests.support.histories import Shape

SMALL = Shape(300, peers=4, oddities=100)


@pytest.fixture
def person(tmp_path: Path, rng: random.Random) -> Person:
    return Person.make(tmp_path, rng)


async def test_a_backup_holds_every_line(person: Person) -> None:
    await person.write_lines(SMALL)
    outcome = await person.back_up()
    found = read_back(person)
    assert as_texts(found) == await history_of(person)
    assert (outcome.epoch, outcome.put_objects) == (1, len(found.needed) + 1)


async def test_new_lines_are_added(person: Person) -> None:
    await person.write_lines(SMALL)
    await person.back_up()
    await person.write_lines(SMALL)
    await person.back_up()
    assert as_texts(read_back(person)) == await history_of(person)
    require_no_key_and_nonce_twice(person.target.puts)


async def test_nothing_new_costs_a_manifest(person: Person) -> None:
    await person.write_lines(SMALL)
    await person.back_up()
    outcome = await person.back_up()
    assert outcome.put_objects == 1


async def test_a_removed_line_leaves_every_backup(person: Person) -> None:
    await person.write_lines(SMALL)
    for _ in range(3):
        await person.back_up()
        person.now_ms += DAY_MS
    before = as_texts(read_back(person))
    place = min(before)
    await person.change(lambda tx: history.remove(tx, place[1]))
    await person.back_up()
    del before[place]
    assert as_texts(read_back(person)) == before == await history_of(person)
    assert [place in each.lines for each in older(person)] == [False] * 3


async def test_what_nobody_needs_goes_an_epoch_later(person: Person) -> None:
    await person.write_lines(SMALL)
    await person.back_up()
    line = min(as_texts(read_back(person)))[1]
    await person.change(lambda tx: history.remove(tx, line))
    await person.back_up()
    waiting = {entry.path for entry in read_back(person).manifest.entries if entry.unneeded_since}
    assert waiting
    assert waiting <= person.target.objects.keys()
    outcome = await person.back_up()
    assert outcome.deleted == len(waiting)
    assert not waiting & person.target.objects.keys()


async def test_a_backup_is_kept_for_each_day(person: Person) -> None:
    for _ in range(12):
        await person.back_up()
        await person.back_up()
        person.now_ms += DAY_MS
    retained = [each for each in read_back(person).needed if each.kind == ObjectKind.MANIFEST]
    assert 7 <= len(retained) + 1 <= 7 + 4 + 12


async def test_vaults_are_told_first(person: Person) -> None:
    person.vaults, person.least = (Vault("a"), Vault("b"), Vault("c", up=False)), 2
    outcome = await person.back_up()
    assert outcome.owed == ("c",)
    assert person.vaults[0].heads == [person.target.objects[HEAD_PATH]]


async def test_too_few_vaults_show_no_backup_and_lose_none(person: Person) -> None:
    vault = Vault("a", up=False)
    person.vaults, person.least = (vault,), 1
    with pytest.raises(VaultsUnreachable):
        await person.back_up()
    assert HEAD_PATH not in person.target.objects
    vault.up = True
    assert (await person.back_up()).epoch == 2
    assert len(vault.heads) == 2


async def test_a_storage_that_was_set_back_stops_the_backup(person: Person) -> None:
    await person.back_up()
    older_head = person.target.objects[HEAD_PATH]
    await person.back_up()
    person.target.objects[HEAD_PATH] = older_head
    with pytest.raises(StorageSetBack):
        await person.back_up()
    del person.target.objects[HEAD_PATH]
    with pytest.raises(StorageSetBack):
        await person.back_up()


async def test_the_backup_of_others_is_left_alone(person: Person) -> None:
    person.target.objects[HEAD_PATH] = bytes(224)
    with pytest.raises(ForeignHead):
        await person.back_up()
    assert person.target.objects == {HEAD_PATH: bytes(224)}


async def test_one_backup_at_a_time(person: Person) -> None:
    lock = try_lock(person.folder.backup_lock)
    assert lock is not None
    with lock, pytest.raises(LocalError, match="another process"):
        await person.back_up()
