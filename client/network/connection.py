"""One connection to the relay as an async object.

    request(message, Answer) ──▶ ClientLink ──▶ outgoing ──▶ writer task ──▶ stream
    the answer, or an error  ◀── ClientLink ◀─────────────── reader task ◀── stream
    pushes  (bounded) ◀─────────────┘

Many requests may be under way at once, and any may be cancelled: its answer is then read and
dropped. When the connection ends, whatever the reason, every request fails at once with
:class:`ConnectionLost`, ``pushes`` ends, and nothing can be asked any more: a new connection is
the only way on. What the messages mean is decided elsewhere.

Spec: docs/protocol.md#wire, docs/protocol.md#link-states
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import ClassVar, Final, TypeVar, cast

import trio

from client.network.failures import ConnectionLost, Loss, explain
from client.network.one_error import one_error
from client.network.refusals import RelayRefusal
from client.network.statements import Challenge
from client.network.transport import Dialed
from protocol.errors import WireError
from protocol.limits import (
    DELIVERY_WINDOW,
    GREETING_TIMEOUT_MS,
    IDLE_TIMEOUT_MS,
    MAX_REQUESTS_IN_FLIGHT,
    WRITE_TIMEOUT_MS,
)
from protocol.wire.client_link import Answered, ClientLink, Event
from protocol.wire.messages import (
    PROTOCOL_VERSION,
    Answer,
    Closing,
    DeviceReplaced,
    Hello,
    LoggedIn,
    Ping,
    Pong,
    PrekeysLow,
    PrekeysStored,
    Push,
    Refused,
    Replaced,
    ReplacementAnnounced,
    Request,
    Welcome,
)

A = TypeVar("A", bound=Answer)
C = TypeVar("C", bound="RelayConnection")
P = TypeVar("P", bound=Push)

_READ_BYTES: Final = 65_536

# Deliveries are bounded by the relay's window; a few other pushes may stand between them.
_MAX_WAITING_PUSHES: Final = DELIVERY_WINDOW + 16

# One is held at a time, and each takes a request of its own to begin.
_MAX_WAITING_ANNOUNCEMENTS: Final = 16

_PING_INTERVAL_S: Final = IDLE_TIMEOUT_MS / 1000 / 3
_PONG_TIMEOUT_S: Final = 30.0

_CLOSED: Final = Loss("The connection was closed.")


@dataclass(slots=True)
class _Waiting:
    """A request under way; ``answer`` stays None if the connection ends first."""

    done: trio.Event = field(default_factory=trio.Event)
    answer: Answer | None = None


class RelayConnection:
    """A connection that :func:`open_connection` has greeted and keeps alive."""

    far_side: ClassVar[str] = "relay"
    """What the far end is called in sentences."""

    pushes: trio.MemoryReceiveChannel[Push]
    """What the relay says of itself, in order; ends with the connection."""

    announcements: trio.MemoryReceiveChannel[ReplacementAnnounced]
    """That another device wants this one's place; ends with the connection. Apart from the other
    pushes, because every process has to hear it, and only one receives."""

    challenge: Challenge
    """What a login or registration on this connection has to sign."""

    def __init__(self, dialed: Dialed) -> None:
        self._stream = dialed.stream
        self._relay_key, self._tls = dialed.relay_key, dialed.tls
        self._link = ClientLink()
        self._waiting: dict[int, _Waiting] = {}
        self._slots = trio.Semaphore(MAX_REQUESTS_IN_FLIGHT)
        # A request holds a slot until it is answered, so its frame always finds room here.
        self._outgoing, self._to_write = trio.open_memory_channel[bytes](MAX_REQUESTS_IN_FLIGHT)
        self._push, self.pushes = trio.open_memory_channel[Push](_MAX_WAITING_PUSHES)
        self._announce, self.announcements = trio.open_memory_channel[ReplacementAnnounced](
            _MAX_WAITING_ANNOUNCEMENTS
        )
        self._loss: Loss | None = None
        self._closed = trio.Event()
        self.relay_clock_ms = 0
        """What the relay's clock said when it was last heard."""
        self.announced: ReplacementAnnounced | None = None
        """What the relay announced last."""
        self.generation = 0
        """The account's, as this connection's login said it."""
        self.one_time_count = 0
        """One-time pairs on our shelf, as the relay said last, in an answer or a push: kept here,
        where both are still in order, so that a push that waits cannot undo a later answer."""

    async def request(
        self,
        message: Request,
        expected: type[A],
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> A:
        """Ask the relay, and wait for its answer; at most MAX_REQUESTS_IN_FLIGHT at once.

        Cancelling gives up the answer, not the request: the relay may still carry it out.

        Args:
            message: the request.
            expected: the class of its answer, for the type checker; the link enforces it.
            task_status: told when the request has its place in the stream: who starts
                several with ``nursery.start`` has them arrive in that order.

        Raises:
            RelayRefusal: the relay said no.
            ConnectionLost: it may or may not have been carried out.
        """
        return cast("A", await self.ask(message, task_status=task_status))

    async def ask(
        self,
        message: Request,
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> Answer:
        """Do as :meth:`request` for a message that has several answers."""
        await self._slots.acquire()
        if self._loss is not None:
            self._slots.release()
            raise self._loss.error()
        waiting = self._send(message)
        task_status.started()
        await waiting.done.wait()
        if waiting.answer is None:
            raise self._lost()
        if isinstance(waiting.answer, Refused):
            raise RelayRefusal(message, waiting.answer)
        return waiting.answer

    async def wait_closed(self) -> ConnectionLost:
        """Wait for the end of the connection, and give the reason."""
        await self._closed.wait()
        return self._lost()

    def _send(self, message: Request) -> _Waiting:
        try:
            request_id, data = self._link.request(message)
        except BaseException:
            self._slots.release()
            raise
        waiting = self._waiting[request_id] = _Waiting()
        self._outgoing.send_nowait(data)
        return waiting

    def _lost(self) -> ConnectionLost:
        return (self._loss or _CLOSED).error()

    # --- tasks of open_connection ---------------------------------------------

    async def _read(self) -> None:
        """Pump bytes into the link until the stream ends or the relay misbehaves."""
        try:
            while data := await self._stream.receive_some(_READ_BYTES):
                for event in self._link.receive_data(bytes(data)):
                    self._take(event)
            self._link.receive_end()
            self._end(Loss(f"The {self.far_side} hung up."))
        except WireError as error:
            self._end(Loss(f"The {self.far_side} sent what it may not: {error.reason}."))
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError) as error:
            self._end(Loss(explain(error)))

    async def _write(self) -> None:
        """Pump frames into the stream; several that wait go out together."""
        try:
            async for data in self._to_write:
                with trio.fail_after(WRITE_TIMEOUT_MS / 1000):
                    await self._stream.send_all(data + self._more_to_write())
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError) as error:
            self._end(Loss(explain(error)))
        except trio.TooSlowError:
            self._end(Loss(f"The {self.far_side} takes no more bytes."))

    async def _keep_alive(self) -> None:
        """Ping, so that neither side takes a quiet connection for a dead one."""
        while True:
            await trio.sleep(_PING_INTERVAL_S)
            try:
                with trio.fail_after(_PONG_TIMEOUT_S):
                    pong = await self.request(Ping(), Pong)
            except trio.TooSlowError:
                self._end(Loss(f"The {self.far_side} does not answer any more."))
                return
            except ConnectionLost:
                return
            except RelayRefusal:
                continue  # also a sign of life
            self.relay_clock_ms = pong.clock_ms

    async def _greet(self) -> None:
        try:
            with trio.fail_after(GREETING_TIMEOUT_MS / 1000):
                hello = Hello(PROTOCOL_VERSION, PROTOCOL_VERSION)
                welcome = await self.request(hello, Welcome)
        except trio.TooSlowError:
            raise ConnectionLost("The relay did not greet in time.") from None
        if self._tls and self._relay_key != welcome.relay_key:
            raise ConnectionLost("The relay's greeting names another key than its certificate.")
        self.challenge = Challenge(welcome.nonce, self._relay_key, welcome.version)
        self.relay_clock_ms = welcome.clock_ms

    # --- inside ---------------------------------------------------------------

    def _more_to_write(self) -> bytes:
        frames = []
        try:
            while True:
                frames.append(self._to_write.receive_nowait())
        except (trio.WouldBlock, trio.EndOfChannel):
            return b"".join(frames)

    def _take(self, event: Event) -> None:
        if self._loss is not None:
            return  # whoever asked has been told already
        self._note_own(event.answer if isinstance(event, Answered) else event.message)
        if isinstance(event, Answered):
            waiting = self._waiting.pop(event.request_id)
            waiting.answer = event.answer
            waiting.done.set()
            self._slots.release()
        elif isinstance(event.message, Closing):
            why = f"The {self.far_side} is shutting down."
            self._end(Loss(why, event.message.retry_after_ms))
        elif isinstance(event.message, DeviceReplaced):
            self._end(Loss("Another device has taken the place of this one."))
        elif isinstance(event.message, ReplacementAnnounced):
            _put(self._announce, event.message)
        else:
            _put(self._push, event.message)

    def _note_own(self, message: Answer | Push) -> None:
        if isinstance(message, LoggedIn | PrekeysStored | PrekeysLow):
            self.one_time_count = message.one_time_count
        if isinstance(message, LoggedIn | Replaced):
            self.generation = message.generation
        if isinstance(message, ReplacementAnnounced):
            self.announced = message

    def _end(self, loss: Loss) -> None:
        """Fail everything at once; the first reason counts."""
        if self._loss is not None:
            return
        self._loss = loss
        self._push.close()
        self._announce.close()
        self._closed.set()
        for waiting in self._waiting.values():
            waiting.done.set()
            self._slots.release()
        self._waiting.clear()


def _put(channel: trio.MemorySendChannel[P], push: P) -> None:
    try:
        channel.send_nowait(push)
    except trio.WouldBlock:
        raise WireError("more pushes than the delivery window allows") from None
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        return  # nobody listens any more


def open_connection(dialed: Dialed) -> AbstractAsyncContextManager[RelayConnection]:
    """Greet the relay on ``dialed``, and serve the connection; see :func:`opened`."""
    return opened(RelayConnection(dialed))


@asynccontextmanager
async def opened(connection: C) -> AsyncIterator[C]:
    """Greet the far side, and serve the connection until the block is left.

    The stream is closed at the end, without ceremony: what the relay had not answered by then
    was not promised to anybody.

    Raises:
        ConnectionLost: the far side does not greet as it should.
        RelayRefusal: it speaks no version of the protocol that this program knows.
    """
    with one_error():
        async with trio.open_nursery() as nursery:
            try:
                nursery.start_soon(connection._read)
                nursery.start_soon(connection._write)
                await connection._greet()
                nursery.start_soon(connection._keep_alive)
                yield connection
            finally:
                connection._end(_CLOSED)
                nursery.cancel_scope.cancel()
                with trio.CancelScope(shield=True):
                    await trio.aclose_forcefully(connection._stream)
