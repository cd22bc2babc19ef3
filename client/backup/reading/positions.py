"""A set of positions, a bit for each: a million of them take 128 kB where they stand densely."""

from typing import Final

_BLOCK: Final = 4_096


class Positions:
    """Positions that were seen."""

    def __init__(self) -> None:
        self._blocks: dict[int, int] = {}

    def add(self, position: int) -> bool:
        """Add one; tell whether it is new."""
        block, place = divmod(position, _BLOCK)
        seen = self._blocks.get(block, 0)
        bit = 1 << place
        self._blocks[block] = seen | bit
        return not seen & bit
