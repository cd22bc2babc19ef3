"""Failures of the network as sentences for a person."""

import errno
import socket
import ssl
from dataclasses import dataclass
from typing import Final

import trio

from client.errors import RelayUnreachable
from client.network.address import RelayAddress

_WHY_BY_ERRNO: Final = {
    errno.ECONNREFUSED: "Nothing listens on that port.",
    errno.ECONNRESET: "The other side hung up.",
    errno.EPIPE: "The other side hung up.",
    errno.ETIMEDOUT: "Nothing answers at that address.",
    errno.EHOSTUNREACH: "There is no way to that host from here.",
    errno.ENETUNREACH: "This machine has no network that leads there.",
}


class ConnectionLost(RelayUnreachable):
    """A connection that worked has ended; ``retry_after_ms`` is the relay's wish, if it had one."""

    def __init__(self, why: str, retry_after_ms: int | None = None) -> None:
        super().__init__(
            "The connection to the relay was lost.",
            why=why,
            hint="What you send meanwhile is queued and goes out by itself.",
        )
        self.retry_after_ms = retry_after_ms


@dataclass(frozen=True, slots=True)
class Loss:
    """Why a connection ended; each request that it ends raises an error of its own."""

    why: str
    retry_after_ms: int | None = None

    def error(self) -> ConnectionLost:
        """Give a new error."""
        return ConnectionLost(self.why, self.retry_after_ms)


def unreachable(address: RelayAddress, error: BaseException) -> RelayUnreachable:
    """Give the error for a relay that could not be connected to, because of ``error``."""
    return RelayUnreachable(
        f"The relay at {address.endpoint} cannot be reached.",
        why=explain(error),
        hint="Check that it runs and that --relay names it."
        " What you send meanwhile is queued and goes out later.",
    )


def explain(error: BaseException) -> str:
    """Say in one sentence why the network failed; the innermost cause that is known wins."""
    for cause in _causes(error):
        if (why := _explain_one(cause)) is not None:
            return why
    return "The connection broke."


def _causes(error: BaseException) -> list[BaseException]:
    """List ``error`` and what caused it, deepest first (happy eyeballs raises groups)."""
    deeper: list[BaseException] = []
    if isinstance(error, BaseExceptionGroup):
        deeper += [cause for inner in error.exceptions for cause in _causes(inner)]
    if error.__cause__ is not None:
        deeper += _causes(error.__cause__)
    return [*deeper, error]


def _explain_one(error: BaseException) -> str | None:
    if isinstance(error, ssl.SSLEOFError):
        return "The other side hung up."
    if isinstance(error, ssl.SSLError):
        return "TLS failed: what answers there may not speak TLS 1.3."
    if isinstance(error, socket.gaierror):
        return "The host name is not known."
    if isinstance(error, trio.TooSlowError):
        return "It did not answer in time."
    if isinstance(error, OSError) and error.errno in _WHY_BY_ERRNO:
        return _WHY_BY_ERRNO[error.errno]
    return None
