"""Starts a relay process: folder, key, store, listeners, signals; and ends it.

    SIGTERM or SIGINT ──▶ accept nothing new ──▶ drain ──▶ close the store ──▶ exit 0

Everything that can go wrong before the relay is ready becomes CannotStart.

Spec: docs/relay.md#running-it
"""

import os
import resource
import secrets
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import trio

from protocol.limits import TAKEOVER_HOLD_MS
from server.complaints import CannotStart, why
from server.data_folder import DataFolder, locked_folder
from server.eventlog import EventLog, LogFile, to_nowhere, to_stream
from server.limits.source import HERE, Source, source_of
from server.limits.values import DEFAULT
from server.listen_address import ListenAddress
from server.relay import Relay, running_relay
from server.relay_key import RelayKey, load_or_make
from server.store.interface import RelayStore, StoreTrouble
from server.store.memory import MemoryStore
from server.store.sqlite.database import DatabaseRefused
from server.store.sqlite.store import SqliteStore

# Many clients reconnect at once after a restart.
_BACKLOG = 1_024


@dataclass(frozen=True, slots=True)
class Options:
    """How the relay was asked to run.

    Attributes:
        listen: where.
        data: its folder, or None to keep everything in memory.
        tls: whether connections are encrypted.
        log: the log's file, "-" for standard error, None for the folder's own.
        is_proxied: whether connections from this machine are passed on for others.
        takeover_hold_ms: how long a device that was online lately may veto its replacement.
    """

    listen: ListenAddress
    data: Path | None
    tls: bool
    log: str | None
    is_proxied: bool = False
    takeover_hold_ms: int = TAKEOVER_HOLD_MS


def now_ms() -> int:
    """Give the system's clock."""
    return time.time_ns() // 1_000_000


async def serve(options: Options, ready: Callable[[str], None]) -> None:
    """Run a relay until a signal ends it.

    Args:
        options: how.
        ready: called with the relay's address once it accepts connections.

    Raises:
        CannotStart: a person has to change something first.
    """
    _allow_many_files()
    os.umask(0o077)  # what a relay keeps is nobody else's
    with _folder(options.data) as folder, ExitStack() as stack:
        key = _load_key(folder)
        log = EventLog(now_ms, _log_sink(options, folder, stack))
        async with _open_store(options, folder) as store:
            relay = Relay(
                store,
                key.public_key,
                tls=options.tls,
                now_ms=now_ms,
                random_bytes=secrets.token_bytes,
                log=log,
                limits=replace(DEFAULT, is_proxied=options.is_proxied),
                takeover_hold_ms=options.takeover_hold_ms,
            )
            listeners = await _open_listeners(options.listen)
            address = replace(options.listen, port=_port_of(listeners[0]))
            url = address.url(key.fingerprint if options.tls else None)
            log.event("started", address=url, durable=options.data is not None)
            await _serve_until_signal(relay, listeners, key if options.tls else None, url, ready)
            log.event("stopped")


async def _serve_until_signal(
    relay: Relay,
    listeners: list[trio.SocketListener],
    key: RelayKey | None,
    url: str,
    ready: Callable[[str], None],
) -> None:
    async def handle(stream: trio.SocketStream) -> None:
        inside = stream if key is None else trio.SSLStream(stream, key.tls, server_side=True)
        await relay.attend(inside, _source_of(stream))

    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        # The relay drains while its connections' nursery is still open, and the signals caught.
        async with trio.open_nursery() as connections, running_relay(relay):  # noqa: SIM117
            async with trio.open_nursery() as accepting:
                accepting.start_soon(
                    partial(trio.serve_listeners, handle, listeners, handler_nursery=connections)
                )
                ready(url)
                await anext(aiter(signals))
                accepting.cancel_scope.cancel()


@contextmanager
def _folder(data: Path | None) -> Iterator[DataFolder]:
    """Give the locked data folder, or one that is removed at once for ``--memory``."""
    if data is not None:
        with locked_folder(data) as folder:
            yield folder
        return
    # TLS reads its key from a file only; after that nothing is left of it.
    with tempfile.TemporaryDirectory(prefix="glasspost-") as name:
        yield DataFolder(Path(name))


def _load_key(folder: DataFolder) -> RelayKey:
    try:
        return load_or_make(folder.key, secrets.token_bytes)
    except (OSError, ValueError) as error:
        reason = why(error) if isinstance(error, OSError) else str(error)
        raise CannotStart(
            f"The relay's key {folder.key} cannot be used",
            reason,
            "Bring it back from a backup. If you remove it, a new key is made,"
            " and every client will ask its user about it.",
        ) from error


def _log_sink(options: Options, folder: DataFolder, stack: ExitStack) -> Callable[[str], None]:
    if options.log == "-":
        return to_stream(sys.stderr)
    if options.data is None and options.log is None:
        return to_nowhere
    path = folder.log if options.log is None else Path(options.log)
    try:
        file = LogFile(path)
    except OSError as error:
        raise CannotStart(
            f"The log {path} cannot be written", why(error), "Choose another file with --log."
        ) from error
    stack.callback(file.close)
    return file


@asynccontextmanager
async def _open_store(options: Options, folder: DataFolder) -> AsyncIterator[RelayStore]:
    store: RelayStore
    if options.data is None:
        store = MemoryStore(now_ms)
    else:
        store = await _open_database(folder.database)
    try:
        yield store
    finally:
        with trio.CancelScope(shield=True):
            await store.close()


async def _open_database(path: Path) -> SqliteStore:
    what = f"The relay's database {path} cannot be opened"
    try:
        return await SqliteStore.open(path, now_ms)
    except DatabaseRefused as error:
        advice = "Choose another folder with --data, or bring the file back from a backup."
        raise CannotStart(what, error.reason, advice) from error
    except StoreTrouble as error:
        advice = "Make room on the disk or repair it, then start again; nothing was changed."
        raise CannotStart(what, error.reason, advice) from error


async def _open_listeners(listen: ListenAddress) -> list[trio.SocketListener]:
    try:
        return list(await trio.open_tcp_listeners(listen.port, host=listen.host, backlog=_BACKLOG))
    except (OSError, socket.gaierror) as error:
        raise CannotStart(
            f"The relay cannot listen on {listen.host}, port {listen.port}",
            why(error),
            "Choose another one with --listen; port 0 takes any free one.",
        ) from error


def _port_of(listener: trio.SocketListener) -> int:
    port: int = listener.socket.getsockname()[1]
    return port


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
