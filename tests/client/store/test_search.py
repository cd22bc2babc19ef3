"""Search: words as typed, newest first, and never a language."""

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.store import conversation, history, schema
from client.store.history import NewEntry
from client.store.transaction import Transaction, run_reading, run_transaction
from client.values import EntryKind, MessageState
from protocol.ids import MessageId, Name

PEER = Name("bob")
TEXTS = (
    "The quick brown fox",
    "jumps over the lazy dog",
    "Käse und Brot",
    "a fox again, quickly",
    'she said "hello" (twice) AND left',
    "foo-bar",
)


def database() -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    run_transaction(connection, schema.create)

    def add(tx: Transaction) -> None:
        for number, text in enumerate(TEXTS):
            history.add(tx, line(number, text))
        history.add(tx, line(99, "a fox in a notice", EntryKind.NOTICE))

    run_transaction(connection, add)
    return connection


def line(number: int, text: str, kind: EntryKind = EntryKind.TEXT) -> NewEntry:
    message_id = MessageId(number.to_bytes(16))
    return NewEntry(PEER, PEER, message_id, kind, text, MessageState.RECEIVED, 0, number)


def find(words: str, limit: int = 10) -> list[str]:
    entries = run_reading(CONNECTION, lambda tx: conversation.hits(tx, words, limit))
    return [entry.text for entry in entries]


CONNECTION = database()


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("fox", [3, 0]),
        ("FOX quick", [3, 0]),
        ("quick fox", [0]),
        ("brown fox", [0]),
        ("qui", [3, 0]),
        ("qui fox", []),
        ("kase", [2]),
        ("foo-b", [5]),
        ('"hello"', [4]),
        ("AND", [4]),
        ("twi)", [4]),
        ("fox NOT dog", []),
        ("text:fox", []),
        ("*", []),
        ("", []),
        (" \t\n", []),
        ("!!!", []),
        ("nowhere", []),
    ],
)
def test_words_are_words(words: str, numbers: list[int]) -> None:
    assert find(words) == [TEXTS[number] for number in numbers]


def test_the_limit_keeps_the_newest() -> None:
    assert find("fox", limit=1) == [TEXTS[3]]


@given(st.text(max_size=40))
def test_p5_nothing_a_person_types_is_an_error(words: str) -> None:
    find(words)


@pytest.mark.parametrize("words", ["fox\0", "\0", "fox \ud800", '"', '"" ""', "NEAR(fox)", "^fox"])
def test_p5_the_odd_corners(words: str) -> None:
    find(words)


@given(st.sampled_from(TEXTS), st.data())
def test_every_word_of_a_text_finds_it(text: str, data: st.DataObject) -> None:
    words = data.draw(st.lists(st.sampled_from(text.split()), min_size=1, max_size=3))
    assert text in find(" ".join(words))
