"""Every error of backups that a person can meet: exit code, and what, why and next in words.

Each case is provoked with a real profile, a real storage and real vaults; the one thing that is
patched is the system's call that writes, for a storage without room.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from client.backup.targets import folder_files
from tests.client.backup.targets.dying_os import DyingOs
from tests.client.cli.backup_rig import Keeper, keeper_with_history, vaults_up
from tests.client.cli.harness import Ran

pytestmark = pytest.mark.slow

NAMES = ("east", "north", "west")
FIVE = (*NAMES, "mid", "far")


@dataclass(frozen=True)
class Expected:
    """What a person has to be told."""

    code: int
    what: str
    why: str = ""
    next: str = ""


@pytest.fixture(scope="module")
def alice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    """Alice before any backup; each test copies her."""
    with keeper_with_history(tmp_path_factory.mktemp("alice")) as keeper:
        yield keeper


@pytest.fixture(scope="module")
def vaults(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with vaults_up(tmp_path_factory.mktemp("vaults"), *FIVE) as running:
        yield running


@pytest.fixture
def plain(alice: Keeper, tmp_path: Path) -> Keeper:
    """Alice with a backup that opens by digits."""
    keeper = alice.copy(tmp_path / "plain")
    keeper.set_up()
    return keeper


@pytest.fixture
def guarded(alice: Keeper, tmp_path: Path, vaults: dict[str, str]) -> Keeper:
    """Alice with a backup that opens by digits, and by a password of three vaults."""
    keeper = alice.copy(tmp_path / "guarded")
    keeper.set_up(*(vaults[name] for name in NAMES))
    return keeper


def require(done: Ran, expected: Expected) -> None:
    assert done.code == expected.code, done
    assert "Traceback" not in done.err
    assert "bug" not in done.err
    _, _, told = done.err.partition("glasspost: ")
    what, _, rest = told.partition("\n  why  ") if "\n  why  " in told else (told, "", told)
    why, _, following = rest.partition("\n  next ")
    assert expected.what in what, done.err
    assert expected.why in why, done.err
    assert expected.next in following, done.err
    assert following.strip()


# --- digits -----------------------------------------------------------------


def test_a_wrong_row_of_digits_is_named(plain: Keeper, tmp_path: Path) -> None:
    rows = plain.digits.read_text().splitlines()
    rows[2] = str((int(rows[2][0]) + 1) % 10) + rows[2][1:]
    wrong = tmp_path / "wrong"
    wrong.write_text("\n".join(rows))
    expected = Expected(5, "Row 3 of the digits", "check digit", "nothing was tried")
    require(plain.restore(tmp_path / "new", "--digits-file", str(wrong)), expected)
    assert not (tmp_path / "new").exists()


def test_the_digits_of_another_backup(plain: Keeper, alice: Keeper, tmp_path: Path) -> None:
    other = alice.copy(tmp_path / "other")
    other.set_up()
    expected = Expected(5, "do not open this backup", "Each row is right", "newer page")
    require(plain.restore(tmp_path / "new", "--digits-file", str(other.digits)), expected)


def test_a_way_that_is_not_there(plain: Keeper, tmp_path: Path) -> None:
    expected = Expected(1, "does not open by a password", "opens by the 64 digits")
    require(plain.restore(tmp_path / "new", "--password-file", str(plain.password)), expected)


# --- password ---------------------------------------------------------------


def test_a_wrong_password_with_what_is_left(guarded: Keeper, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("herbst regen wald\n")
    expected = Expected(
        5, "not the password", "Tries left in all: 6. By vault: east 4", "64 digits"
    )
    done = guarded.restore(tmp_path / "new", "--password-file", str(wrong))
    require(done, expected)
    # Operators and keys came first.
    assert done.err.index("it takes 2 of 3 vaults") < done.err.index("not the password")
    assert not (tmp_path / "new").exists()
    assert guarded.restore(tmp_path / "new", "--password-file", str(guarded.password)).code == 0


def test_vaults_out_of_reach_are_named(alice: Keeper, tmp_path: Path) -> None:
    keeper = alice.copy(tmp_path / "alone")
    with vaults_up(tmp_path, "left", "right") as both:
        keeper.set_up(*both.values())
    expected = Expected(2, "0 of the 2 vaults", "left at 127.0.0.1", "--digits-file")
    done = keeper.restore(tmp_path / "new", "--password-file", str(keeper.password))
    require(done, expected)
    assert "right at 127.0.0.1" in done.err
    assert "no try was used" in done.err


def test_a_password_that_is_used_up(alice: Keeper, tmp_path: Path, vaults: dict[str, str]) -> None:
    keeper = alice.copy(tmp_path / "spent")
    keeper.set_up(*vaults.values(), options=("--threshold", "1"))
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong\n")
    for left in range(9, -1, -1):
        done = keeper.restore(tmp_path / "new", "--password-file", str(wrong))
        require(done, Expected(5, "not the password", f"Tries left in all: {left}."))
    expected = Expected(3, "used up", "allows no more tries", "glasspost backup passwd")
    require(keeper.restore(tmp_path / "new", "--password-file", str(keeper.password)), expected)
    assert keeper.restore(tmp_path / "new", "--digits-file", str(keeper.digits)).code == 0


# --- storage ----------------------------------------------------------------


def test_older_than_the_vaults_know(guarded: Keeper, tmp_path: Path) -> None:
    old = tmp_path / "old"
    shutil.copytree(guarded.cloud, old)
    guarded.says("one more")
    guarded.done("create")
    arguments = ("--from", str(old), "--digits-file", str(guarded.digits))
    expected = Expected(4, "lacks the newest backup", "It shows an older one", "--accept-older")
    require(guarded.restore(tmp_path / "new", *arguments), expected)
    done = guarded.restore(tmp_path / "new", *arguments, "--accept-older")
    assert done.code == 0, done
    assert "one more" not in str(guarded.history(tmp_path / "new"))


@pytest.mark.parametrize(("damage", "word"), [("missing", "missing"), ("flipped", "damaged")])
def test_a_damaged_object_is_named_and_the_rest_restored(
    plain: Keeper, tmp_path: Path, damage: str, word: str
) -> None:
    (segment,) = (plain.cloud / "segment").iterdir()
    if damage == "missing":
        segment.unlink()
    else:
        data = bytearray(segment.read_bytes())
        data[2_000] ^= 1
        segment.write_bytes(data)
    expected = Expected(1, "One object", f"{word}: it holds 4 messages of the chat with bob of 20")
    require(plain.restore(tmp_path / "new", "--digits-file", str(plain.digits)), expected)
    require(plain.run("verify"), expected)
    # Contacts came all the same.
    assert plain.history(tmp_path / "new") == []


def test_a_damaged_keyring(plain: Keeper, tmp_path: Path) -> None:
    keyring = plain.cloud / "keyring"
    data = bytearray(keyring.read_bytes())
    data[5_000] ^= 1
    keyring.write_bytes(data)
    expected = Expected(1, "keyring", "No secret opens it", "another copy")
    require(plain.restore(tmp_path / "new", "--digits-file", str(plain.digits)), expected)


def test_made_by_a_newer_program(plain: Keeper, tmp_path: Path) -> None:
    keyring = plain.cloud / "keyring"
    data = bytearray(keyring.read_bytes())
    data[8] = 2
    keyring.write_bytes(data)
    expected = Expected(1, "newer version", next="Update this program")
    require(plain.restore(tmp_path / "new", "--digits-file", str(plain.digits)), expected)


def test_no_backup_there(plain: Keeper, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    arguments = ("--from", str(tmp_path / "empty"), "--digits-file", str(plain.digits))
    require(plain.restore(tmp_path / "new", *arguments), Expected(1, "There is no backup"))
    arguments = ("--from", str(tmp_path / "nowhere"), "--digits-file", str(plain.digits))
    require(plain.restore(tmp_path / "new", *arguments), Expected(2, "folder is not there"))
    (tmp_path / "file").write_text("no tar")
    arguments = ("--from", str(tmp_path / "file"), "--digits-file", str(plain.digits))
    require(plain.restore(tmp_path / "new", *arguments), Expected(3, "no uncompressed tar"))


def test_the_target_is_full(plain: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    plain.says("one more")
    full = DyingOs(1, OSError(28, "No space left on device"), frozenset({"write"}))
    with monkeypatch.context() as patched:
        patched.setattr(folder_files, "os", full)
        done = plain.run("create")
    require(done, Expected(3, "no room", next="Make room"))
    plain.done("create")
    plain.done("verify", "--drill", "--digits-file", str(plain.digits))


def test_another_owner_and_wrong_words(plain: Keeper, tmp_path: Path) -> None:
    digits = ("--digits-file", str(plain.digits))
    done = plain.restore(tmp_path / "new", "--as", "bob", *digits)
    require(done, Expected(1, "backup of alice", next="--as alice"))
    done = plain.restore(tmp_path / "new", "--since", "yesterday", *digits)
    require(done, Expected(1, "not a day", next="2026-01-31"))
    done = plain.restore(tmp_path / "new", *digits, "--password-file", str(plain.password))
    require(done, Expected(1, "Two files"))
    done = plain.restore(tmp_path / "new")
    require(done, Expected(1, "no terminal", next="--digits-file"))
    assert not (tmp_path / "new").exists()


# --- setting up -------------------------------------------------------------


def test_what_cannot_be_set_up(alice: Keeper, tmp_path: Path, vaults: dict[str, str]) -> None:
    keeper = alice.copy(tmp_path / "setup")
    trivial = tmp_path / "trivial"
    trivial.write_text("alice1999\n")
    to, out = ("--to", str(keeper.cloud)), ("--digits-out", str(keeper.digits))
    east, north = vaults["east"], vaults["north"]
    cases: tuple[tuple[tuple[str, ...], Expected], ...] = (
        (("setup", "--digits", *out), Expected(1, "Where is the backup to lie?", next="--to")),
        (("setup", *to, "--password"), Expected(1, "needs vaults", next="NAME=HOST:PORT#KEY")),
        (("setup", *to, "--vault", "x"), Expected(1, "“x” is not a vault", next="Copy the line")),
        (
            ("setup", *to, "--vault", east, "--vault", east),
            Expected(1, "one operator's", next="different operators"),
        ),
        (
            ("setup", *to, "--vault", east, "--threshold", "2"),
            Expected(1, "2 of 1 vaults", next="from 1 to 1"),
        ),
        (
            ("setup", *to, "--vault", east, "--vault", north, "--password-file", str(trivial)),
            Expected(1, "guessed at once", "name", "four or five words"),
        ),
        (("setup", *to, "--digits"), Expected(1, "no terminal", next="--digits-file")),
        (("setup", "--to", "tape:x", "--digits", *out), Expected(1, "no kind of target")),
        (("create",), Expected(1, "has no backup", next="glasspost backup setup")),
        (("status",), Expected(1, "has no backup", next="glasspost backup setup")),
    )
    for arguments, expected in cases:
        require(keeper.run(*arguments), expected)
    keeper.set_up()
    cases = (
        (("setup", *to, *out), Expected(1, "has a backup already", next="--anew")),
        (("setup", "--anew", *to, *out), Expected(1, "There is a backup in", next="restore")),
        (("passwd",), Expected(1, "does not open by a password")),
        (("slot", "remove", "password"), Expected(1, "does not open by a password")),
        (("slot", "remove", "digits"), Expected(1, "Nothing would open", next="--digits")),
        (("export", str(tmp_path / "no" / "x.tar")), Expected(1, "cannot be written")),
    )
    for arguments, expected in cases:
        require(keeper.run(*arguments), expected)
    keeper.done("verify", "--drill", "--digits-file", str(keeper.digits))


def test_vaults_that_are_away_set_nothing_up(alice: Keeper, tmp_path: Path) -> None:
    keeper = alice.copy(tmp_path / "away")
    with vaults_up(tmp_path, "left", "right") as both:
        gone = dict(both)
    keeper.password.write_text("herbst regen dach\n")
    guarded = [f"--vault={vault}" for vault in gone.values()]
    done = keeper.run(
        "setup", "--to", str(keeper.cloud), *guarded, "--password-file", str(keeper.password)
    )
    require(done, Expected(2, "nothing was changed", "left", "other vaults"))
    require(keeper.run("create"), Expected(1, "has no backup"))
