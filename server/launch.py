"""Starts a relay process: folder, key, store, and what :mod:`server.process` does for any service.

Everything that can go wrong before the relay is ready becomes CannotStart.

Spec: docs/relay.md#running-it
"""

import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import trio

from protocol.limits import TAKEOVER_HOLD_MS
from server.complaints import CannotStart
from server.data_folder import DataFolder, locked_folder
from server.limits.values import DEFAULT
from server.listen_address import ListenAddress
from server.process import (
    load_key,
    now_ms,
    open_listeners,
    open_log,
    port_of,
    prepare,
    serve_until_signal,
)
from server.relay import Relay
from server.store.interface import RelayStore, StoreTrouble
from server.store.memory import MemoryStore
from server.store.sqlite.database import DatabaseRefused
from server.store.sqlite.store import SqliteStore

SERVICE = "relay"


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


async def serve(options: Options, ready: Callable[[str], None]) -> None:
    """Run a relay until a signal ends it.

    Args:
        options: how.
        ready: called with the relay's address once it accepts connections.

    Raises:
        CannotStart: a person has to change something first.
    """
    prepare()
    with _folder(options.data) as folder, ExitStack() as stack:
        key = load_key(folder)
        log = open_log(options.log, None if options.data is None else folder, stack)
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
            listeners = await open_listeners(SERVICE, options.listen)
            address = replace(options.listen, port=port_of(listeners[0]))
            url = address.url(key.fingerprint if options.tls else None)
            log.event("started", address=url, durable=options.data is not None)
            tls = key.tls if options.tls else None
            await serve_until_signal(relay, listeners, tls, partial(ready, url))
            log.event("stopped")


@contextmanager
def _folder(data: Path | None) -> Iterator[DataFolder]:
    """Give the locked data folder, or one that is removed at once for ``--memory``."""
    if data is not None:
        with locked_folder(data, SERVICE) as folder:
            yield folder
        return
    # TLS reads its key from a file only; after that nothing is left of it.
    with tempfile.TemporaryDirectory(prefix="glasspost-") as name:
        yield DataFolder(Path(name), SERVICE)


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
