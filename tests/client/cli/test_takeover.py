"""A lost device's name on a new one, as a person types it; and a thief's attempt, vetoed."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.cli.harness import Person, RelayProcess, running_relay

pytestmark = pytest.mark.slow


@pytest.fixture
def relay(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[RelayProcess]:
    """A relay that holds a takeover back for so many hours."""
    hours = getattr(request, "param", "0")
    with running_relay(tmp_path / "relay", "--takeover-hold", hours) as process:
        yield process


def saved(person: Person, folder: Path, *options: str) -> Path:
    """Save the account file of somebody."""
    file = folder / f"{person.name}.account"
    done = person.run("--json", "account", "save", str(file), *options)
    assert done.code == 0, done.err
    assert done.records[0]["file"] == str(file)
    return file


def elsewhere(person: Person, folder: Path) -> Person:
    """Give the same person at another machine."""
    return Person(person.name, folder / "elsewhere", person.environment)


def test_the_whole_story_of_a_lost_device(people: tuple[Person, Person], tmp_path: Path) -> None:
    alice, bob = people
    assert alice.run("send", "bob", "hello").code == 0
    assert bob.listen(1) == ["hello"]
    assert bob.run("verify", "alice", alice_number(bob)).code == 0
    (tmp_path / "secret").write_text("correct horse\n")
    secret = ("--account-passphrase-file", str(tmp_path / "secret"))
    file = saved(alice, tmp_path, *secret)
    assert alice.run("account", "save", str(file), *secret).code == 1  # never overwritten
    before = file.read_bytes()
    assert bob.run("send", "alice", "are you there?").code == 0  # nobody reads it

    new = elsewhere(alice, tmp_path)
    (tmp_path / "wrong").write_text("battery staple\n")
    wrong = ("--account-passphrase-file", str(tmp_path / "wrong"))
    assert new.run("takeover", str(file), "--no-passphrase", *wrong).code == 5
    taken = new.run("--json", "takeover", str(file), "--no-passphrase", *secret)
    assert (taken.code, taken.records[0]["state"]) == (0, "taken over"), taken.err
    assert file.read_bytes() != before

    lost = alice.run("send", "bob", "it was me")
    assert (lost.code, "taken over the name" in lost.err) == (3, True)
    assert "hello" in alice.run("history", "bob").out
    (status,) = alice.run("--json", "status").records
    assert "taken over" in status["problem"]

    assert new.run("send", "bob", "new phone").code == 0
    asked = bob.run("--json", "listen", "--count", "1", "--timeout", "3")
    assert asked.code == 4, asked.err
    assert bob.run("trust", "alice", "--accept").code == 0
    assert bob.listen(1) == ["new phone"]
    assert new.listen(1) == ["are you there?"]

    old_file = tmp_path / "old.account"
    old_file.write_bytes(before)
    old_file.chmod(0o600)
    third = Person("alice", tmp_path / "third", alice.environment)
    stale = third.run("takeover", str(old_file), "--no-passphrase", *secret)
    assert (stale.code, "stale" in stale.err) == (3, True)
    assert not (tmp_path / "third" / "alice").exists()


@pytest.mark.parametrize("relay", ["24"], indirect=True)
def test_a_thief_with_the_file_is_held_back_and_vetoed(
    people: tuple[Person, Person], tmp_path: Path
) -> None:
    alice, _bob = people
    file = saved(alice, tmp_path, "--no-passphrase")
    assert file.stat().st_mode & 0o777 == 0o600
    assert alice.run("veto").code == 1
    thief = elsewhere(alice, tmp_path)
    identity = held_identity(thief, file)
    assert held_identity(thief, file) == identity  # the same command goes on
    assert "still belongs" in thief.run("send", "bob", "it is me").err

    (status,) = copy_of(alice, tmp_path).run("--json", "status").records  # the first login since
    assert status["takeover"]["new_identity"] == identity
    sent = copy_of(alice, tmp_path).run("send", "bob", "unaware")
    assert (sent.code, "asked to take over" in sent.err) == (0, True), sent.err

    told = alice.run("--json", "listen", "--timeout", "2")
    assert (told.code, identity in told.err) == (0, True)
    (status,) = alice.run("--json", "status").records
    assert status["takeover"]["new_identity"] == identity
    vetoed = alice.run("--json", "veto")
    assert (vetoed.code, vetoed.records[0]["new_identity"]) == (0, identity), vetoed.err
    beaten = thief.run("takeover", str(file), "--no-passphrase")
    assert (beaten.code, "objected" in beaten.err) == (3, True)
    assert alice.run("send", "bob", "still me").code == 0
    (status,) = alice.run("--json", "status").records
    assert status["takeover"] is None


def copy_of(person: Person, folder: Path) -> Person:
    """Give the same device at this moment, in a home whose copy no other command uses."""
    home = folder / f"copy-{len(list(folder.iterdir()))}"
    shutil.copytree(person.home, home)
    return Person(person.name, home, person.environment)


def held_identity(thief: Person, file: Path) -> str:
    """Try to take over, and give the identity that waits."""
    held = thief.run("--json", "takeover", str(file), "--no-passphrase")
    assert (held.code, held.records[0]["state"]) == (3, "held"), held.err
    return str(held.records[0]["identity"])


def alice_number(bob: Person) -> str:
    """Give the number that bob compares, as alice reads it out."""
    (record,) = bob.run("--json", "verify", "alice").records
    return str(record["number"])
