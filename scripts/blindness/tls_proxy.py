"""Record what is said inside TLS between clients and a relay.

Ciphertext recorded outside TLS would prove nothing about the relay: whatever is
in it, TLS hides it from the recorder and not from the relay. So this proxy holds
the relay's own key and certificate: clients see the fingerprint they pinned, and
everything passes through here in the form in which the relay gets it::

    client ══ TLS, the relay's key ══ proxy ══ TLS ══ relay
                                        └─ tap: both directions, decrypted
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import trio

_READ_BYTES: Final = 65_536
_CONNECT_TIMEOUT_S: Final = 5.0

# How a connection ends when the other side, or the relay's process, goes away without notice.
_CONNECTION_ENDS: Final = (trio.BrokenResourceError, trio.ClosedResourceError, OSError)


class Direction(StrEnum):
    """Which way bytes went."""

    TO_RELAY = "to-relay"
    FROM_RELAY = "from-relay"


Tap = Callable[[int, Direction, bytes], None]
"""Takes the number of a connection, a direction, and the next bytes in it."""


@dataclass(slots=True)
class TlsProxy:
    """A proxy in front of one relay.

    Attributes:
        facing_clients: context that shows the relay's own certificate.
        facing_relay: context that trusts this certificate and no other.
        relay_address: host and port; may change while the proxy runs, as the
            relay does when it is started again.
        tap: called with all bytes before they are passed on.
    """

    facing_clients: ssl.SSLContext
    facing_relay: ssl.SSLContext
    relay_address: tuple[str, int]
    tap: Tap
    _connections_count: int = 0

    async def serve(
        self, port: int, *, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Accept connections on loopback until cancelled, then end them all.

        Args:
            port: 0 for any; a proxy of a relay that comes back takes the same again.
            task_status: started with the port.
        """
        listeners = await trio.open_tcp_listeners(port, host="127.0.0.1")
        taken: int = listeners[0].socket.getsockname()[1]
        async with trio.open_nursery() as nursery:
            await nursery.start(trio.serve_listeners, self._handle, listeners)
            task_status.started(taken)

    async def _handle(self, stream: trio.SocketStream) -> None:
        """Connect one client to the relay; any end of either side ends both."""
        self._connections_count += 1
        number = self._connections_count
        try:
            async with trio.SSLStream(stream, self.facing_clients, server_side=True) as client:
                with trio.fail_after(_CONNECT_TIMEOUT_S):
                    await client.do_handshake()
                    relay = await self._connect()
                async with relay:
                    await self._join(number, client, relay)
        except* (*_CONNECTION_ENDS, trio.TooSlowError):
            pass  # the client sees its connection close, as it would without a proxy

    async def _connect(self) -> trio.SSLStream[trio.SocketStream]:
        stream = await trio.open_tcp_stream(*self.relay_address)
        relay = trio.SSLStream(stream, self.facing_relay)
        try:
            await relay.do_handshake()
        except BaseException:
            await trio.aclose_forcefully(relay)
            raise
        return relay

    async def _join(
        self,
        number: int,
        client: trio.SSLStream[trio.SocketStream],
        relay: trio.SSLStream[trio.SocketStream],
    ) -> None:
        async def pump(
            source: trio.SSLStream[trio.SocketStream],
            target: trio.SSLStream[trio.SocketStream],
            direction: Direction,
        ) -> None:
            """Pass on what one side says, and end both ways when it has ended."""
            while data := await source.receive_some(_READ_BYTES):
                self.tap(number, direction, bytes(data))
                await target.send_all(data)
            nursery.cancel_scope.cancel()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(pump, client, relay, Direction.TO_RELAY)
            nursery.start_soon(pump, relay, client, Direction.FROM_RELAY)


def showing(key_file: Path) -> ssl.SSLContext:
    """Give a server context with the relay's own key and certificate (PEM, both in one file)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(key_file)
    return context


def trusting(key_file: Path) -> ssl.SSLContext:
    """Give a client context that accepts the self-signed certificate in ``key_file`` only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # the certificate is the name
    context.load_verify_locations(key_file)
    return context
