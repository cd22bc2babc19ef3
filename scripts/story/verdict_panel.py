"""The last picture: where the relay was searched, what was found, and what that means."""

from collections.abc import Iterator
from typing import Final

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from scripts.blindness.examination import MediumReport
from scripts.blindness.media import Medium
from scripts.blindness.scanner import Hit
from scripts.story.sizes import readable_size
from scripts.story.verdict import Reading, Verdict

_NAMES: Final = {
    Medium.DATABASE: "database and key file",
    Medium.WAL: "write-ahead log",
    Medium.LOG: "log",
    Medium.MEMORY: "memory",
    Medium.TRAFFIC: "traffic inside TLS",
}

# So many hits say enough; the plain story lists all.
_SHOWN_HITS_COUNT: Final = 4


def verdict_panel(verdict: Verdict) -> Group:
    """Give the table of media and the verdict below it."""
    title, style = _heading(verdict)
    panel = Panel(_judgement(verdict), title=f"[bold]{title}", border_style=style)
    return Group(Text(), _media(verdict), panel)


def _media(verdict: Verdict) -> Table:
    table = Table(box=box.SIMPLE_HEAD, expand=True, padding=(0, 1), show_edge=False)
    table.add_column("searched in the relay's", ratio=3, overflow="fold")
    table.add_column("bytes", justify="right", no_wrap=True)
    table.add_column("canaries", justify="right", no_wrap=True)
    table.add_column("must be found there, and was", ratio=4, overflow="fold")
    for report in verdict.reports:
        table.add_row(*_row(report))
    for medium, reason in verdict.not_searched:
        table.add_row(_NAMES[medium], "-", "-", Text(f"NOT SEARCHED: {reason}", style="bold red"))
    return table


def _row(report: MediumReport) -> tuple[RenderableType, ...]:
    found_count = report.found_count
    return (
        Text(_NAMES[report.medium]),
        Text(readable_size(report.searched_bytes)),
        Text(str(found_count), style="bold red" if found_count else "bold green"),
        _controls(report),
    )


def _controls(report: MediumReport) -> Text:
    """List what was found; what was not stands below it in red."""
    lines = [Text.assemble(("✓ ", "green"), ", ".join(report.controls))]
    lines += [Text(f"✗ MISSING: {label}", style="bold red") for label in report.missing]
    return Text("\n").join(lines)


def _judgement(verdict: Verdict) -> Text:
    return Text("\n").join(
        [
            _blindness_line(verdict),
            _controls_line(verdict),
            *map(_reading_line, verdict.readings),
            *_lost_lines(verdict),
            _honest_line(),
            *_hit_lines(verdict.hits),
            *_plant_lines(verdict),
        ]
    )


def _blindness_line(verdict: Verdict) -> Text:
    searched = readable_size(verdict.searched_bytes)
    return _line(
        not verdict.hits,
        f"{verdict.found_count} of {verdict.canaries_count} canaries (texts, words, keys) found "
        f"in {searched}, searched raw, in hex, in base64 and in wide letters: "
        f"{verdict.needles_count:,} patterns",
    )


def _controls_line(verdict: Verdict) -> Text:
    found_count = verdict.controls_count - verdict.missing_count
    return _line(
        not verdict.missing_count,
        f"{found_count} of {verdict.controls_count} controls found: "
        "the same search does find what is there",
    )


def _reading_line(reading: Reading) -> Text:
    words = "each once, in order" if reading.is_exact else "NOT as sent"
    name = reading.reader.capitalize()
    count = f"{len(reading.shown)} of {len(reading.expected)}"
    return _line(reading.is_exact, f"{name} read {count} messages, {words}")


def _lost_lines(verdict: Verdict) -> Iterator[Text]:
    """Say what somebody in the middle read in spite of it, and from whom."""
    for side, count in verdict.lost.items():
        name = side.capitalize()
        if count:
            words = f"{name} had never compared safety numbers: a swapped key read {count} text"
            yield Text.assemble(("! ", "bold red"), words)
        else:
            yield _line(True, f"{name} had compared them: a swapped key read nothing")


def _honest_line() -> Text:
    """Say what blindness does not mean."""
    words = "· What it does see: who receives, when, how many bytes; at first also from whom"
    return Text(words, style="dim")


def _hit_lines(hits: tuple[Hit, ...]) -> Iterator[Text]:
    for hit in hits[:_SHOWN_HITS_COUNT]:
        yield Text(f"  FOUND {hit}", style="bold red")
    if len(hits) > _SHOWN_HITS_COUNT:
        yield Text(f"  and {len(hits) - _SHOWN_HITS_COUNT} more", style="red")


def _plant_lines(verdict: Verdict) -> Iterator[Text]:
    for plant in verdict.planted:
        was = "was found" if verdict.was_found(plant) else "was NOT found: the search is broken"
        yield Text(f"  A canary was planted in the {_NAMES[plant.medium]} on purpose, and {was}.")


def _line(holds: bool, words: str) -> Text:
    mark = ("✓ ", "bold green") if holds else ("✗ ", "bold red")
    return Text.assemble(mark, words)


def _heading(verdict: Verdict) -> tuple[str, str]:
    """Give the panel's title and style."""
    if verdict.holds:
        return "The relay saw only ciphertext", "green"
    if verdict.all_plants_were_found:
        return "What was planted was found", "red"
    return "NOT PROVEN", "red"
