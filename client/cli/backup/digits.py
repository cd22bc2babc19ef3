"""The 64 digits on a terminal: shown once, proven by two rows, typed when they are needed."""

from collections.abc import Callable
from functools import partial
from io import StringIO
from typing import Final, TypeVar

from rich.text import Text

from client.backup.secrets.proof import require_row, rows_to_prove
from client.cli.backup.asking import ask_line
from client.cli.output import Output
from client.errors import LocalError
from protocol.archive.digits import ROW_DIGITS, ROWS, RecoveryDigits, parse_digits, parse_row
from protocol.errors import DigitsRefused
from protocol.randomness import RandomBytes

T = TypeVar("T")

ATTEMPTS: Final = 3
"""How often a row may be mistyped."""

_QR_STYLE: Final = "bright_white on black"
"""Said outright: a scanner wants dark on light, whatever the terminal's own colours are."""


def digits_text(digits: RecoveryDigits) -> Text:
    """Give the 8 rows, numbered, in two groups of four: this prints the secret."""
    text = Text()
    for number, row in enumerate(digits.rows(), 1):
        text.append(f"  {number}  ", style="dim")
        text.append(f"{row[:4]} {row[4:]}\n", style="bold")
    return text


def qr_text(digits: RecoveryDigits) -> Text:
    """Give the same as a QR code of half blocks, 37 cells wide."""
    import segno  # slow to load, and seldom needed

    drawn = StringIO()
    segno.make("".join(digits.rows()), micro=False).terminal(out=drawn, compact=True)
    return Text(drawn.getvalue().rstrip("\n"), style=_QR_STYLE)


def show_digits(digits: RecoveryDigits, output: Output) -> None:
    """Show the digits on standard error, so that no pipe or log takes them along."""
    output.error_console.print(
        "These 64 digits open your backup. Nobody else has them, and they are shown once."
    )
    output.error_console.print(digits_text(digits), end="")
    output.error_console.print(qr_text(digits))


def prove_digits(digits: RecoveryDigits, random_bytes: RandomBytes, output: Output) -> None:
    """Have two rows typed; they stay on the screen to be compared while somebody does.

    Raises:
        LocalError: a row was wrong three times, or there is no terminal.
    """
    rows = rows_to_prove(random_bytes)
    output.note(f"Do you have them on paper? Type rows {rows[0]} and {rows[1]} from there.")
    for number in rows:
        try:
            _patiently(number, partial(require_row, digits, number))
        except DigitsRefused as error:
            raise LocalError(
                f"Row {number} was wrong {ATTEMPTS} times, so nothing was set up.",
                why="The digits that were shown open nothing.",
                hint="Do it again with pen and paper, or keep them in a file: --digits-out FILE.",
            ) from error


def ask_digits() -> RecoveryDigits:
    """Ask for the digits row by row; all of them may be pasted at the first.

    Raises:
        DigitsRefused: a row was wrong three times; names it.
        LocalError: there is no terminal.
    """
    first = ask_line(f"Row 1 of {ROWS} (or all {ROWS * ROW_DIGITS} digits): ")
    if sum(map(str.isdecimal, first)) > ROW_DIGITS:
        return parse_digits(first)
    others = range(2, ROWS + 1)
    rows = [_patiently(1, partial(parse_row, 1), first)]
    rows += [_patiently(number, partial(parse_row, number)) for number in others]
    return parse_digits("\n".join(rows))


def _patiently(number: int, read: Callable[[str], T], typed: str | None = None) -> T:
    """Read a row that was typed; ask again while it cannot be right.

    Raises:
        DigitsRefused: it was wrong three times.
    """
    prompt = f"Row {number} of {ROWS}: "
    for _ in range(ATTEMPTS - 1):
        try:
            return read(ask_line(prompt) if typed is None else typed)
        except DigitsRefused as error:
            prompt, typed = f"{_sentence(error)} Row {number} again: ", None
    return read(ask_line(prompt))


def _sentence(error: DigitsRefused) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
