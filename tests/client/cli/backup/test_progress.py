"""How far it has come: nothing for what is quick, a bar on a terminal, a line now and then else."""

import io
import json
from dataclasses import dataclass

import pytest
from rich.console import Console

from client.cli.backup.progress import Meter, progress_of
from client.cli.output import Output
from client.cli.sizes import size_words


@dataclass(frozen=True)
class Step:
    done_bytes: int
    total_bytes: int


def told(seconds: int, output: Output) -> None:
    """Take a step a second."""
    now_s = [0.0]
    with progress_of("Saving", output, lambda: now_s[0]) as meter:
        for second in range(seconds + 1):
            now_s[0] = float(second)
            meter.report(Step(second * 1_000_000, 60_000_000))


def test_what_is_quick_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    told(0, Output(json=False))
    assert capsys.readouterr() == ("", "")


def test_without_a_terminal_a_line_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    told(25, Output(json=False))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "Saving: 10.0 MB of 60.0 MB, 1.0 MB/s, 50 s left",
        "Saving: 20.0 MB of 60.0 MB, 1.0 MB/s, 40 s left",
    ]


def test_programs_get_records(capsys: pytest.CaptureFixture[str]) -> None:
    told(10, Output(json=True))
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["left_s"] == 50


def test_a_terminal_gets_a_bar_that_goes_away() -> None:
    output, screen = Output(json=False), io.StringIO()
    output.error_console = Console(file=screen, force_terminal=True, width=80)
    now_s = [0.0]
    meter = Meter("Saving", output, lambda: now_s[0])
    now_s[0] = 2.0
    meter.report(Step(1_000_000, 4_000_000))
    meter.close()
    assert "Saving" in screen.getvalue()
    assert "1.0/4.0 MB" in screen.getvalue()


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (99_940, "99.9 kB"),
        (123_456, "123 kB"),
        (5_200_000_000_000_000, "5200 TB"),
    ],
)
def test_sizes_are_short(size: int, words: str) -> None:
    assert size_words(size) == words
