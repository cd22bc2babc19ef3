"""The client's end of a link, without any I/O.

    request(message)  ──▶ (request id, bytes to send)
    receive_data(bytes) ──▶ [Answered(...), Pushed(...), ...]

It numbers requests, matches answers with them, and refuses whatever the relay
may not say now. It does not care about sockets, time, retries or meaning.

Spec: docs/protocol.md#link-states
"""

from dataclasses import dataclass
from typing import cast

from protocol.errors import WireError
from protocol.wire.codec import decode_untrusted, encode
from protocol.wire.framing import FrameReader, frame
from protocol.wire.messages import (
    Answer,
    Hello,
    Message,
    Push,
    Request,
    VaultHello,
    VaultWelcome,
    Welcome,
)
from protocol.wire.states import (
    ALLOWED_PUSHES,
    ALLOWED_REQUESTS,
    LinkMisused,
    LinkState,
    is_answer,
    lacks_login,
    state_after_answer,
    state_after_push,
)


@dataclass(frozen=True, slots=True)
class Answered:
    """The relay answered ``request``; ``answer`` is its answer or a Refused."""

    request_id: int
    request: Request
    answer: Answer


@dataclass(frozen=True, slots=True)
class Pushed:
    """The relay said something of itself."""

    message: Push


Event = Answered | Pushed


class ClientLink:
    """One connection as the client sees it.

    A WireError means that the relay is at fault, LinkMisused that our own
    caller is. After a WireError the link is closed.
    """

    __slots__ = ("_last_request_id", "_pending", "_reader", "_state")

    def __init__(self) -> None:
        self._state = LinkState.GREETING
        self._reader = FrameReader()
        self._pending: dict[int, Request] = {}
        self._last_request_id = 0

    @property
    def state(self) -> LinkState:
        """How far the connection has come."""
        return self._state

    @property
    def pending_count(self) -> int:
        """Requests under way; the relay stops reading at MAX_REQUESTS_IN_FLIGHT."""
        return len(self._pending)

    def request(self, message: Request) -> tuple[int, bytes]:
        """Give the request id of ``message`` and the bytes to send.

        Raises:
            LinkMisused: the message has no place in this state.
        """
        is_allowed = type(message) in ALLOWED_REQUESTS[self._state]
        if not is_allowed or lacks_login(self._state, message):
            raise LinkMisused(type(message).__name__, self._state)
        self._last_request_id += 1
        data = frame(encode(message, self._last_request_id))
        self._pending[self._last_request_id] = message
        return self._last_request_id, data

    def receive_data(self, data: bytes) -> list[Event]:
        """Take bytes from the relay and give what they said.

        What came before a fault in the same bytes is lost with it: the link
        ends, and all that was not answered is asked again on the next one.

        Raises:
            WireError: they do not parse, answer nothing that was asked, or are
                not allowed in this state. The link is closed.
        """
        try:
            return self._events(data)
        except WireError:
            self._state = LinkState.CLOSED
            raise

    def receive_end(self) -> None:
        """Take the end of the stream.

        Raises:
            WireError: it cuts a frame.
        """
        self._state = LinkState.CLOSED
        if not self._reader.is_between_frames:
            raise WireError("the stream ended inside a frame")

    def _events(self, data: bytes) -> list[Event]:
        self._reader.receive_data(data)
        events = []
        while (message := self._reader.next_frame()) is not None:
            events.append(self._event(*decode_untrusted(message)))
        return events

    def _event(self, request_id: int, message: Message) -> Event:
        if self._state is LinkState.CLOSED:
            raise WireError("a message after the last one")
        return self._answered(request_id, message) if request_id else self._pushed(message)

    def _answered(self, request_id: int, message: Message) -> Answered:
        request = self._pending.get(request_id)
        if request is None:
            raise WireError("an answer to nothing that was asked")
        if not is_answer(type(request), type(message)):
            raise WireError(f"{type(message).__name__} does not answer {type(request).__name__}")
        _require_offered_version(request, message)
        del self._pending[request_id]
        self._state = state_after_answer(self._state, type(request), type(message))
        return Answered(request_id, request, cast("Answer", message))

    def _pushed(self, message: Message) -> Pushed:
        if type(message) not in ALLOWED_PUSHES[self._state]:
            raise WireError(f"{type(message).__name__} pushed to a link {self._state.value}")
        self._state = state_after_push(self._state, type(message))
        return Pushed(cast("Push", message))


def _require_offered_version(request: Request, answer: Message) -> None:
    if (
        isinstance(request, Hello | VaultHello)
        and isinstance(answer, Welcome | VaultWelcome)
        and not request.lowest_version <= answer.version <= request.highest_version
    ):
        raise WireError("the relay chose a version that was not offered")
