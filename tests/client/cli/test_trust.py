"""``glasspost trust``: the questions in plain words, and their answers."""

import os

import pytest
import trio

from client.messaging import replacing
from client.profile.key_file import read_key_file
from client.profile.paths import profile_folder
from client.store import contacts
from client.store.connection import open_database_file
from client.store.transaction import run_transaction
from client.values import Surroundings
from protocol.ids import Name
from tests.client.cli.harness import Person

pytestmark = pytest.mark.slow

BOB = Name("bob")


def be_asked(person: Person) -> None:
    """Let another key of bob be in question."""
    folder = profile_folder(person.home, Name(person.name))
    connection = open_database_file(folder.database, read_key_file(folder.key_file, None))
    run_transaction(connection, lambda tx: contacts.set_pending(tx, BOB, b"n" * 32))
    connection.close()


def test_a_question_is_shown_kept_and_accepted(people: tuple[Person, Person]) -> None:
    alice, _bob = people
    assert alice.run("send", "bob", "hello").code == 0
    (verified,) = alice.run("--json", "verify", "bob").records
    nothing = alice.run("trust", "bob")
    assert (nothing.code, "no question" in nothing.out) == (0, True)
    be_asked(alice)

    shown = alice.run("trust", "bob")
    assert shown.code == 4
    for words in ("verify bob NUMBER", "trust bob --accept", "trust bob --keep", "in between"):
        assert words in shown.out
    (record,) = alice.run("--json", "trust", "bob").records
    assert (record["trust"], record["expected"]) == ("changed", verified["number"])
    mistaken = alice.run("verify", "bob", record["expected"])
    assert (mistaken.code, "glasspost trust bob --keep" in mistaken.err) == (4, True)
    assert alice.run("trust", "bob", "--keep", "--accept").code == 1

    kept = alice.run("--json", "trust", "bob", "--keep")
    assert (kept.code, kept.records[0]["trust"]) == (0, "unchecked")
    assert alice.run("trust", "bob", "--keep").code == 1
    be_asked(alice)
    accepted = alice.run("--json", "trust", "bob", "--accept")
    assert (accepted.code, accepted.records[0]["trust"]) == (0, "unchecked")
    assert alice.run("--json", "verify", "bob").records[0]["number"] == record["shown"]


def change_key(person: Person) -> None:
    """Let the directory have shown another key of bob, whom nobody verified."""
    folder = profile_folder(person.home, Name(person.name))
    connection = open_database_file(folder.database, read_key_file(folder.key_file, None))
    around = Surroundings(lambda: 0, os.urandom, trio.to_thread.run_sync)
    run_transaction(
        connection, lambda tx: replacing.take(tx, contacts.find(tx, BOB), b"n" * 32, around)
    )
    connection.close()


def test_send_holds_back_what_was_written_before_it_told_of_a_change(
    people: tuple[Person, Person],
) -> None:
    alice, _bob = people
    assert alice.run("send", "bob", "hello").code == 0
    change_key(alice)
    sent = alice.run("send", "bob", "secret")
    assert (sent.code, sent.out) == (4, "")
    assert "bob's key has changed" in sent.err
    assert "was written before that was told" in sent.err
    assert "bob's key has changed" not in alice.run("listen", "--timeout", "0").err
    assert alice.run("--json", "contacts").records[0]["held_back"] == 2


def test_texts_to_a_former_key_are_shown_held_back_and_kept(people: tuple[Person, Person]) -> None:
    alice, _bob = people
    assert alice.run("send", "bob", "hello").code == 0
    change_key(alice)
    told = alice.run("listen", "--timeout", "0")
    assert (told.code, told.out) == (0, "")
    assert "bob's key has changed" in told.err
    assert "bob's key has changed" not in alice.run("listen", "--timeout", "0").err
    assert alice.run("--json", "contacts").records[0]["held_back"] == 1
    assert "1 text held back" in alice.run("contacts").out
    shown = alice.run("trust", "bob")
    assert (shown.code, "1 text to the former key" in shown.out) == (4, True)
    kept = alice.run("--json", "trust", "bob", "--keep")
    assert (kept.code, kept.records[0]["held_back"]) == (0, 0)
    states = [each["state"] for each in alice.run("--json", "history", "bob").records]
    assert "failed" in states
