"""Profiles that are missing, damaged, foreign or too new."""

import hashlib
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from client.profile.key_file import KEY_FILE, read_key_file
from client.profile.paths import profile_folder
from client.store.connection import open_database_file
from client.store.schema import SCHEMA_VERSION
from protocol.ids import Name
from tests.client.cli.errors.rig import Expected, World, assert_told, check, nameless
from tests.client.cli.harness import (
    run,
)

pytestmark = pytest.mark.slow


def test_no_profile(world: World, tmp_path: Path) -> None:
    nobody = replace(world.alice, home=tmp_path / "nowhere")
    check(nobody, ["status"], Expected(1, "no profile named alice", "glasspost register alice"))


def test_no_profile_and_no_name(world: World, tmp_path: Path) -> None:
    command = nameless(world.alice, tmp_path / "nowhere", "status")
    done = run(command, world.alice.environment)
    assert_told(done, Expected(1, "There is no profile yet", "glasspost register NAME"))


def test_several_profiles_and_no_name(world: World) -> None:
    shutil.copytree(world.bob.home / "bob", world.alice.home / "bob")
    command = nameless(world.alice, world.alice.home, "status")
    done = run(command, world.alice.environment)
    assert_told(done, Expected(1, "There are several profiles: alice and bob", "--as alice"))


def test_one_profile_needs_no_name(world: World) -> None:
    command = nameless(world.alice, world.alice.home, "--json", "status")
    done = run(command, world.alice.environment)
    assert (done.code, done.records[0]["name"]) == (0, "alice")


def test_a_home_that_is_a_file(world: World, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    lost = replace(world.alice, home=tmp_path / "file")
    check(lost, ["status"], Expected(1, "is a file", "--home"))


def test_a_folder_that_is_no_profile(world: World) -> None:
    shutil.rmtree(world.alice.home / "alice")
    (world.alice.home / "alice").mkdir()
    (world.alice.home / "alice" / "letter.txt").write_text("dear")
    check(world.alice, ["status"], Expected(1, "not a Glasspost profile", "--home"))


@pytest.mark.parametrize("name", ["profile.key", "profile.db"])
def test_a_lost_file(world: World, name: str) -> None:
    (world.alice.home / "alice" / name).unlink()
    check(world.alice, ["status"], Expected(1, f"{name} is missing", "copy"))


def test_a_damaged_key_file(world: World) -> None:
    spoil(world.alice.home / "alice" / "profile.key", 40)
    check(world.alice, ["status"], Expected(1, "profile.key is damaged", "copy"))


def test_a_damaged_database(world: World) -> None:
    spoil(world.alice.home / "alice" / "profile.db", 50)
    check(world.alice, ["contacts"], Expected(1, "damaged", "copy"))


def test_a_foreign_database(world: World) -> None:
    path = world.alice.home / "alice" / "profile.db"
    for file in path.parent.glob("profile.db*"):
        file.unlink()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE recipes (name TEXT)")
    database.close()
    check(world.alice, ["contacts"], Expected(1, "database", ""))


def test_another_profiles_database(world: World) -> None:
    for file in (world.alice.home / "alice").glob("profile.db*"):
        file.unlink()
    shutil.copy(world.bob.home / "bob" / "profile.db", world.alice.home / "alice" / "profile.db")
    check(world.alice, ["contacts"], Expected(1, "damaged, or belongs to another", "copy"))


def test_an_empty_database(world: World) -> None:
    for file in (world.alice.home / "alice").glob("profile.db*"):
        file.unlink()
    (world.alice.home / "alice" / "profile.db").touch()
    check(world.alice, ["contacts"], Expected(1, ""))


def test_a_newer_database(world: World) -> None:
    folder = profile_folder(world.alice.home, Name("alice"))
    connection = open_database_file(folder.database, read_key_file(folder.key_file, None))
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    check(world.alice, ["contacts"], Expected(1, "newer version", "pdate"))


def test_a_newer_key_file(world: World) -> None:
    path = world.alice.home / "alice" / "profile.key"
    content = bytearray(path.read_bytes()[:-32])
    content[len(KEY_FILE.magic)] += 1
    path.write_bytes(content + hashlib.sha256(content).digest())
    check(world.alice, ["contacts"], Expected(1, "newer version", "Update"))


def test_a_key_file_that_others_can_read(world: World) -> None:
    (world.alice.home / "alice" / "profile.key").chmod(0o644)
    check(world.alice, ["contacts"], Expected(1, "Other users", "chmod 600"))


def spoil(path: Path, at: int) -> None:
    """Change one byte of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
