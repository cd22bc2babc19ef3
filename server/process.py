"""What any service needs of its process: key, log, listeners, signals, an orderly end.

    SIGTERM or SIGINT ──▶ accept nothing new ──▶ drain ──▶ (the caller closes the store)

Everything that can go wrong before the service is ready becomes CannotStart.

Spec: docs/relay.md#running-it
"""

import os
import resource
import secrets
import signal
import socket
import ssl
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

import trio

from server.complaints import CannotStart, why
from server.data_folder import DataFolder
from server.eventlog import EventLog, LogFile, to_nowhere, to_stream
from server.limits.source import HERE, Source, source_of
from server.listen_address import ListenAddress
from server.reception import Reception, running
from server.relay_key import RelayKey, load_or_make

# Many clients reconnect at once after a restart.
_BACKLOG: Final = 1_024


def now_ms() -> int:
    """Give the system's clock."""
    return time.time_ns() // 1_000_000


def prepare() -> None:
    """Allow many connections, and let nobody else read what is written."""
    _allow_many_files()
    os.umask(0o077)


def load_key(folder: DataFolder) -> RelayKey:
    """Load the service's key, making it at the first start.

    Raises:
        CannotStart: it cannot be read.
    """
    try:
        return load_or_make(folder.key, secrets.token_bytes)
    except (OSError, ValueError) as error:
        reason = why(error) if isinstance(error, OSError) else str(error)
        raise CannotStart(
            f"The {folder.service}'s key {folder.key} cannot be used",
            reason,
            "Bring it back from a backup. If you remove it, a new key is made,"
            " and every client will ask its user about it.",
        ) from error


def open_log(where: str | None, folder: DataFolder | None, stack: ExitStack) -> EventLog:
    """Give the log, closed by ``stack``.

    Args:
        where: a file, "-" for standard error, None for the folder's own.
        folder: None if nothing is kept; then there is no log unless ``where`` says so.

    Raises:
        CannotStart: it cannot be written.
    """
    if where == "-":
        return EventLog(now_ms, to_stream(sys.stderr))
    if where is not None:
        return _log_file(Path(where), stack)
    return EventLog(now_ms, to_nowhere) if folder is None else _log_file(folder.log, stack)


async def open_listeners(service: str, listen: ListenAddress) -> list[trio.SocketListener]:
    """Listen for the ``service``, at an address or a free port of it.

    Raises:
        CannotStart: the address or port is not to be had.
    """
    try:
        return list(await trio.open_tcp_listeners(listen.port, host=listen.host, backlog=_BACKLOG))
    except (OSError, socket.gaierror) as error:
        raise CannotStart(
            f"The {service} cannot listen on {listen.host}, port {listen.port}",
            why(error),
            "Choose another one with --listen; port 0 takes any free one.",
        ) from error


def port_of(listener: trio.SocketListener) -> int:
    """Give the port that was taken."""
    port: int = listener.socket.getsockname()[1]
    return port


async def serve_until_signal(
    service: Reception,
    listeners: list[trio.SocketListener],
    tls: ssl.SSLContext | None,
    ready: Callable[[], None],
) -> None:
    """Serve until SIGTERM or SIGINT, then drain.

    Args:
        service: who attends to connections.
        listeners: where they come in.
        tls: what to put around each, or None to leave it bare.
        ready: called once connections are accepted.
    """

    async def handle(stream: trio.SocketStream) -> None:
        inside = stream if tls is None else trio.SSLStream(stream, tls, server_side=True)
        await service.attend(inside, _source_of(stream))

    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        # It drains while its connections' nursery is still open, and the signals caught.
        async with trio.open_nursery() as connections, running(service):  # noqa: SIM117
            async with trio.open_nursery() as accepting:
                accepting.start_soon(
                    partial(trio.serve_listeners, handle, listeners, handler_nursery=connections)
                )
                ready()
                await anext(aiter(signals))
                accepting.cancel_scope.cancel()


def _log_file(path: Path, stack: ExitStack) -> EventLog:
    try:
        file = LogFile(path)
    except OSError as error:
        raise CannotStart(
            f"The log {path} cannot be written", why(error), "Choose another file with --log."
        ) from error
    stack.callback(file.close)
    return EventLog(now_ms, file)


def _source_of(stream: trio.SocketStream) -> Source:
    try:
        host, port = stream.socket.getpeername()[:2]
    except OSError:
        return HERE  # gone already; its first read will say so
    return source_of(host, port)


def _allow_many_files() -> None:
    """Raise the limit of open files as far as we may: each connection is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except (ValueError, OSError):
        return  # some systems call more than they grant "unlimited"
