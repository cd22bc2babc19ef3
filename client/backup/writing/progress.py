"""How far a backup has come, for a progress bar.

Bytes are what is put into the storage. What lines will come to is guessed before they are
compressed, and corrected as they are: so the total moves a little, and ends where it is true.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_BYTES_OF_A_LINE: Final = 64
"""Of a text of a dozen words, compressed in a segment."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What is done, of what there is.

    Args:
        done_bytes, total_bytes: put into the storage.
        began_ms, now_ms: by this machine's clock.
    """

    done_bytes: int
    total_bytes: int
    began_ms: int
    now_ms: int

    @property
    def bytes_per_second(self) -> int:
        """The rate so far."""
        return self.done_bytes * 1_000 // max(1, self.now_ms - self.began_ms)

    @property
    def left_ms(self) -> int:
        """How long the rest takes at this rate; 0 while nothing is known."""
        rate = self.bytes_per_second
        return (self.total_bytes - self.done_bytes) * 1_000 // rate if rate else 0


Report = Callable[[Progress], None]
"""Is told the progress, often; it returns at once."""


class Meter:
    """Counts what a backup puts, and tells it."""

    def __init__(self, report: Report, now_ms: Callable[[], int]) -> None:
        self._report, self._now_ms, self._began_ms = report, now_ms, now_ms()
        self._expected_lines = self._expected_bytes = 0
        self.put_bytes = self.put_objects = 0

    def expect(self, *, lines: int = 0, other_bytes: int = 0) -> None:
        """Note what is still to be put."""
        self._expected_lines += lines
        self._expected_bytes += other_bytes

    def put(self, stored_bytes: int, *, lines: int = 0, expected: bool = False) -> None:
        """Note an object that was put.

        Args:
            lines: in it, that were expected.
            expected: its bytes were, too.
        """
        self.put_bytes += stored_bytes
        self.put_objects += 1
        self._expected_lines = max(0, self._expected_lines - lines)
        self._expected_bytes -= stored_bytes if expected else 0
        left = self._expected_bytes + self._expected_lines * _BYTES_OF_A_LINE
        total = self.put_bytes + max(0, left)
        self._report(Progress(self.put_bytes, total, self._began_ms, self._now_ms()))
