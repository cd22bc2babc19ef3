"""Keep what passed inside TLS: the bytes in files, the messages in a list.

The relay's view of the story is told from these messages, so what it shows is
what the relay really got.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from protocol.errors import WireError
from protocol.wire.codec import decode_untrusted
from protocol.wire.framing import FrameReader
from protocol.wire.messages import Login, Message, Register
from scripts.blindness.tls_proxy import Direction


@dataclass(frozen=True, slots=True)
class Passed:
    """One message on its way through the proxy.

    Attributes:
        login: the name under which the connection had logged in, or None: then
            the relay does not know whose it is.
        passed_at_s: seconds since the epoch.
    """

    login: str | None
    direction: Direction
    message: Message
    passed_at_s: float


class Traffic:
    """Records every byte of every connection, and decodes what can be decoded.

    Args:
        folder: takes one file for each connection and direction.
        now_s: the clock.
    """

    def __init__(self, folder: Path, now_s: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self.passed: list[Passed] = []
        self._now_s = now_s
        self._readers: dict[tuple[int, Direction], FrameReader] = {}
        self._logins: dict[int, str] = {}

    @property
    def paths(self) -> list[Path]:
        """The files written so far."""
        return sorted(self.folder.iterdir())

    def tap(self, connection: int, direction: Direction, data: bytes) -> None:
        """Take the next bytes of one direction (a :data:`~scripts.blindness.tls_proxy.Tap`)."""
        with (self.folder / f"connection-{connection:03}-{direction}").open("ab") as file:
            file.write(data)
        reader = self._readers.setdefault((connection, direction), FrameReader())
        reader.receive_data(data)
        for message in _messages(reader):
            if isinstance(message, Login):
                self._logins[connection] = message.name
            if isinstance(message, Register):
                self._logins[connection] = message.account.name
            login = self._logins.get(connection)
            self.passed.append(Passed(login, direction, message, self._now_s()))


def _messages(reader: FrameReader) -> Iterator[Message]:
    """Give the messages that are whole; what is none (a plant) is in the files all the same."""
    try:
        while (frame := reader.next_frame()) is not None:
            yield decode_untrusted(frame)[1]
    except WireError:
        return
