"""How much mail may be under way to one connection: a machine.

    room() ──▶ read so much from the store ──▶ sent(page) ──▶ acknowledge(n) ──▶ room()

A client that never reads costs a window, and no more.

Spec: docs/protocol.md#delivery
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from protocol.limits import DELIVERY_WINDOW, DELIVERY_WINDOW_BYTES
from server.store.values import StoredMail


@dataclass(frozen=True, slots=True)
class Room:
    """What still fits into the window."""

    count: int
    size_bytes: int


class DeliveryWindow:
    """What was delivered to one subscription and is not acknowledged yet."""

    __slots__ = ("_bytes", "_sent_up_to", "_under_way")

    def __init__(self) -> None:
        self._sent_up_to = 0
        self._under_way: deque[tuple[int, int]] = deque()
        self._bytes = 0

    @property
    def sent_up_to(self) -> int:
        """The last sequence number delivered; 0 before the first."""
        return self._sent_up_to

    def room(self) -> Room:
        """Tell how much more may be sent."""
        return Room(DELIVERY_WINDOW - len(self._under_way), DELIVERY_WINDOW_BYTES - self._bytes)

    def sent(self, page: Iterable[StoredMail]) -> None:
        """Count ``page`` as under way."""
        for mail in page:
            self._under_way.append((mail.sequence, len(mail.envelope)))
            self._bytes += len(mail.envelope)
            self._sent_up_to = mail.sequence

    def acknowledge(self, up_to: int) -> bool:
        """Count all up to ``up_to`` as arrived.

        Returns:
            False if that is more than was delivered here: nothing changes.
        """
        if up_to > self._sent_up_to:
            return False
        while self._under_way and self._under_way[0][0] <= up_to:
            _, size = self._under_way.popleft()
            self._bytes -= size
        return True
