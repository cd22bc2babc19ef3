"""From a relay address to a stream of bytes whose far end has shown the right key.

TCP with happy eyeballs, TLS 1.3, and one comparison: the SHA-256 of the certificate's
SubjectPublicKeyInfo with the pinned fingerprint, before the first application byte. No chain of
authorities is asked: the relay's key is its name.

    pin known, same key      connected
    pin known, other key     TrustOpen: a person has to decide
    no pin, loopback         connected; the fingerprint is returned, to be pinned from now on
    no pin, elsewhere        RelayKeyUnknown before anything is sent
    glasspost+plain://       no TLS, loopback only: whoever reads there can read the keys as well

This is the one seam where OSError and the TLS library's errors become errors for a person. What
is said over the stream is the business of :mod:`client.network.connection`.

Spec: docs/protocol.md#transport
"""

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import trio

from client.errors import RelayKeyUnknown, TrustOpen
from client.network.address import RelayAddress
from client.network.certificate import RelayKey, read_relay_key
from client.network.failures import unreachable
from protocol.limits import GREETING_TIMEOUT_MS

NO_RELAY_KEY: Final = bytes(32)
"""Stands for the relay's key in signed statements where there is no TLS."""


@dataclass(frozen=True, slots=True)
class Dialed:
    """A stream to a relay that has shown the right key.

    ``relay_key`` is the raw Ed25519 key for the login transcript (zeros without TLS);
    ``fingerprint`` is to be pinned where none was known (None without TLS);
    ``tls`` says which, for to who compares keys the zeros are a value like any other.
    """

    stream: trio.abc.Stream
    relay_key: bytes
    fingerprint: str | None
    tls: bool = True


Dialer = Callable[[RelayAddress], Awaitable[Dialed]]
"""Opens the stream to a relay; tests pass one that gives a memory stream."""


async def dial(address: RelayAddress) -> Dialed:
    """Connect to the relay at ``address``.

    Raises:
        RelayUnreachable: nothing answers there, what answers is no relay, or its key is unknown
            and the address is not on this machine.
        TrustOpen: it shows another key than the pinned one.
    Cost: at most GREETING_TIMEOUT_MS of waiting.
    """
    _require_pin_abroad(address)
    try:
        with trio.fail_after(GREETING_TIMEOUT_MS / 1000):
            tcp = await trio.open_tcp_stream(address.host, address.port)
            return await _secured(tcp, address)
    except (OSError, trio.BrokenResourceError, trio.TooSlowError) as error:
        raise unreachable(address, error) from error


async def _secured(tcp: trio.SocketStream, address: RelayAddress) -> Dialed:
    """Put TLS on ``tcp`` where the address says so; close it if that fails."""
    if address.plain:
        return Dialed(tcp, NO_RELAY_KEY, None, tls=False)
    stream = trio.SSLStream(tcp, _tls_context())
    try:
        await stream.do_handshake()
        shown = read_relay_key(stream.getpeercert(binary_form=True))
        _compare(address, shown)
    except BaseException:
        await trio.aclose_forcefully(stream)
        raise
    return Dialed(stream, shown.raw, shown.fingerprint)


def _tls_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # The certificate is only the envelope of a key; _compare checks that key against the pin.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _require_pin_abroad(address: RelayAddress) -> None:
    if address.plain or address.fingerprint or address.is_loopback:
        return
    raise RelayKeyUnknown(
        f"The key of the relay at {address.endpoint} is not known, so it was not connected to.",
        why="Only on this machine is a relay's key trusted at first use.",
        hint=f"Ask its operator for the full address: glasspost://{address.endpoint}#fingerprint",
    )


def _compare(address: RelayAddress, shown: RelayKey) -> None:
    if address.fingerprint in (None, shown.fingerprint):
        return
    raise TrustOpen(
        f"The relay at {address.endpoint} shows another key than before; nothing was sent to it.",
        why=f"Pinned: {address.fingerprint}. Shown: {shown.fingerprint}.",
        hint="If the relay's operator confirms the new key, start again with"
        f" --relay glasspost://{address.endpoint}#{shown.fingerprint}",
    )
