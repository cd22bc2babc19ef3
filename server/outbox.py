"""What one connection has still to say: answers in the order of the questions.

    keep_place(request id) ──▶ Place ── fill(answer) ──┐
    notify(push) ──────────────────────────────────────┴──▶ take() ──▶ bytes

A submit takes its place when it is read and fills it after the commit; what was
asked later waits behind it. Notices are kept one of a kind, the newest: a
client that reads nothing cannot make them pile up.
"""

from collections import deque
from collections.abc import Iterator
from typing import Final

from protocol.wire.messages import Answer, Push
from protocol.wire.relay_link import RelayLink
from protocol.wire.states import ALLOWED_PUSHES, LinkState

# Enough for hundreds of small answers; a bundle is about 4 kB.
MAX_CHUNK_BYTES: Final = 65_536


class Place:
    """A place in the line of answers."""

    __slots__ = ("answer", "request_id")

    def __init__(self, request_id: int) -> None:
        self.request_id = request_id
        self.answer: Answer | None = None


class Outbox:
    """The line of answers of one connection, and its notices."""

    __slots__ = ("_link", "_notices", "_places")

    def __init__(self, link: RelayLink) -> None:
        self._link = link
        self._places: deque[Place] = deque()
        self._notices: dict[type[Push], Push] = {}

    @property
    def is_empty(self) -> bool:
        """Whether every request has been answered."""
        return not self._places

    def keep_place(self, request_id: int) -> Place:
        """Give the next place in the line to the request ``request_id``."""
        place = Place(request_id)
        self._places.append(place)
        return place

    def notify(self, push: Push) -> None:
        """Say ``push`` soon; it replaces an unsaid one of its kind."""
        self._notices[type(push)] = push

    def take(self) -> bytes:
        """Give what can be said now, at most about MAX_CHUNK_BYTES of it; perhaps nothing."""
        parts, size = [], 0
        while self._may_speak and self._places and size < MAX_CHUNK_BYTES:
            answer = self._places[0].answer
            if answer is None:
                break
            parts.append(self._link.answer(self._places.popleft().request_id, answer))
            size += len(parts[-1])
        parts += map(self._link.push, self._notices_for_now())
        return b"".join(parts)

    def _notices_for_now(self) -> Iterator[Push]:
        """Give notices that may be said; one about a login waits until its answer has been."""
        for kind in list(self._notices):
            if kind in ALLOWED_PUSHES[self._link.state]:
                yield self._notices.pop(kind)

    @property
    def _may_speak(self) -> bool:
        return self._link.state is not LinkState.CLOSED
