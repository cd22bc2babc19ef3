"""Both link machines, fed by a peer who keeps no rule.

    input: [seed of the cuts] [how far the link has come] [stream of frames ...]

However the stream is cut, the same comes out of it; what comes out encodes to
bytes that went in; a fault is a WireError, and closes the link.
"""

import random
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Final, Protocol

from protocol.errors import WireError
from protocol.ids import EnvelopeId, Name
from protocol.wire.client_link import Answered, ClientLink
from protocol.wire.codec import encode
from protocol.wire.framing import frame
from protocol.wire.messages import (
    Accepted,
    Answer,
    Closing,
    Deliver,
    Hello,
    LoggedIn,
    Login,
    Message,
    Ping,
    Pong,
    Refusal,
    Refused,
    Request,
    Submit,
    Subscribe,
    Subscribed,
)
from protocol.wire.relay_link import Asked, RelayLink
from protocol.wire.states import LinkState
from tests.fuzzing.target import Feed, Target
from tests.support.fake_wire import HELLO, WELCOME
from tests.support.mutations import change_frames

HEAD_BYTES: Final = 2
LOGIN = Login(Name("alice"), 1, bytes(64))
SUBMIT = Submit(Name("bob"), 1, EnvelopeId(bytes(16)), bytes(16), b"sealed")
DELIVER = Deliver(1, EnvelopeId(bytes(16)), 2_000, None, b"sealed")

# A whole talk; both begin with two turning points, where each waits for the other.
REQUESTS: tuple[Request, ...] = (HELLO, LOGIN, SUBMIT, Ping(), Subscribe())
ANSWERS: tuple[Answer, ...] = (WELCOME, LoggedIn(1, 9), Accepted(2_000), Pong(1), Subscribed(1))
PUSHES: tuple[Message, ...] = (DELIVER, Closing(5))
TURNING_POINTS: Final = 2


class Ear(Protocol):
    """A machine, and what it has heard as bytes again."""

    heard: list[bytes]

    @property
    def state(self) -> LinkState:
        """The machine's."""

    def hear(self, data: bytes) -> None:
        """Feed the machine; raises WireError."""


class RelayEar:
    """A relay's link after ``steps`` requests; it answers each request at once."""

    def __init__(self, steps: int) -> None:
        self.link = RelayLink()
        self.heard: list[bytes] = []
        for request_id, request in enumerate(REQUESTS[:steps], start=1):
            self.hear(raw(request, request_id))
        self.heard.clear()

    @property
    def state(self) -> LinkState:
        return self.link.state

    def hear(self, data: bytes) -> None:
        self.link.receive_data(data)
        while (given := self.link.next_request()) is not None:
            answer: Answer = Refused(Refusal.NOT_LOGGED_IN, None)
            if isinstance(given, Asked):
                self.heard.append(raw(given.request, given.request_id))
                answer = _answer_to(given.request)
            self.link.answer(given.request_id, answer)


class ClientEar:
    """A client's link after ``steps`` answers, which has asked for all it may."""

    def __init__(self, steps: int) -> None:
        self.link = ClientLink()
        self.heard: list[bytes] = []
        for at, answer in enumerate(ANSWERS[:steps]):
            self.link.request(REQUESTS[at])
            self.hear(raw(answer, at + 1))
        self.heard.clear()
        last = steps + 1 if steps < TURNING_POINTS else len(REQUESTS)
        for request in REQUESTS[steps:last]:
            self.link.request(request)

    @property
    def state(self) -> LinkState:
        return self.link.state

    def hear(self, data: bytes) -> None:
        for event in self.link.receive_data(data):
            if isinstance(event, Answered):
                self.heard.append(raw(event.answer, event.request_id))
            else:
                self.heard.append(raw(event.message, 0))


def raw(message: Message, request_id: int) -> bytes:
    """Give the frame of a message."""
    return frame(encode(message, request_id))


def _answer_to(request: Request) -> Answer:
    if isinstance(request, Hello):
        return WELCOME
    if isinstance(request, Login):
        return LoggedIn(1, 9)
    return Refused(Refusal.RATE_LIMITED, 1)


def check(kind: type[RelayEar] | type[ClientEar], data: bytes) -> None:
    """Feed a stream whole and in pieces, and compare."""
    cuts, steps = (*data[:HEAD_BYTES], 0, 0)[:HEAD_BYTES]
    stream, steps = data[HEAD_BYTES:], steps % (len(REQUESTS) + 1)
    whole, chopped = kind(steps), kind(steps)
    faults = (_fault(whole, iter([stream])), _fault(chopped, _pieces(stream, cuts)))
    assert faults[0] == faults[1]
    assert whole.state == chopped.state
    # What came before a fault in the same piece is lost with it at the client.
    assert chopped.heard[: len(whole.heard)] == whole.heard
    assert all(each in stream for each in chopped.heard)


def _fault(ear: Ear, pieces: Iterator[bytes]) -> str:
    try:
        for piece in pieces:
            ear.hear(piece)
    except WireError as error:
        assert ear.state is LinkState.CLOSED
        return str(error)
    return ""


def _pieces(stream: bytes, seed: int) -> Iterator[bytes]:
    rng = random.Random(seed)
    while stream:
        size = rng.choice((1, 3, 40, 2_000))
        yield stream[:size]
        stream = stream[size:]


def _seeds(said: tuple[Message, ...], pushes: tuple[Message, ...]) -> tuple[bytes, ...]:
    frames = [raw(message, at) for at, message in enumerate(said, start=1)]
    pushed = b"".join(raw(message, 0) for message in pushes)
    return tuple(bytes((7, at)) + b"".join(frames[at:]) + pushed for at in range(len(frames) + 1))


def _mutated(data: bytes, rng: random.Random) -> bytes:
    head, stream = data[:HEAD_BYTES].ljust(HEAD_BYTES, b"\0"), data[HEAD_BYTES:]
    if rng.random() < 0.1:
        head = rng.randbytes(HEAD_BYTES)
    return head + change_frames(stream, rng)


LINK_TARGETS = (
    Target(
        "client_link",
        lambda: nullcontext(Feed(lambda data: check(ClientEar, data), _seeds(ANSWERS, PUSHES))),
        _mutated,
    ),
    Target(
        "relay_link",
        lambda: nullcontext(Feed(lambda data: check(RelayEar, data), _seeds(REQUESTS, ()))),
        _mutated,
    ),
)
