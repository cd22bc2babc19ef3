"""The vault: its connections, and its own work of erasing what is due.

    async with running(Vault(...)) as vault:
        await vault.attend(stream, source)

Spec: docs/vault.md
"""

from collections.abc import Callable
from typing import Final

import trio

from protocol.ids import Name
from protocol.randomness import RandomBytes
from protocol.signing import SigningKey, public_key_of
from server.eventlog import EventLog
from server.limits.door import Door
from server.limits.source import Source
from server.limits.values import Limits
from server.reception import Reception
from server.store.interface import StoreTrouble
from server.vault.clerk import Greeting, VaultClerk
from server.vault.connection import VaultConnection, VaultServices
from server.vault.keeper import Keeper
from server.vault.store import VaultStore
from server.vault.tolls import VAULT_LIMITS, VaultTolls

# A share that is due lies on the disk so much longer, at most.
SETTLE_INTERVAL_SECONDS: Final = 60


class Vault(Reception):
    """Serves connections; knows nothing of sockets, files and processes."""

    def __init__(
        self,
        store: VaultStore,
        name: Name,
        key: SigningKey,
        *,
        now_ms: Callable[[], int],
        random_bytes: RandomBytes,
        log: EventLog,
        limits: Limits = VAULT_LIMITS,
    ) -> None:
        """Make a vault.

        Args:
            store: what it keeps.
            name: what it goes by.
            key: its own, also of its TLS; it signs logs.
            now_ms: its clock; the waits between guesses are its.
            random_bytes: its source of proofs' nonces.
            log: its log.
            limits: what it grants.
        """
        super().__init__(Door(limits), log)
        self._keeper = Keeper(store, key, now_ms, random_bytes)
        self._tolls = VaultTolls(limits)
        greeting = Greeting(name, public_key_of(key), now_ms)
        self._services = VaultServices(VaultClerk(self._keeper, greeting), self._tolls, log, limits)

    def _converse(self, stream: trio.abc.Stream, number: int, source: Source) -> VaultConnection:
        return VaultConnection(self._services, stream, number, source)

    async def run(self) -> None:
        """Erase what is due and watch the clock, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._settle_now_and_then)
            nursery.start_soon(self._end_who_takes_too_long)

    async def _settle_now_and_then(self) -> None:
        while True:
            try:
                if count := await self._keeper.settle_due():
                    self._log.event("erased", records=count)
            except StoreTrouble as trouble:
                self._log.event("store-trouble", reason=trouble.reason)
            self._tolls.forget_full(trio.current_time())
            self._door.forget_full(trio.current_time())
            await trio.sleep(SETTLE_INTERVAL_SECONDS)
