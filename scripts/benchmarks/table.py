"""The table for people, and the JSON beside it for programs."""

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from scripts.benchmarks.figures import Figure, Measured
from scripts.benchmarks.machine import Machine


def table(results: Sequence[Measured], machine: Machine) -> Group:
    """Give ours, theirs and the ratio, then what it was measured on."""
    lines = Table(box=box.SIMPLE_HEAD, padding=(0, 1), show_edge=False)
    lines.add_column("what", overflow="fold")
    for head in ("ours", "theirs", "ratio"):
        lines.add_column(head, justify="right", no_wrap=True)
    lines.add_column("them", overflow="fold")
    for result in results:
        _add_lines(lines, result)
    return Group(lines, *_remarks(results), Text(f"machine: {machine}", style="dim"))


def as_json(results: Sequence[Measured], machine: Machine) -> str:
    """Give all figures with every round, and the machine."""
    rows = [_row_fields(result) for result in results]
    return json.dumps({"machine": asdict(machine), "unit": "us", "rows": rows}, indent=1)


def _add_lines(lines: Table, result: Measured) -> None:
    """One line for each of them; what and ours stand in the first."""
    ours, *theirs = result.figures
    what = Text.assemble((result.row.name, "bold"), "\n", result.row.what)
    for each in theirs:
        lines.add_row(what, _time(ours), _time(each), _ratio(ours, each), _who(each))
        what = Text()
    lines.add_section()


def _time(figure: Figure) -> Text:
    return Text(f"{_median_us(figure):,.1f} µs") if figure.rounds_us else Text("-", style="dim")


def _ratio(ours: Figure, theirs: Figure) -> Text:
    if not (ours.rounds_us and theirs.rounds_us):
        return Text("-", style="dim")
    ratio = _median_us(ours) / _median_us(theirs)
    return Text(f"{ratio:.2f}", style="green" if ratio <= 1 else "yellow")


def _who(figure: Figure) -> Text:
    if figure.missing:
        return Text(f"{figure.name}\n{figure.missing}", style="dim")
    return Text(f"{figure.name} {figure.version}")


def _remarks(results: Iterable[Measured]) -> list[Text]:
    remarks = dict.fromkeys(each.row.remark for each in results if each.row.remark)
    return [Text(f"note: {remark}", style="dim") for remark in remarks]


def _median_us(figure: Figure) -> float:
    return statistics.median(figure.rounds_us)


def _row_fields(result: Measured) -> dict[str, Any]:
    ours, *theirs = (_figure_fields(figure) for figure in result.figures)
    row = result.row
    return {
        "name": row.name,
        "what": row.what,
        "remark": row.remark,
        "ours": ours,
        "theirs": theirs,
    }


def _figure_fields(figure: Figure) -> dict[str, Any]:
    median_us = _median_us(figure) if figure.rounds_us else None
    return {**asdict(figure), "median_us": median_us}
