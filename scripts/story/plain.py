"""Tell the story in plain lines: one fact a line, who first, for programs and logs."""

import time
from collections.abc import Iterator
from typing import TextIO

from scripts.blindness.examination import MediumReport
from scripts.story.events import Act, Cell, Event, Judged, Looked, Manner, Opening, RelayCell, Row
from scripts.story.relay_view import Sighting
from scripts.story.script import Side
from scripts.story.verdict import Reading, Verdict


class PlainTeller:
    """Writes to a stream, at once and without colours."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def tell(self, event: Event) -> None:
        """Write the lines of one event."""
        for line in _lines(event):
            print(line, file=self._stream, flush=True)


def _lines(event: Event) -> Iterator[str]:
    match event:
        case Opening():
            yield event.words
        case Act():
            yield f"act {event.number}: {event.title}. {event.plain_words}"
        case Row():
            yield from _row_lines(event)
        case Looked():
            yield _looked_line(event)
        case Judged():
            yield from _verdict_lines(event.verdict)


def _row_lines(row: Row) -> Iterator[str]:
    """Give what is said, then what the relay sees of it, then what is read."""
    columns = ((Side.ALICE, row.alice), (Side.BOB, row.bob))
    cells = [(side, cell) for side, column in columns for cell in column]
    yield from (_cell_line(side, cell) for side, cell in cells if cell.manner is not Manner.READS)
    yield from _relay_lines(row.relay)
    yield from (_cell_line(side, cell) for side, cell in cells if cell.manner is Manner.READS)


def _cell_line(side: Side, cell: Cell) -> str:
    return f"{side} {cell.manner}: {cell.text}"


def _relay_lines(cell: RelayCell) -> Iterator[str]:
    yield from map(_sighting_line, cell.sightings)
    if cell.note:
        yield f"relay: {', '.join(cell.note.splitlines())}"
    if cell.loss:
        yield f"lost: {', '.join(cell.loss.splitlines())}"


def _sighting_line(seen: Sighting) -> str:
    clock = time.strftime("%H:%M:%S", time.localtime(seen.seen_at_s))
    sender = seen.sender or "anonymous"
    return (
        f"relay sees: {clock} from={sender} to={seen.recipient} "
        f"bytes={seen.size_bytes} excerpt={seen.excerpt.hex()}"
    )


def _looked_line(looked: Looked) -> str:
    findings = looked.look.findings
    searched = " ".join(f"{each}={found.searched_bytes}" for each, found in findings.items())
    return f"searched {looked.look.when}: {searched} hits={looked.look.found_count}"


def _verdict_lines(verdict: Verdict) -> Iterator[str]:
    yield from map(_medium_line, verdict.reports)
    for medium, reason in verdict.not_searched:
        yield f"medium {medium}: NOT SEARCHED: {reason}"
    yield from (f"hit: {hit}" for hit in verdict.hits)
    yield from map(_reading_line, verdict.readings)
    for side, count in verdict.lost.items():
        yield f"lost by {side} to a swapped key: {count}"
    for plant in verdict.planted:
        yield f"planted in {plant.medium}: {'FOUND' if verdict.was_found(plant) else 'NOT FOUND'}"
    word = "HOLDS" if verdict.holds else "FAILS"
    found_count = verdict.controls_count - verdict.missing_count
    yield (
        f"verdict: {word} canaries={verdict.canaries_count} patterns={verdict.needles_count} "
        f"bytes={verdict.searched_bytes} hits={verdict.found_count} "
        f"controls={found_count}/{verdict.controls_count}"
    )


def _medium_line(report: MediumReport) -> str:
    missing = "".join(f" MISSING: {label}" for label in report.missing)
    return (
        f"medium {report.medium}: bytes={report.searched_bytes} hits={report.found_count} "
        f"controls: {', '.join(report.controls)}{missing}"
    )


def _reading_line(reading: Reading) -> str:
    word = "once, in order" if reading.is_exact else "NOT AS SENT"
    return f"{reading.reader} read {len(reading.shown)} of {len(reading.expected)}: {word}"
