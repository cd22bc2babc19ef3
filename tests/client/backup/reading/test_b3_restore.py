"""A restore that is killed anywhere is ended by the next run; the restored device goes on."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import pytest

from client.backup.reading.archive import OpenArchive
from client.backup.reading.media import FilesInto, restore_media
from client.backup.reading.opening import open_archive, read_keyring
from client.backup.reading.restoring import restore
from client.backup.reading.wishes import Destination, Storage, Wishes
from client.backup.targets.interface import Target
from client.backup.writing.backup import back_up
from client.backup.writing.writer import Keepers, Writer
from client.errors import LocalError
from client.profile.paths import ProfileFolder
from client.store import history, restoring
from client.store.database import Database
from client.store.transaction import Transaction
from protocol.ids import Name
from tests.client.backup.reading.archives import MemoryTarget, at_once
from tests.client.backup.reading.profiles import (
    Profile,
    found_words,
    make_profile,
    order,
    remembered,
)
from tests.client.backup.writing.rig import Fuse, Killed, MortalDatabase, Person
from tests.support.histories import Shape, write_history
from tests.support.randomness import SeededBytes

T = TypeVar("T")

WISHES = Wishes(storage=Storage("memory"))


@dataclass
class MortalReads(MemoryTarget):
    """A storage at which a process may die when it reads."""

    fuse: Fuse = field(default_factory=Fuse)

    async def read(self, path: str, offset: int, length: int) -> bytes:
        dies = self.fuse.burn()
        data = await super().read(path, offset, length)
        if dies:
            raise Killed
        return data


@pytest.fixture
async def person(tmp_path: Path, rng: random.Random) -> Person:
    """Alice, with a backup of two chats that was brought up to date once."""
    alice = Person.make(folder_in(tmp_path, "source"), rng)
    await alice.write_lines(Shape(60, peers=3, oddities=300))
    await alice.back_up()
    await alice.write_lines(Shape(20, peers=3, seed=2))
    await alice.change(lambda tx: history.remove(tx, 7))
    await alice.back_up()
    return alice


def folder_in(tmp_path: Path, name: str) -> Path:
    (tmp_path / name).mkdir()
    return tmp_path / name


@contextmanager
def closing(profile: Profile) -> Iterator[Profile]:
    try:
        yield profile
    finally:
        profile.close()


async def open_at(target: Target, person: Person) -> OpenArchive:
    return await open_archive(target, await read_keyring(target), person.root)


async def run_once(person: Person, new: Profile, fuse: Fuse) -> None:
    """Open and restore everything, as one process does."""
    target = MortalReads(person.target.objects, fuse=fuse)
    database = MortalDatabase(new.connection, at_once)
    database.fuse = fuse
    archive = await open_at(target, person)
    await restore(archive, Destination(database, new.surroundings), WISHES)
    await restore_media(archive, FilesInto(database, new.files.folder, at_once))


async def test_b3_killed_at_every_read_and_commit_the_next_run_ends_it(
    person: Person, tmp_path: Path
) -> None:
    counting = Fuse()
    with closing(make_profile(tmp_path / "whole")) as whole:
        await run_once(person, whole, counting)
        expected, words = remembered(whole), found_words(whole)
    assert len(expected) == 79
    assert counting.count > 12
    deaths = [Fuse(at, after) for at in range(1, counting.count + 1) for after in (False, True)]
    for number, death in enumerate(deaths):
        with closing(make_profile(tmp_path / f"killed {number}")) as new:
            with pytest.raises(Killed):
                await run_once(person, new, death)
            await run_once(person, new, Fuse())
            assert remembered(new) == expected, f"killed at {death}"
            assert found_words(new) == words
            assert new.read(restoring.find) is None
            assert new.all("SELECT * FROM restored") == []


async def test_b1_the_writers_backup_comes_back_equal(person: Person, tmp_path: Path) -> None:
    async with person.awake() as writer:
        source = Profile(Name("alice"), writer.database._connection, tmp_path, SeededBytes(1))
        expected, shown = remembered(source), order(source)
    with closing(make_profile(tmp_path / "new")) as new:
        await run_once(person, new, Fuse())
        assert remembered(new) == expected
        assert order(new) == shown


async def test_b3_a_restored_device_goes_on_with_the_backup_and_a_third_one_has_all(
    person: Person, tmp_path: Path
) -> None:
    with closing(make_profile(tmp_path / "second")) as second:
        await run_once(person, second, Fuse())
        before = len(person.target.puts)
        second.write(lambda tx: write_history(tx, Shape(30, peers=3, seed=3)))
        second.write(lambda tx: history.remove(tx, 3))
        outcome = await back_up(writer_of(second, person, tmp_path / "second"))
        assert outcome.epoch == 3
        assert len(person.target.puts) - before < 14
        expected = remembered(second)
    with closing(make_profile(tmp_path / "third")) as third:
        await run_once(person, third, Fuse())
        assert remembered(third) == expected


class Stopping(Database):
    """A database of a process that dies at its third commit: the first group of lines."""

    commits = 0

    async def write(self, function: Callable[[Transaction], T]) -> T:
        self.commits += 1
        if self.commits == 3:
            raise Killed
        return await super().write(function)


async def test_b3_no_backup_is_made_of_half_a_history(person: Person, tmp_path: Path) -> None:
    with closing(make_profile(tmp_path / "half")) as half:
        into = Destination(Stopping(half.connection, at_once), half.surroundings)
        archive = await open_at(person.target, person)
        with pytest.raises(Killed):
            await restore(archive, into, WISHES)
        with pytest.raises(LocalError, match="not all restored yet"):
            await back_up(writer_of(half, person, tmp_path / "half"))
        await run_once(person, half, Fuse())
        assert (await back_up(writer_of(half, person, tmp_path / "half"))).epoch == 3


def writer_of(profile: Profile, person: Person, folder: Path) -> Writer:
    """Give what the profile's own backups are made with."""
    around = replace(profile.surroundings, now_ms=lambda: person.now_ms + 60_000)
    return Writer(
        profile.database, ProfileFolder(folder), person.target, Keepers(), around, lambda _: None
    )
