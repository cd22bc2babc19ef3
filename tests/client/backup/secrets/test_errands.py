"""Records at the vaults: none is forgotten, wherever a set-up stops."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from client.backup.secrets.errands import decide, register_all, run_errands
from client.backup.secrets.failures import NotEnoughVaults
from client.backup.secrets.keyrings import (
    NewKeyring,
    NewPassword,
    Slots,
    first_plan,
    next_keyring,
)
from client.store import vault_errands
from client.store.connection import DatabaseKey, create_database
from client.store.database import Database, open_database
from client.store.vault_errands import Errand, ErrandKind
from protocol.recovery.stretching import Stretching
from protocol.recovery.vault_record import VaultState
from tests.client.backup.secrets.vaults import Operators, operators
from tests.client.engine.world import run_inline
from tests.protocol.recovery.cast import SALT, Killed, stretched
from tests.support.randomness import SeededBytes

NAMES = ("east", "north", "west")


@pytest.fixture
def group() -> Operators:
    return operators(SeededBytes("errands"), *NAMES)


@pytest.fixture
async def database(tmp_path: Path, rng: random.Random) -> AsyncIterator[Database]:
    key = DatabaseKey(rng.randbytes(32))
    create_database(tmp_path / "profile.db", key).close()
    async with open_database(tmp_path / "profile.db", key, run_inline) as opened:
        yield opened


def keyring(group: Operators) -> NewKeyring:
    draw = SeededBytes("a keyring with a password")
    password = NewPassword(stretched("right"), Stretching(SALT), group.places, 2)
    return next_keyring(first_plan(draw(16), 0), Slots(password=password), 1, draw)


def states(group: Operators, new: NewKeyring) -> list[VaultState | None]:
    """Give what each vault has of its record."""
    stored = [
        group.held[vault.name].stored(registration.record_id)
        for vault, registration in new.registrations
    ]
    return [None if each is None else each.state for each in stored]


async def noted(database: Database) -> list[Errand]:
    return await database.read(lambda tx: vault_errands.due(tx, 100))


async def test_what_was_decided_stays(group: Operators, database: Database) -> None:
    new = keyring(group)
    missing = await register_all(database, new, 2, group.connect)
    assert missing == ()
    await database.write(lambda tx: decide(tx, new, missing))
    assert await run_errands(database, 1, group.connect) == ()
    assert states(group, new) == [VaultState.LIVE] * 3


async def test_b3_what_was_not_decided_is_deleted_by_the_next_run(
    group: Operators, database: Database
) -> None:
    new = keyring(group)
    await register_all(database, new, 2, group.connect)
    # The process died here.
    assert await run_errands(database, 0, group.connect) == ()
    assert states(group, new) == [VaultState.DELETED] * 3
    assert await noted(database) == []


async def test_b3_killed_between_two_registrations(group: Operators, database: Database) -> None:
    new = keyring(group)
    group.held["north"].killed_at = "before answering"
    with pytest.raises(Killed):
        await register_all(database, new, 2, group.connect)
    group.held["north"].killed_at = ""
    await run_errands(database, 0, group.connect)
    assert VaultState.LIVE not in states(group, new)
    assert await noted(database) == []


async def test_a_vault_that_is_away_gets_its_record_later(
    group: Operators, database: Database
) -> None:
    new, group.down = keyring(group), {"west"}
    missing = await register_all(database, new, 2, group.connect)
    assert [vault.name for vault in missing] == ["west"]
    await database.write(lambda tx: decide(tx, new, missing))
    assert [vault.name for vault in await run_errands(database, 1, group.connect)] == ["west"]
    group.down = set()
    assert await run_errands(database, 1, group.connect) == ()
    assert states(group, new) == [VaultState.LIVE] * 3
    assert await noted(database) == []


async def test_with_too_few_vaults_nothing_remains(group: Operators, database: Database) -> None:
    new, group.down = keyring(group), {"west", "north"}
    with pytest.raises(NotEnoughVaults) as caught:
        await register_all(database, new, 2, group.connect)
    assert "north" in caught.value.why
    assert "west" in caught.value.why
    assert states(group, new) == [VaultState.DELETED, None, None]
    group.down = set()
    await run_errands(database, 0, group.connect)
    assert await noted(database) == []


async def test_old_records_go_when_the_storage_has_the_new_keyring(
    group: Operators, database: Database
) -> None:
    new = keyring(group)
    missing = await register_all(database, new, 2, group.connect)
    await database.write(lambda tx: decide(tx, new, missing))
    await database.write(lambda tx: vault_errands.note(tx, new.deletions(generation=2)))
    await run_errands(database, 1, group.connect)
    assert states(group, new) == [VaultState.LIVE] * 3
    await run_errands(database, 2, group.connect)
    assert states(group, new) == [VaultState.DELETED] * 3


async def test_errands_are_read_back(group: Operators, database: Database) -> None:
    new = keyring(group)
    registrations = [Errand(vault, each) for vault, each in new.registrations]
    await database.write(lambda tx: vault_errands.note(tx, registrations))
    assert {each.kind for each in await noted(database)} == {ErrandKind.REGISTER}
    assert sorted(each.vault.name for each in await noted(database)) == [*NAMES]
    assert {each.request.record_id for each in await noted(database)} == {
        each.record_id for _, each in new.registrations
    }
