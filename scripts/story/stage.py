"""The stage: relay, recording proxy and two people, all in one folder.

    alice ══╗
            ╠══ TLS ══ proxy (records) ══ TLS ══ relay ── data folder
    bob ════╝

Leaving it ends every process, also after an error or Ctrl-C.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trio

from scripts.blindness.media import Places
from scripts.blindness.tls_proxy import TlsProxy, showing, trusting
from scripts.blindness.traffic import Traffic
from scripts.story.person import Person
from scripts.story.relay_process import Address, RelayProcess
from scripts.story.relay_view import RelayView
from scripts.story.script import Side


@dataclass(slots=True)
class Stage:
    """Everything that acts.

    Attributes:
        home: the folder of both profiles.
        relay: the relay's process.
        address: the relay's address as clients know it: behind the proxy.
        port: where the proxy listens.
        fingerprint: of the relay's key.
        places: where to look at the relay.
        view: what passed through the relay.
        people: Alice and Bob.
    """

    home: Path
    relay: RelayProcess
    address: str
    port: int
    fingerprint: str
    places: Places
    view: RelayView
    people: dict[Side, Person]
    _proxy: TlsProxy
    _nursery: trio.Nursery
    _serving: trio.CancelScope = field(default_factory=trio.CancelScope)

    async def kill_relay(self) -> None:
        """Kill the relay's process; its address refuses connections from now on."""
        self._serving.cancel()
        await self.relay.kill()

    async def stop_relay(self) -> None:
        """End the relay in good order; its disk is its operator's alone now."""
        self._serving.cancel()
        await self.relay.end()

    async def restart_relay(self) -> None:
        """Start a relay on the same data; clients reach it under the same address."""
        address = await self.relay.start()
        self._proxy.relay_address = ("127.0.0.1", address.port)
        await self.open_proxy()

    async def open_proxy(self) -> None:
        """Let clients in."""
        self._serving = trio.CancelScope()
        self.port = await self._nursery.start(self._serve)
        self.address = f"glasspost://127.0.0.1:{self.port}#{self.fingerprint}"

    async def _serve(self, *, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED) -> None:
        with self._serving:
            await self._proxy.serve(self.port, task_status=task_status)


@asynccontextmanager
async def open_stage(folder: Path, environment: dict[str, str]) -> AsyncIterator[Stage]:
    """Start a relay and the proxy in front of it; nobody is registered yet.

    Args:
        folder: an empty folder, takes all files.
        environment: variables the relay's process gets besides ours.

    Raises:
        DemoFailed: the relay does not start.
    """
    traffic = Traffic(_made(folder / "traffic"))
    relay = RelayProcess(folder / "relay", folder / "relay-printed.txt", environment)
    try:
        address = await relay.start()
        async with trio.open_nursery() as nursery:
            stage = _set(folder, relay, address, traffic, nursery)
            await stage.open_proxy()
            yield stage
            nursery.cancel_scope.cancel()
    finally:
        await relay.end()


def _set(
    folder: Path, relay: RelayProcess, address: Address, traffic: Traffic, nursery: trio.Nursery
) -> Stage:
    home = folder / "home"
    proxy = TlsProxy(
        facing_clients=showing(relay.key_file),
        facing_relay=trusting(relay.key_file),
        relay_address=("127.0.0.1", address.port),
        tap=traffic.tap,
    )
    return Stage(
        home=home,
        relay=relay,
        address="",
        port=0,
        fingerprint=address.fingerprint,
        places=Places(relay.data, relay.printed, traffic.folder),
        view=RelayView(traffic),
        people={side: Person(side, home, folder / f"{side}-errors.txt") for side in Side},
        _proxy=proxy,
        _nursery=nursery,
    )


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
