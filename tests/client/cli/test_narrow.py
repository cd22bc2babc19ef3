"""On a narrow terminal nothing is broken within a word, and no table falls to its margin."""

import os
import pty
import select
import subprocess
import sys

import pytest
from rich.text import Text

from client.cli.failure import Failure
from client.cli.output import failure_text
from client.cli.verbs import xray
from client.cli.verbs.contacts import contact_lines
from client.moments import clock
from client.values import Contact
from client.xray.spans import Layer, Reader, Span
from protocol.ids import Name

WIDTH = 60
SENTENCE = "Account files saved before are stale; a new one is to be saved somewhere safe, today."


def rows_of(text: Text) -> list[str]:
    return text.plain.split("\n")


def test_the_table_of_a_message_keeps_its_columns() -> None:
    span = Span(0, 4096, "ciphertext", Reader.RECIPIENT, "sealed", meaning="a long one " * 9)
    layer = Layer("envelope", bytes(4096), (span,))
    for full in (False, True):
        table = xray.Columns.within(WIDTH)
        rows = rows_of(xray._layer(1, layer, table, full=full))
        assert max(map(len, rows)) < WIDTH
        beyond = [row for row in rows if "00 00" in row]
        assert all(row.startswith(" ") for row in beyond)
        wide = rows_of(xray._layer(1, layer, xray.Columns.within(None), full=full))
        assert max(map(len, wide)) > WIDTH


def test_contacts_become_a_short_list() -> None:
    contact = Contact(Name("bob"), b"k" * 32, True, None, 1, 1_800_000_000_000)
    table = rows_of(contact_lines([contact], 100))
    assert len(table) == 1
    rows = rows_of(contact_lines([contact], WIDTH))
    assert max(map(len, rows)) < WIDTH
    assert rows[0].startswith("bob   checked, the relay sees")
    assert all(row.startswith("      ") for row in rows[1:])
    assert " ".join(map(str.strip, rows)).endswith(clock(1_800_000_000_000))


def test_an_error_is_wrapped_beside_its_label() -> None:
    rows = rows_of(failure_text(Failure(1, "Error", SENTENCE, SENTENCE, SENTENCE), WIDTH))
    assert max(map(len, rows)) < WIDTH
    assert " ".join(" ".join(rows).split()).count(SENTENCE) == 3
    assert [row[:6] for row in rows if row[:6].strip()] == ["glassp", "  why ", "  next"]


@pytest.mark.slow
def test_our_own_words_are_broken_between_words() -> None:
    code = f"from client.cli.output import Output; Output(json=False).line({SENTENCE!r})"
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "40", "LINES": "24", "TERM": "xterm"}
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=theirs, stdin=theirs, env=environment, check=True
    )
    os.close(theirs)
    assert done.returncode == 0
    shown = b""
    while select.select([ours], [], [], 0.5)[0]:
        try:
            shown += os.read(ours, 4096)
        except OSError:
            break
    os.close(ours)
    rows = shown.decode().split("\r\n")
    assert max(map(len, rows)) <= 40
    assert " ".join(row.strip() for row in rows).strip() == SENTENCE
