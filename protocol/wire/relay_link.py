"""The relay's end of a link, without any I/O.

    receive_data(bytes), then next_request() until it gives None
        Asked(request id, request)       to be carried out, and answered
        Barred(request id, refusal)      to be answered with that refusal
    answer(request id, message) ──▶ bytes to send
    push(message) ──▶ bytes to send

Requests are given one at a time, not as a list: each is judged in the state
that the answers before it have made, and a client that asks for more than
MAX_REQUESTS_IN_FLIGHT at once waits inside, unparsed. :attr:`RelayLink.must_answer`
then tells the service to stop reading, and TCP slows the client down.

Spec: docs/protocol.md#link-states
"""

from dataclasses import dataclass
from typing import Any, cast

from protocol.errors import WireError
from protocol.limits import MAX_REQUESTS_IN_FLIGHT
from protocol.wire.codec import decode_untrusted, encode
from protocol.wire.framing import FrameReader, frame
from protocol.wire.messages import Answer, Message, Push, Refusal, Request
from protocol.wire.states import (
    ALLOWED_PUSHES,
    ALLOWED_REQUESTS,
    REQUEST_TYPES,
    TURNING_POINTS,
    LinkMisused,
    LinkState,
    is_answer,
    lacks_login,
    state_after_answer,
    state_after_push,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to carry out."""

    request_id: int
    request: Request


@dataclass(frozen=True, slots=True)
class Barred:
    """A request that has no place in this state: answer it with ``refusal``."""

    request_id: int
    refusal: Refusal


class RelayLink:
    """One connection as the relay sees it.

    A WireError means that the client is at fault, LinkMisused that our own
    caller is. After a WireError the link is closed.
    """

    __slots__ = ("_in_flight", "_reader", "_state", "_turning")

    def __init__(self) -> None:
        self._state = LinkState.GREETING
        self._reader = FrameReader()
        self._in_flight: dict[int, type[Any]] = {}
        self._turning = False  # a turning point is under way: what follows waits for its answer

    @property
    def state(self) -> LinkState:
        """How far the connection has come."""
        return self._state

    @property
    def must_answer(self) -> bool:
        """Whether no further request is given before an answer has gone out."""
        return self._turning or len(self._in_flight) >= MAX_REQUESTS_IN_FLIGHT

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the client; call it only when :meth:`next_request` gave None."""
        self._reader.receive_data(data)

    def receive_end(self) -> None:
        """Take the end of the stream.

        Raises:
            WireError: it cuts a frame.
        """
        self._state = LinkState.CLOSED
        if not self._reader.is_between_frames:
            raise WireError("the stream ended inside a frame")

    def next_request(self) -> Asked | Barred | None:
        """Give the next request, or None until more bytes or answers have come.

        Raises:
            WireError: the bytes do not parse, or break the rules of the link.
                The link is closed.
        """
        if self.must_answer or self._state is LinkState.CLOSED:
            return None
        try:
            message = self._reader.next_frame()
            return None if message is None else self._judged(*decode_untrusted(message))
        except WireError:
            self._state = LinkState.CLOSED
            raise

    def answer(self, request_id: int, message: Answer) -> bytes:
        """Give the bytes of the answer to request ``request_id``.

        Raises:
            LinkMisused: no such request is under way, it is answered otherwise,
                or the link is closed.
        """
        request = self._in_flight.get(request_id)
        is_closed = self._state is LinkState.CLOSED
        if is_closed or request is None or not is_answer(request, type(message)):
            raise LinkMisused(type(message).__name__, self._state)
        del self._in_flight[request_id]
        self._turning = False
        self._state = state_after_answer(self._state, request, type(message))
        return frame(encode(message, request_id))

    def push(self, message: Push) -> bytes:
        """Give the bytes of ``message``, which answers nothing.

        Raises:
            LinkMisused: it has no place in this state.
        """
        if type(message) not in ALLOWED_PUSHES[self._state]:
            raise LinkMisused(type(message).__name__, self._state)
        self._state = state_after_push(self._state, type(message))
        return frame(encode(message, 0))

    def _judged(self, request_id: int, message: Message) -> Asked | Barred:
        kind = type(message)
        if kind not in REQUEST_TYPES or request_id == 0:
            raise WireError("a client sends requests, each with its id")
        if request_id in self._in_flight:
            raise WireError("a request id that is still under way")
        if lacks_login(self._state, cast("Request", message)):
            self._in_flight[request_id] = kind
            return Barred(request_id, Refusal.NOT_LOGGED_IN)
        if kind not in ALLOWED_REQUESTS[self._state]:
            raise WireError(f"{kind.__name__} sent on a link {self._state.value}")
        self._in_flight[request_id] = kind
        self._turning = kind in TURNING_POINTS
        return Asked(request_id, cast("Request", message))
