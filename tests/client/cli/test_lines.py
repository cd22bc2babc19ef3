"""Messages as lines."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from client.cli.lines import Layout, entry_lines, entry_record
from client.moments import clock, day
from client.values import EntryKind, HistoryEntry, MessageState
from protocol.ids import MessageId, Name
from tests.client.test_text import FOREIGN, commands_in

BOB = Name("bob")
ENTRY = HistoryEntry(
    row_id=1,
    peer=BOB,
    outgoing=False,
    message_id=MessageId(b"\xab" * 16),
    counter=1,
    kind=EntryKind.TEXT,
    text="so it is",
    state=MessageState.RECEIVED,
    sent_at_ms=1_700_000_000_000,
    arrival_ms=1_700_000_000_000,
    missing_before=0,
)
NOON = clock(1_700_000_000_000)


def shown(entry: HistoryEntry, layout: Layout | None = None) -> str:
    return entry_lines(entry, layout or Layout()).plain


@pytest.mark.parametrize(
    ("state", "mark"),
    [
        (MessageState.QUEUED, "."),
        (MessageState.AT_RELAY, "v"),
        (MessageState.DELIVERED, "vv"),
        (MessageState.FAILED, "x"),
    ],
)
def test_own_messages_carry_their_mark(state: MessageState, mark: str) -> None:
    assert shown(replace(ENTRY, outgoing=True, state=state)) == f"{NOON}  you  {mark:<4}so it is"


def test_columns_line_up() -> None:
    layout = Layout(name_cells=5)
    assert shown(ENTRY, layout).index("so it is") == shown(
        replace(ENTRY, outgoing=True, state=MessageState.QUEUED), layout
    ).index("so it is")


def test_further_lines_stand_under_the_first() -> None:
    assert shown(replace(ENTRY, text="one\ntwo\n\nthree")) == "\n".join(
        (f"{NOON}  bob      one", " " * 16 + "two", " " * 16, " " * 16 + "three")
    )


def test_a_gap_is_shown_as_a_gap() -> None:
    gap, line = shown(replace(ENTRY, missing_before=2)).split("\n")
    assert gap.strip() == "-- 2 messages from bob are missing here --"
    assert line.endswith("so it is")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (EntryKind.UNSUPPORTED, "needs a newer version"),
        (EntryKind.UNREADABLE, "[so it is]"),
        (EntryKind.NOTICE, "-- so it is"),
    ],
)
def test_odd_kinds_are_said_in_words(kind: EntryKind, words: str) -> None:
    assert words in shown(replace(ENTRY, kind=kind))


def test_what_came_again_when_asked_for_is_marked_in_words() -> None:
    assert shown(replace(ENTRY, repaired=True)).endswith("so it is (repaired)")


def test_ids_are_shown_on_request() -> None:
    assert "abababab so it is" in shown(ENTRY, Layout(show_ids=True))


@given(FOREIGN, st.sampled_from([None, 30, 80]))
def test_no_text_can_pass_for_another_line_or_command_a_terminal(
    text: str, width: int | None
) -> None:
    first, *others = shown(replace(ENTRY, text=text), Layout(width)).split("\n")
    assert first.startswith(f"{NOON}  bob  ")
    for line in (first, *others):
        assert commands_in(line) == []
    assert all(line.startswith(" " * 16) for line in others)


@given(st.text(st.characters(codec="utf-8"), max_size=300), st.integers(40, 120))
def test_lines_fit_the_terminal(text: str, width: int) -> None:
    for line in shown(replace(ENTRY, text=text), Layout(width)).split("\n"):
        assert cell_len(line.rstrip()) <= width


@pytest.mark.parametrize("time_ms", [0, 2**63, 2**64 - 1])
def test_a_senseless_time_is_shown_somehow(time_ms: int) -> None:
    assert len(clock(time_ms)) == 5
    assert day(time_ms)


def test_a_record_has_everything_a_program_asks_for() -> None:
    assert entry_record(ENTRY) == {
        "id": "ab" * 16,
        "peer": "bob",
        "outgoing": False,
        "kind": "text",
        "text": "so it is",
        "state": "received",
        "time_ms": 1_700_000_000_000,
        "sent_at_ms": 1_700_000_000_000,
        "missing_before": 0,
        "repaired": False,
    }
