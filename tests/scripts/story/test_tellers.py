"""Both tellers tell everything, in the width there is, with and without colours."""

import io
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from scripts.blindness.examination import MediumReport
from scripts.blindness.media import Medium
from scripts.story.events import Judged
from scripts.story.on_screen import ScreenTeller
from scripts.story.picture import recording_console, write_svg
from scripts.story.plain import PlainTeller
from tests.scripts.story.sample import HIT, events, good_verdict, script, with_report

BAD = with_report(
    good_verdict(), MediumReport(Medium.WAL, 10, (HIT,), ("the name alice",), ("lost (now)",))
)


def on_screen(*told: object, width: int = 80, color: bool = False) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, force_terminal=color, no_color=not color, highlight=False
    )
    for event in told:
        ScreenTeller(console).tell(event)  # type: ignore[arg-type]
    return stream.getvalue()


def plainly(*told: object) -> str:
    stream = io.StringIO()
    for event in told:
        PlainTeller(stream).tell(event)  # type: ignore[arg-type]
    return stream.getvalue()


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    lines = on_screen(*events(), Judged(BAD), width=width).splitlines()
    assert max(map(cell_len, lines)) <= width


def test_at_80_columns_the_verdict_fits_24_lines() -> None:
    assert len(on_screen(Judged(good_verdict())).splitlines()) <= 23


def test_columns_stand_below_each_other() -> None:
    rows = [line for line in on_screen(*events()[1:3]).splitlines() if "│" in line]
    widths = {tuple(map(cell_len, line.split("│")[:2])) for line in rows}
    assert len(widths) == 1


def test_without_colours_nothing_but_text_comes_out() -> None:
    assert "\x1b" not in on_screen(*events())
    assert "\x1b[" in on_screen(*events(), color=True)


def test_the_screen_shows_what_is_said_and_seen() -> None:
    text = on_screen(*events(), width=132)
    assert script().talk[0].word in text
    assert "alice → bob" in text
    assert "anonymous → bob" in text
    assert "00 01 02 03" in text
    assert "while mail waits" in text


def test_a_good_verdict_says_so_in_words() -> None:
    text = on_screen(Judged(good_verdict()))
    assert "The relay saw only ciphertext" in text
    assert "0 of 640 canaries" in text


def test_a_bad_verdict_names_what_was_found_where_and_what_is_missing() -> None:
    for text in (on_screen(Judged(BAD), width=120), plainly(Judged(BAD))):
        assert "alice's text (hex) in relay.db-wal at 0x1f00" in text
        assert "MISSING: lost (now)" in text
    assert "NOT PROVEN" in on_screen(Judged(BAD))
    assert "verdict: FAILS" in plainly(Judged(BAD))


def test_a_medium_that_was_not_searched_is_named() -> None:
    verdict = replace(good_verdict(), not_searched=((Medium.MEMORY, "no /proc here"),))
    for text in (on_screen(Judged(verdict), width=120), plainly(Judged(verdict))):
        assert "NOT SEARCHED: no /proc here" in text


def test_plain_lines_hold_one_fact_each() -> None:
    lines = plainly(*events()).splitlines()
    assert lines[0] == "The curtain rises."
    assert lines[1].startswith("act 1: Alice and Bob talk")
    assert lines[2] == f"alice says: {script().talk[0].text}"
    assert "relay sees: " in lines[4]
    assert "from=alice to=bob bytes=5237 excerpt=000102" in lines[4]
    assert "from=anonymous to=bob" in lines[5]
    assert lines[-1] == (
        "verdict: HOLDS canaries=640 patterns=5600 bytes=493827160 hits=0 controls=10/10"
    )


def test_the_picture_needs_no_server(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("picture") / "demo.svg"
    console = recording_console()
    for event in events():
        ScreenTeller(console).tell(event)
    write_svg(console, path)
    svg = path.read_text()
    assert svg.startswith("<svg")
    assert "font-face" not in svg
    assert svg.count("http") == svg.count("http://www.w3.org/") + svg.count(
        "https://www.textualize.io"
    )
