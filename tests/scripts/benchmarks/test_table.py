"""The table and the JSON show the same figures."""

import json

from rich.console import Console

from scripts.benchmarks.figures import Contender, Figure, Measured, Row
from scripts.benchmarks.machine import Machine, this_machine
from scripts.benchmarks.table import as_json, table

MACHINE = Machine("a processor", 2, "Linux x86_64", "CPython 3.11")
OURS = Contender("glasspost", lambda: lambda count: None)
RESULT = Measured(
    Row("ratchet", "some work", OURS, (), remark="not quite fair"),
    (
        Figure("glasspost", "0.1.0", (9.0, 10.0, 50.0)),
        Figure("slower", "1.0", (40.0, 40.0, 41.0)),
        Figure("absent", "", missing="not installed: pip install absent"),
    ),
)


def shown() -> str:
    console = Console(width=100, no_color=True)
    with console.capture() as capture:
        console.print(table([RESULT], MACHINE))
    return capture.get()


def test_medians_and_their_ratio_are_shown() -> None:
    text = shown()
    assert "10.0 µs" in text
    assert "40.0 µs" in text
    assert "0.25" in text


def test_missing_ones_the_remark_and_the_machine_are_shown() -> None:
    text = shown()
    assert "pip install absent" in text
    assert "not quite fair" in text
    assert "a processor" in text


def test_json_holds_every_round() -> None:
    fields = json.loads(as_json([RESULT], MACHINE))
    (row,) = fields["rows"]
    assert row["ours"]["median_us"] == 10.0
    assert row["ours"]["rounds_us"] == [9.0, 10.0, 50.0]
    assert row["theirs"][1]["median_us"] is None
    assert fields["machine"]["cores_count"] == 2


def test_this_machine_has_a_name() -> None:
    assert this_machine().processor
