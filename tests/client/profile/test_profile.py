"""Creating and opening: whole, or a clear sentence about what is wrong."""

import os
import random
import shutil
from pathlib import Path

import apsw
import pytest
import trio

from client.errors import LocalError, WrongSecret
from client.profile import creating
from client.profile.creating import create_profile, discard_profile
from client.profile.opening import OpenProfile, change_passphrase, open_profile, wants_passphrase
from client.profile.passphrase import Passphrase
from client.profile.paths import ProfileFolder, list_home, profile_folder
from client.store import account
from client.values import Surroundings
from protocol.ids import Name

ALICE = Name("alice")
PASSPHRASE = Passphrase.from_text("open sesame")


@pytest.fixture
def surroundings(rng: random.Random) -> Surroundings:
    return Surroundings(lambda: 0, rng.randbytes, trio.to_thread.run_sync)


@pytest.fixture
def folder(tmp_path: Path, rng: random.Random) -> ProfileFolder:
    return create_profile(tmp_path, ALICE, None, rng.randbytes)


async def expect(surroundings: Surroundings, home: Path, what: str) -> LocalError:
    with pytest.raises(LocalError, match=what) as caught:
        async with open_profile(home, ALICE, None, surroundings):
            pass
    assert caught.value.hint
    return caught.value


async def test_a_new_profile_opens_with_its_passphrase(
    tmp_path: Path, rng: random.Random, surroundings: Surroundings
) -> None:
    home = tmp_path / "a" / "home"
    folder = create_profile(home, ALICE, PASSPHRASE, rng.randbytes)
    assert wants_passphrase(folder)
    async with open_profile(home, ALICE, PASSPHRASE, surroundings) as profile:
        assert isinstance(profile, OpenProfile)
        own = await profile.database.read(account.get)
    assert own.name == ALICE
    assert not own.registered
    assert list_home(home).profiles == (ALICE,)
    assert sorted(os.listdir(folder.path)) == ["profile.db", "profile.key"]
    assert folder.path.stat().st_mode & 0o777 == 0o700


async def test_a_wrong_passphrase_is_told_from_everything_else(
    tmp_path: Path, rng: random.Random, surroundings: Surroundings
) -> None:
    create_profile(tmp_path, ALICE, PASSPHRASE, rng.randbytes)
    with pytest.raises(WrongSecret):
        async with open_profile(tmp_path, ALICE, None, surroundings):
            pass


async def test_the_passphrase_can_change_both_ways(
    tmp_path: Path, folder: ProfileFolder, rng: random.Random, surroundings: Surroundings
) -> None:
    database = folder.database.read_bytes()
    change_passphrase(folder, None, PASSPHRASE, rng.randbytes)
    with pytest.raises(WrongSecret):
        change_passphrase(folder, Passphrase.from_text("guess"), None, rng.randbytes)
    async with open_profile(tmp_path, ALICE, PASSPHRASE, surroundings):
        pass
    change_passphrase(folder, PASSPHRASE, None, rng.randbytes)
    assert folder.database.read_bytes() == database
    async with open_profile(tmp_path, ALICE, None, surroundings):
        pass


def test_a_name_is_taken_once(tmp_path: Path, folder: ProfileFolder, rng: random.Random) -> None:
    key = folder.key_file.read_bytes()
    with pytest.raises(LocalError, match="already"):
        create_profile(tmp_path, ALICE, None, rng.randbytes)
    assert folder.key_file.read_bytes() == key


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_is_not_ours_is_not_overwritten(tmp_path: Path, rng: random.Random, kind: str) -> None:
    path = tmp_path / ALICE
    if kind == "folder":
        path.mkdir()
        (path / "letters").touch()
    else:
        path.touch()
    with pytest.raises(LocalError, match="is not a Glasspost profile"):
        create_profile(tmp_path, ALICE, None, rng.randbytes)
    assert os.listdir(tmp_path) == [ALICE]


def test_p3_a_failure_while_making_leaves_nothing(
    tmp_path: Path, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for step in ("write_key_file", "create_database", "sync_folder"):
        with monkeypatch.context() as patched:
            patched.setattr(creating, step, full)
            with pytest.raises(LocalError, match="cannot be made") as caught:
                create_profile(tmp_path, ALICE, None, rng.randbytes)
        assert "No space left" in caught.value.why
        assert os.listdir(tmp_path) == []
    create_profile(tmp_path, ALICE, None, rng.randbytes)


def test_a_discarded_profile_is_gone(
    tmp_path: Path, folder: ProfileFolder, rng: random.Random
) -> None:
    discard_profile(folder, rng.randbytes)
    assert os.listdir(tmp_path) == []
    create_profile(tmp_path, ALICE, None, rng.randbytes)


def test_p3_what_crashes_left_is_in_nobodys_way_and_goes_with_the_next_profile(
    tmp_path: Path, folder: ProfileFolder, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    (tmp_path / ".alice.notes").mkdir()
    for _ in range(2):
        with monkeypatch.context() as patched:
            patched.setattr(shutil, "rmtree", crash)
            with pytest.raises(KeyboardInterrupt):
                discard_profile(folder, rng.randbytes)
        assert len(os.listdir(tmp_path)) == 2
        assert create_profile(tmp_path, ALICE, None, rng.randbytes) == folder
        assert sorted(os.listdir(tmp_path)) == [".alice.notes", ALICE]


def test_p3_new_folders_above_a_profile_are_synced_too(
    tmp_path: Path, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[str] = set()
    fsync = os.fsync

    def recorded(descriptor: int) -> None:
        synced.add(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", recorded)
    home = tmp_path / "a" / "home"
    create_profile(home, ALICE, None, rng.randbytes)
    assert {str(tmp_path), str(tmp_path / "a"), str(home)} <= synced


async def test_no_profile(tmp_path: Path, surroundings: Surroundings) -> None:
    error = await expect(surroundings, tmp_path, "no profile named alice")
    assert "register alice" in error.hint


async def test_a_foreign_folder_or_file(tmp_path: Path, surroundings: Surroundings) -> None:
    (tmp_path / ALICE).mkdir()
    await expect(surroundings, tmp_path, "is not a Glasspost profile")
    (tmp_path / ALICE).rmdir()
    (tmp_path / ALICE).touch()
    await expect(surroundings, tmp_path, "is not a Glasspost profile")


async def test_a_lost_key_file(
    tmp_path: Path, folder: ProfileFolder, surroundings: Surroundings
) -> None:
    folder.key_file.unlink()
    await expect(surroundings, tmp_path, "profile.key is missing")


async def test_a_lost_database_is_never_made_anew(
    tmp_path: Path, folder: ProfileFolder, surroundings: Surroundings
) -> None:
    folder.database.unlink()
    await expect(surroundings, tmp_path, "profile.db is missing")
    assert not folder.database.exists()


async def test_an_empty_or_short_database_is_no_fresh_one(
    tmp_path: Path, folder: ProfileFolder, surroundings: Surroundings
) -> None:
    for content in (b"", b"short"):
        folder.database.write_bytes(content)
        await expect(surroundings, tmp_path, "cut short")
        assert folder.database.read_bytes() == content


async def test_the_key_file_of_another_profile(
    tmp_path: Path, folder: ProfileFolder, rng: random.Random, surroundings: Surroundings
) -> None:
    other = create_profile(tmp_path, Name("bob"), None, rng.randbytes)
    folder.key_file.write_bytes(other.key_file.read_bytes())
    await expect(surroundings, tmp_path, "belongs to another profile.key")


async def test_a_plaintext_database(
    tmp_path: Path, folder: ProfileFolder, surroundings: Surroundings
) -> None:
    folder.database.unlink()
    connection = apsw.Connection(str(folder.database))
    connection.execute("CREATE TABLE cookies (host)")
    connection.close()
    await expect(surroundings, tmp_path, "not encrypted")


@pytest.mark.parametrize("name", ["profile.key", "profile.db"])
async def test_unreadable_files(
    tmp_path: Path,
    folder: ProfileFolder,
    surroundings: Surroundings,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """By a patch, because root may read everything."""
    opens = Path.open

    def refusing(path: Path, mode: str = "r") -> object:
        if path.name == name:
            raise PermissionError(13, "Permission denied")
        return opens(path, mode)

    monkeypatch.setattr(Path, "open", refusing)
    error = await expect(surroundings, tmp_path, f"{name} cannot be read")
    assert "Permission denied" in error.why
    assert folder.path.exists()


async def test_a_folder_in_the_place_of_a_file(
    tmp_path: Path, folder: ProfileFolder, surroundings: Surroundings
) -> None:
    folder.key_file.unlink()
    folder.key_file.mkdir()
    await expect(surroundings, tmp_path, "profile.key is missing")
    assert profile_folder(tmp_path, ALICE) == folder
