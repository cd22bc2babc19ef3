"""How far something has come: a bar on a terminal, a line now and then elsewhere.

Shown only for what takes longer than a second, and on standard error: results stay alone on
standard output.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from client.cli.output import Output
from client.cli.sizes import size_words

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_SHOWN_AFTER_S: Final = 1.0
_LINE_EVERY_S: Final = 10.0

Clock = Callable[[], float]


class Step(Protocol):
    """How much is done, of how much; what writes, reads or copies a backup tells one often."""

    @property
    def done_bytes(self) -> int:
        """Give what is done."""

    @property
    def total_bytes(self) -> int:
        """Give what there is; it may still change."""


class Meter:
    """Tells a person about steps; made by :func:`progress_of`."""

    def __init__(self, what: str, output: Output, clock: Clock) -> None:
        self._what, self._output, self._clock = what, output, clock
        self._began_s = self._told_s = clock()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def report(self, step: Step) -> None:
        """Take a step."""
        now_s = self._clock()
        if now_s - self._began_s < _SHOWN_AFTER_S:
            return
        if self._output.error_console.is_terminal and not self._output.json:
            self._paint(step)
        elif now_s - self._told_s >= _LINE_EVERY_S:
            self._told_s = now_s
            self._tell(step, now_s - self._began_s)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def _paint(self, step: Step) -> None:
        if self._bar is None or self._task is None:
            self._bar, self._task = _bar(self._what, self._output)
            self._bar.start()
        self._bar.update(self._task, completed=step.done_bytes, total=step.total_bytes)

    def _tell(self, step: Step, passed_s: float) -> None:
        rate = int(step.done_bytes / passed_s)
        left_s = int((step.total_bytes - step.done_bytes) / rate) if rate else None
        left = "" if left_s is None else f", {left_s} s left"
        self._output.note(
            f"{self._what}: {size_words(step.done_bytes)} of {size_words(step.total_bytes)},"
            f" {size_words(rate)}/s{left}",
            {
                "progress": self._what.lower(),
                "done_bytes": step.done_bytes,
                "total_bytes": step.total_bytes,
                "bytes_per_second": rate,
                "left_s": left_s,
            },
        )


@contextmanager
def progress_of(what: str, output: Output, clock: Clock = time.monotonic) -> Iterator[Meter]:
    """Give a meter for the block.

    Args:
        what: what is being done, as "Saving".
    """
    meter = Meter(what, output, clock)
    try:
        yield meter
    finally:
        meter.close()


def _bar(what: str, output: Output) -> "tuple[Progress, TaskID]":
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn(what, markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=output.error_console, transient=True)
    return bar, bar.add_task(what, total=None)
