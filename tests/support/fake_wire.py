"""A client's and a relay's link machine on a wire that exists in memory only."""

from dataclasses import dataclass, field

from protocol.wire.client_link import ClientLink, Event
from protocol.wire.messages import (
    PROTOCOL_VERSION,
    Answer,
    Hello,
    LoggedIn,
    Login,
    Push,
    Request,
    Welcome,
)
from protocol.wire.relay_link import Asked, Barred, RelayLink
from protocol.wire.states import LinkState

HELLO = Hello(PROTOCOL_VERSION, PROTOCOL_VERSION)
WELCOME = Welcome(PROTOCOL_VERSION, bytes(32), bytes(32), 1_000)


@dataclass
class FakeWire:
    """Both machines; whatever one says reaches the other at once, in pieces of ``chop``."""

    chop: int = 1 << 20
    client: ClientLink = field(default_factory=ClientLink)
    relay: RelayLink = field(default_factory=RelayLink)

    def ask(self, *requests: Request) -> list[Asked | Barred]:
        """Send requests in one go and give what the relay makes of them."""
        return self.to_relay(b"".join(self.client.request(message)[1] for message in requests))

    def to_relay(self, data: bytes) -> list[Asked | Barred]:
        """Feed bytes to the relay and give the requests in them."""
        given = []
        for piece in self._pieces(data):
            self.relay.receive_data(piece)
            while (request := self.relay.next_request()) is not None:
                given.append(request)
        return given

    def answer(self, request_id: int, message: Answer) -> list[Event]:
        """Let the relay answer, and give the client's events."""
        return self.to_client(self.relay.answer(request_id, message))

    def push(self, message: Push) -> list[Event]:
        """Let the relay push, and give the client's events."""
        return self.to_client(self.relay.push(message))

    def to_client(self, data: bytes) -> list[Event]:
        """Feed bytes to the client and give its events."""
        return [e for piece in self._pieces(data) for e in self.client.receive_data(piece)]

    def _pieces(self, data: bytes) -> list[bytes]:
        return [data[i : i + self.chop] for i in range(0, len(data), self.chop)]

    def both_are(self, state: LinkState) -> bool:
        """Tell whether both machines have come that far."""
        return self.client.state is state and self.relay.state is state

    def greet(self) -> None:
        """Bring both machines to ANONYMOUS."""
        self.ask(HELLO)
        self.answer(1, WELCOME)

    def log_in(self, login: Login) -> None:
        """Bring both machines from ANONYMOUS to LOGGED_IN."""
        (asked,) = self.ask(login)
        self.answer(asked.request_id, LoggedIn(1, 100))
