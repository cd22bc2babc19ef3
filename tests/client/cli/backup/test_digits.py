"""The 64 digits on the screen, on paper, and typed again."""

import stat
from html.parser import HTMLParser
from pathlib import Path

import pytest
import segno

from client.cli.backup import digits as screen
from client.cli.backup.digits import ask_digits, digits_text, prove_digits, qr_text, show_digits
from client.cli.backup.page import page_html, write_private
from client.cli.output import Output
from client.errors import LocalError
from protocol.archive.digits import RecoveryDigits, parse_digits
from protocol.errors import DigitsRefused
from tests.support.randomness import SeededBytes

DRAW = SeededBytes("digits on screen")
DIGITS = RecoveryDigits.generate(DRAW)
ROWS = DIGITS.rows()


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What somebody types, in order; the prompts are kept behind."""
    typed: list[str] = []
    monkeypatch.setattr(screen, "ask_line", lambda _prompt: typed.pop(0))
    return typed


def test_what_is_shown_reads_back() -> None:
    lines = digits_text(DIGITS).plain.splitlines()
    assert [line.split(maxsplit=1)[0] for line in lines] == [*"12345678"]
    assert parse_digits("\n".join(line.split(maxsplit=1)[1] for line in lines)) == DIGITS


def test_the_code_on_the_screen_is_that_of_the_digits_and_fits() -> None:
    code = segno.make("".join(ROWS), micro=False)
    lines = qr_text(DIGITS).plain.splitlines()
    width, height = code.symbol_size()
    assert {len(line) for line in lines} == {width}
    assert len(lines) == (height + 1) // 2
    shown = [[half in "▀█" for half in line] for line in lines]
    dark = [[bool(cell) for cell in row] for row in code.matrix_iter(border=4)]
    assert [[not cell for cell in row] for row in dark[::2]] == shown


def test_results_hold_no_digits(capsys: pytest.CaptureFixture[str]) -> None:
    show_digits(DIGITS, Output(json=False))
    told = capsys.readouterr()
    assert told.out == ""
    assert f"{ROWS[0][:4]} {ROWS[0][4:]}" in told.err


def test_two_rows_prove_it(monkeypatch: pytest.MonkeyPatch) -> None:
    prompts: list[str] = []

    def type_what_is_asked(prompt: str) -> str:
        prompts.append(prompt)
        number = int(prompt.rpartition("ow ")[2][0])
        return "00000000" if len(prompts) == 1 else ROWS[number - 1]

    monkeypatch.setattr(screen, "ask_line", type_what_is_asked)
    prove_digits(DIGITS, DRAW, Output(json=False))
    assert len(prompts) == 3
    assert "again" in prompts[1]


def test_three_wrong_rows_set_nothing_up(answers: list[str]) -> None:
    answers += ["1"] * 3
    with pytest.raises(LocalError, match="nothing was set up"):
        prove_digits(DIGITS, DRAW, Output(json=False))
    assert answers == []


@pytest.mark.parametrize("whole", [" ".join(ROWS), "".join(ROWS), "-".join(ROWS)])
def test_all_may_be_pasted_at_once(answers: list[str], whole: str) -> None:
    answers.append(whole)
    assert ask_digits() == DIGITS


def test_a_wrong_row_is_named_and_asked_for_again(answers: list[str]) -> None:
    swapped = ROWS[2][1] + ROWS[2][0] + ROWS[2][2:]
    wrong = swapped if swapped != ROWS[2] else ROWS[3]
    answers += [*ROWS[:2], wrong, *ROWS[2:]]
    assert ask_digits() == DIGITS


def test_three_wrong_ones_end_it(answers: list[str]) -> None:
    answers += [ROWS[0], "1", "2", "3"]
    with pytest.raises(DigitsRefused, match="row 2"):
        ask_digits()


class _Parsed(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def test_the_page_has_everything_and_loads_nothing() -> None:
    html = page_html(
        DIGITS,
        name="alice",
        target="folder:/mnt/<b>cloud</b>\x1b",
        relay="relay.example:7667#aa",
        made_at_ms=0,
    )
    page = _Parsed()
    page.feed(html)
    for row in ROWS:
        assert f"{row[:4]} {row[4:]}" in page.words
    assert "folder:/mnt/<b>cloud</b>␛" in page.words
    assert any("restore --from folder:/mnt/<b>cloud</b>␛" in words for words in page.words)
    assert {name for name, _ in page.attributes}.isdisjoint({"src", "href", "onload"})
    assert "default-src 'none'" in html
    assert "$" not in html


def test_the_page_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_private(path, "secret", "--page")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(LocalError, match="cannot be written"):
        write_private(tmp_path / "no" / "page.html", "secret", "--page")
