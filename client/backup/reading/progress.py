"""How far a reading has come, for a progress bar."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Progress:
    """What is done, of what there is.

    Args:
        done_bytes, total_bytes: of content.
        messages: lines that were read so far.
    """

    done_bytes: int = 0
    total_bytes: int = 0
    messages: int = 0

    def plus(self, content_bytes: int, messages: int = 0) -> "Progress":
        """Give the progress after an object."""
        return Progress(self.done_bytes + content_bytes, self.total_bytes, self.messages + messages)


Report = Callable[[Progress], None]
"""Is told the progress, often; it returns at once."""


def untold(progress: Progress) -> None:
    """Tell nobody."""


QUIET: Final[Report] = untold
