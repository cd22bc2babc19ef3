"""``glasspost trust``: the question in plain words, and its two answers."""

import pytest

from client.profile.key_file import read_key_file
from client.profile.paths import profile_folder
from client.store import contacts
from client.store.connection import open_database_file
from client.store.transaction import run_transaction
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
