"""Killed anywhere in a change of what opens a backup: it always opens, by the old or by the new.

The storage, the vaults and the profile are real as far as their rules go; whatever lasts (a
put, a delete, a commit, a change at a vault) is a point to die at.
"""

import random
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from client.backup.reading.opening import open_archive, read_keyring
from client.backup.secrets.changing import Changer
from client.backup.secrets.failures import WrongPassword
from client.backup.secrets.guessing import open_by_password
from client.backup.secrets.heads import vault_heads
from client.backup.secrets.keyrings import NewPassword, Slots, password_record
from client.backup.targets.interface import REPLACED_PATHS, Source
from client.backup.writing.backup import back_up
from client.backup.writing.writer import Keepers, Writer
from client.errors import UserError
from client.store import archive, vault_errands
from client.store.archive import Archive
from client.values import Surroundings
from protocol.archive.digits import RecoveryDigits
from protocol.archive.keyring import Keyring, open_keyring
from protocol.archive.keys import ArchiveRoot
from protocol.archive.layout import SlotKind
from protocol.errors import WrongSlotSecret
from protocol.recovery.stretching import Password, Stretching
from protocol.recovery.vault_record import VaultState
from tests.client.backup.reading.archives import at_once
from tests.client.backup.secrets.vaults import Operators, operators
from tests.client.backup.writing.rig import (
    Fuse,
    Killed,
    Person,
    RecordingTarget,
    read_back,
    texts,
)
from tests.protocol.recovery.cast import HOUR_MS, SALT, stretched
from tests.protocol.recovery.cast import Killed as KilledVault
from tests.support.histories import Shape
from tests.support.randomness import SeededBytes

pytestmark = pytest.mark.usefixtures("cheap_stretching")

DRAW = SeededBytes("changing")
OLD_DIGITS, NEW_DIGITS = (RecoveryDigits.generate(DRAW) for _ in range(2))


STRIDE = 3
"""Each seed tries other points; a few seeds try them all."""


@dataclass
class Window(RecordingTarget):
    """Dies when the n-th of the two replaced files has been put."""

    dies_after: int = 0
    replaced: int = 0

    async def put(self, path: str, source: Source) -> None:
        await super().put(path, source)
        self.replaced += path in REPLACED_PATHS
        if self.replaced == self.dies_after:
            raise Killed


@dataclass
class Home:
    """A person with a backup, and the vaults that guard its password."""

    person: Person
    group: Operators

    def copy(self, folder: Path) -> "Home":
        return Home(self.person.copy(folder), self.group.copy())

    def password(self, text: str) -> NewPassword:
        return NewPassword(stretched(text), Stretching(SALT), self.group.places, 2)

    async def change(self, slots: Slots, fuse: Fuse | None = None) -> None:
        """Do what the command does: change, save, tell the vaults."""
        fuse = fuse or Fuse()
        self.group.lasting = fuse.burn
        self.person.now_ms += HOUR_MS
        async with self.person.awake(fuse) as writer:
            changer = Changer(writer.database, self.group.connect, writer.surroundings)
            await changer.change(await self._held(writer), slots)
            await self._save(writer, changer)

    async def create(self) -> None:
        """Do what the next run does."""
        self.rest()
        self.person.now_ms += HOUR_MS
        async with self.person.awake() as writer:
            changer = Changer(writer.database, self.group.connect, writer.surroundings)
            await self._save(writer, changer)

    async def opens_by(self, way: RecoveryDigits | str) -> bool:
        """Try what a new device would try; tell whether the newest backup opens."""
        self.rest()
        keyring = await read_keyring(self.person.target)
        record = password_record(keyring.plan)
        root: ArchiveRoot
        try:
            if isinstance(way, str):
                assert record is not None
                around = replace(self._around(), random_bytes=DRAW)
                password = Password.from_text(way)
                opened = await open_by_password(
                    keyring, record, password, self.group.connect, around
                )
                root = opened.root
            else:
                root = open_keyring(keyring, SlotKind.DIGITS, way.slot_secret())
        except (WrongPassword, WrongSlotSecret):
            return False
        sources = vault_heads(record, root, self.group.connect)
        await open_archive(self.person.target, keyring, root, sources)
        return True

    async def guarding(self) -> int:
        """Count the vaults that have the record of the storage's keyring: cheaper than guessing."""
        record = password_record((await read_keyring(self.person.target)).plan)
        assert record is not None
        stored = (self.group.held[part.vault.name].stored(part.record_id) for part in record.parts)
        return sum(each is not None and each.state is VaultState.LIVE for each in stored)

    def rest(self) -> None:
        """Let nobody die any more, and an hour pass at the vaults."""
        self.group.lasting = lambda: False
        self.person.target.fuse = Fuse()
        for held in self.group.held.values():
            held.now_ms += HOUR_MS

    async def left_to_tell(self) -> int:
        return await self.person.change(lambda tx: len(vault_errands.due(tx, 1_000)))

    def _around(self) -> Surroundings:
        return Surroundings(lambda: self.person.now_ms, self.person.rng.randbytes, at_once)

    async def _save(self, writer: Writer, changer: Changer) -> None:
        held = await self._held(writer)
        record = password_record(Keyring.decode_untrusted(held.keyring).plan)
        keepers = Keepers(
            vault_heads(record, held.root, self.group.connect),
            0 if record is None else record.threshold,
        )
        await back_up(replace(writer, keepers=keepers))
        await changer.run_errands()

    async def _held(self, writer: Writer) -> Archive:
        held = await writer.database.read(archive.find)
        assert held is not None
        return held


async def a_home(folder: Path, seed: int) -> Home:
    """Give a backup that opens by OLD_DIGITS and by "old"."""
    home = Home(Person.make(folder, random.Random(seed)), operators(DRAW, "east", "north", "west"))
    await home.person.write_lines(Shape(6, peers=2))
    await home.change(Slots(digits=OLD_DIGITS, password=home.password("old")))
    assert await home.opens_by("old")
    return home


async def stopped_at(home: Home, slots: Slots, number: int, *, after: bool) -> bool:
    try:
        await home.change(slots, Fuse(number, after))
    except (Killed, KilledVault):
        return True
    return False


@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
async def test_b3_a_password_change_stopped_anywhere(
    after: bool, tmp_path: Path, seed: int
) -> None:
    original = await a_home(tmp_path / "original", seed)
    home, generations, stopped = original, set[int](), True
    number = random.Random(seed).randint(1 - STRIDE, 0)
    while stopped:
        number += STRIDE
        home = original.copy(tmp_path / str(number))
        new = Slots(keeps_digits=True, password=home.password("new"))
        stopped = await stopped_at(home, new, number, after=after)
        assert await home.opens_by(OLD_DIGITS)
        assert await home.guarding() >= 2
        await home.create()
        await require_settled(home)
        generations.add((await read_keyring(home.person.target)).plan.generation)
    assert number > 20
    assert len(generations) == 2
    assert [await home.opens_by(password) for password in ("old", "new")] == [False, True]


async def test_b3_whichever_keyring_is_shown_its_head_lies_beside_it(
    tmp_path: Path, seed: int
) -> None:
    """Both heads, the keyring, the new head: a new device comes after each."""
    original = await a_home(tmp_path / "original", seed)
    for number in (1, 2, 3):
        home = original.copy(tmp_path / str(number))
        home.person.target = Window(dict(home.person.target.objects), dies_after=number)
        new = Slots(keeps_digits=True, password=home.password("new"))
        assert await stopped_at(home, new, 0, after=False)
        home.person.target = RecordingTarget(home.person.target.objects)
        assert await home.opens_by(OLD_DIGITS)
        assert await home.opens_by("old" if number == 1 else "new")


async def test_b3_a_second_change_that_is_given_up_leaves_the_records_of_the_first_keyring(
    tmp_path: Path, seed: int
) -> None:
    """The first was decided and is not in the storage: its predecessor still opens that."""
    home = await a_home(tmp_path / "home", seed)
    new = Slots(keeps_digits=True, password=home.password("new"))
    objects = dict(home.person.target.objects)
    home.person.target = Window(dict(objects), dies_after=1)
    assert await stopped_at(home, new, 0, after=False)
    home.person.target = RecordingTarget(objects)
    home.group.down = {"east", "west"}
    with pytest.raises(UserError, match="nothing was changed"):
        await home.change(Slots(keeps_digits=True, password=home.password("newer")))
    home.group.down = set()
    assert await home.guarding() == 3
    assert await home.opens_by("old")


async def require_settled(home: Home) -> None:
    """See that one keyring is left, with its records and no others, and all messages."""
    assert await home.opens_by(OLD_DIGITS)
    assert await home.guarding() == 3
    assert home.group.states().count(VaultState.LIVE) == 3
    assert await home.left_to_tell() == 0
    assert len(texts(read_back(home.person, await root_of(home)))) == 6


async def root_of(home: Home) -> ArchiveRoot:
    held = await home.person.change(archive.find)
    assert held is not None
    return held.root


async def test_b3_removed_digits_open_nothing_that_follows(tmp_path: Path, seed: int) -> None:
    home = await a_home(tmp_path / "home", seed)
    await home.change(Slots(digits=NEW_DIGITS, password=home.password("old")))
    assert await home.opens_by(NEW_DIGITS)
    assert await home.opens_by("old")
    assert not await home.opens_by(OLD_DIGITS)
    await home.change(Slots(keeps_digits=True))
    assert await home.opens_by(NEW_DIGITS)
    assert home.group.states().count(VaultState.LIVE) == 0


async def test_b3_with_too_few_vaults_a_change_is_given_up(tmp_path: Path, seed: int) -> None:
    home = await a_home(tmp_path / "home", seed)
    home.group.down = {"east", "west"}
    with pytest.raises(UserError, match="nothing was changed"):
        await home.change(Slots(keeps_digits=True, password=home.password("new")))
    home.group.down = set()
    await home.create()
    assert await home.opens_by("old")
    await require_settled(home)


async def test_a_vault_that_was_away_forgets_the_old_record_later(
    tmp_path: Path, seed: int
) -> None:
    home = await a_home(tmp_path / "home", seed)
    home.group.down = {"west"}
    await home.change(Slots(keeps_digits=True, password=home.password("new")))
    assert await home.opens_by("new")
    assert await home.left_to_tell() == 2
    home.group.down = set()
    await home.create()
    await require_settled(home)
