"""Killed at any put, delete or commit: what was promised restores, and the next run goes on."""

import random
from pathlib import Path

import pytest

from client.store import archive, history
from protocol.archive.head import open_head_untrusted
from protocol.archive.keys import ArchiveRoot, head_key
from protocol.archive.layout import HEAD_PATH, KEYRING_PATH
from protocol.signing import public_key_of
from tests.client.backup.writing.media_lines import add_medium
from tests.client.backup.writing.rig import (
    Fuse,
    Killed,
    Person,
    Vault,
    as_texts,
    new_keyring,
    older,
    read_back,
    require_no_key_and_nonce_twice,
)
from tests.client.backup.writing.rig import history as history_of
from tests.support.histories import Shape

SHAPE = Shape(60, peers=3, oddities=150)
MOST_ORPHANS = 12
"""What is put at a time, a manifest, and the objects that one more stop may leave."""


async def a_person_with_changes(folder: Path, rng: random.Random) -> Person:
    """Give a profile with two backups behind it, and some of everything to be written."""
    person = Person.make(folder, rng)
    person.vaults, person.least = (Vault("a"), Vault("b", up=False)), 1
    await person.write_lines(SHAPE)
    await person.change(lambda tx: add_medium(tx, person.folder, 1, b"first", rng))
    await person.back_up()
    await person.write_lines(SHAPE)
    await person.back_up()
    await person.write_lines(SHAPE)
    await person.change(lambda tx: add_medium(tx, person.folder, 70, b"second", rng))
    await person.change(lambda tx: history.remove(tx, 2))
    await person.change(lambda tx: tx.execute("UPDATE history SET state = 3 WHERE row_id = 5"))
    return person


async def stop_at(person: Person, number: int, *, after: bool) -> bool:
    """Run a backup that dies at a point; tell whether it lived."""
    try:
        await person.back_up(Fuse(number, after))
    except Killed:
        return False
    return True


async def require_whole_after(person: Person) -> None:
    """See that the next runs end well, repeat nothing, and leave no orphans."""
    for _ in range(3):
        await person.back_up()
        assert as_texts(read_back(person)) == await history_of(person)
    found = read_back(person)
    since = {entry.unneeded_since for entry in found.manifest.entries}
    known = {entry.path for entry in found.manifest.entries} | {
        HEAD_PATH,
        KEYRING_PATH,
        found.head.manifest_path,
    }
    assert person.target.objects.keys() == known
    assert since <= {0, found.head.epoch}
    require_no_key_and_nonce_twice(person.target.puts)


@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
async def test_b3_stopped_anywhere_nothing_is_lost(after: bool, tmp_path: Path, seed: int) -> None:
    original = await a_person_with_changes(tmp_path / "original", random.Random(seed))
    number, lived = 0, False
    while not lived:
        number += 1
        person = original.copy(tmp_path / str(number))
        promised, count = as_texts(read_back(person)), len(person.target.objects)
        lived = await stop_at(person, number, after=after)
        shown = as_texts(read_back(person))
        assert shown in (promised, without(promised, 2), await history_of(person))
        for each in older(person):
            assert each.lines
        assert len(person.target.objects) <= count + MOST_ORPHANS
        await require_whole_after(person)
    assert number > 15


def without(lines: dict[tuple[str, int], str], row_id: int) -> dict[tuple[str, int], str]:
    return {place: text for place, text in lines.items() if place[1] != row_id}


async def test_b3_stopped_again_and_again(tmp_path: Path, rng: random.Random) -> None:
    person = await a_person_with_changes(tmp_path / "again", rng)
    for _ in range(30):
        await stop_at(person, rng.randint(1, 12), after=rng.random() < 0.5)
        assert read_back(person).lines
    await require_whole_after(person)


async def test_b3_no_epoch_is_signed_twice(tmp_path: Path, rng: random.Random) -> None:
    vault = Vault("a")
    person = await a_person_with_changes(tmp_path / "signed", rng)
    person.vaults = (vault,)
    for _ in range(25):
        await stop_at(person, rng.randint(1, 20), after=rng.random() < 0.5)
    public = public_key_of(head_key(person.root))
    epochs = [open_head_untrusted(head, public).epoch for head in vault.heads]
    assert len(epochs) == len(set(epochs)) > 3


@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
async def test_b3_a_new_root_stopped_anywhere(after: bool, tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    original = await a_person_with_changes(tmp_path / "original", rng)
    await original.back_up()
    old, new = original.root, ArchiveRoot.generate(rng.randbytes)
    keyring = new_keyring(new, original.archive_id, rng).encode()
    await original.change(lambda tx: archive.renew(tx, new, keyring))
    number, lived = 0, False
    while not lived:
        number += 1
        person = original.copy(tmp_path / str(number))
        lived = await stop_at(person, number, after=after)
        assert opens(person, keyring, old, new)
        person.root = new
        await require_whole_after(person)
        assert all(each.lines for each in older(person))


def opens(person: Person, keyring: bytes, old: ArchiveRoot, new: ArchiveRoot) -> bool:
    """Tell whether the keyring that the storage shows goes with a head that it shows."""
    shown = person.target.objects[HEAD_PATH]
    if person.target.objects[KEYRING_PATH] == keyring:
        return bool(read_back(person, new).lines)
    person.target.objects[HEAD_PATH] = shown[-224:]
    lines = read_back(person, old).lines
    person.target.objects[HEAD_PATH] = shown
    return bool(lines)
