"""Which devices are logged in now, on which connections; and which were here lately.

    enter ──▶ here ── leave ──▶ seen ── written_down ──▶ in the store, now and then
               │
               ├── announce: another device wants this one's place
               └── replaced: it has it, and these connections end

Only what lives is in here, and devices seen in the last minutes: nothing grows
with clients that have gone.

Spec: docs/relay.md#replacing-a-device
"""

from collections.abc import Iterable
from typing import Protocol

from protocol.ids import DeviceAddress
from protocol.wire.messages import ReplacementAnnounced


class Present(Protocol):
    """A connection on which a device is logged in. Its methods return at once."""

    def announce(self, push: ReplacementAnnounced) -> None:
        """Tell the client."""

    def replaced(self) -> None:
        """Carry out nothing any more; tell the client, and end."""


class Presence:
    """The devices that are here."""

    def __init__(self) -> None:
        # Lists, in the order of their coming: a device has a handful of connections.
        self._here: dict[DeviceAddress, list[Present]] = {}
        self._seen: dict[DeviceAddress, None] = {}
        self._news_count = 0

    def __len__(self) -> int:
        return sum(map(len, self._here.values()))

    @property
    def news_count(self) -> int:
        """How often somebody here was told something.

        A login that was checked meanwhile may have looked at an account of before, and be in
        nobody's list yet: it has to be checked again.
        """
        return self._news_count

    def enter(self, device: DeviceAddress, connection: Present) -> None:
        """Note that ``device`` has logged in on ``connection``."""
        self._here.setdefault(device, []).append(connection)
        self._seen[device] = None

    def leave(self, device: DeviceAddress, connection: Present) -> None:
        """Note that ``connection`` ends; nothing if its device was replaced before."""
        connections = self._here.get(device, [])
        if connection not in connections:
            return
        connections.remove(connection)
        self._seen[device] = None
        if not connections:
            del self._here[device]

    def was_seen(self, device: DeviceAddress) -> bool:
        """Tell whether ``device`` is here, or was and it is not written down."""
        return device in self._here or device in self._seen

    def seen(self) -> list[DeviceAddress]:
        """Give the devices that are here, or were and it is not written down."""
        return list(self._seen | dict.fromkeys(self._here))

    def written_down(self, devices: Iterable[DeviceAddress]) -> None:
        """Forget that these were here; who still is stays."""
        for device in devices:
            self._seen.pop(device, None)

    def announce(self, device: DeviceAddress, push: ReplacementAnnounced) -> None:
        """Tell all connections of ``device`` who wants its place."""
        self._news_count += 1
        for connection in self._here.get(device, []):
            connection.announce(push)

    def replaced(self, device: DeviceAddress) -> None:
        """End all connections of ``device``: another one bears its address now."""
        self._news_count += 1
        self._seen.pop(device, None)
        for connection in self._here.pop(device, []):
            connection.replaced()
