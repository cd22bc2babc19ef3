"""Starts a vault process: folder, key, store, and what :mod:`server.process` does for any service.

Everything that can go wrong before the vault is ready becomes CannotStart.

Spec: docs/vault.md#running-it
"""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import trio

from protocol.ids import Name
from server.complaints import CannotStart
from server.data_folder import locked_folder
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
from server.relay_key import read_signing_key
from server.store.interface import StoreTrouble
from server.store.sqlite.database import DatabaseRefused
from server.vault.service import Vault
from server.vault.store import VaultStore

SERVICE = "vault"


@dataclass(frozen=True, slots=True)
class VaultOptions:
    """How the vault was asked to run.

    Attributes:
        name: what it goes by.
        listen: where.
        data: its folder.
        log: the log's file, "-" for standard error, None for the folder's own.
    """

    name: Name
    listen: ListenAddress
    data: Path
    log: str | None


async def serve(options: VaultOptions, ready: Callable[[str], None]) -> None:
    """Run a vault until a signal ends it.

    Args:
        options: how.
        ready: called with what clients are to be told, once it accepts connections:
            ``NAME=HOST:PORT#KEY``.

    Raises:
        CannotStart: a person has to change something first.
    """
    prepare()
    with locked_folder(options.data, SERVICE) as folder, ExitStack() as stack:
        key = load_key(folder)
        log = open_log(options.log, folder, stack)
        async with _open_store(folder.database) as store:
            vault = Vault(
                store,
                options.name,
                read_signing_key(folder.key),
                now_ms=now_ms,
                random_bytes=secrets.token_bytes,
                log=log,
            )
            listeners = await open_listeners(SERVICE, options.listen)
            place = replace(options.listen, port=port_of(listeners[0])).endpoint
            log.event("started", address=place)
            address = f"{options.name}={place}#{key.public_key.hex()}"
            await serve_until_signal(vault, listeners, key.tls, partial(ready, address))
            log.event("stopped")


@asynccontextmanager
async def _open_store(path: Path) -> AsyncIterator[VaultStore]:
    store = await _open_database(path)
    try:
        yield store
    finally:
        with trio.CancelScope(shield=True):
            await store.close()


async def _open_database(path: Path) -> VaultStore:
    what = f"The vault's database {path} cannot be opened"
    try:
        return await VaultStore.open(path)
    except DatabaseRefused as error:
        advice = (
            "Choose another folder with --data. Do not bring the file back from a backup:"
            " a vault that forgets guesses guards nothing."
        )
        raise CannotStart(what, error.reason, advice) from error
    except StoreTrouble as error:
        advice = "Make room on the disk or repair it, then start again; nothing was changed."
        raise CannotStart(what, error.reason, advice) from error
