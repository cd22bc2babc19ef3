"""What the services of one engine share."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from client.engine.bell import Bell
from client.engine.broadcast import Broadcast
from client.engine.standing import Standing
from client.errors import LocalError
from client.network.transport import Dialer
from client.profile.opening import OpenProfile
from client.store.transaction import Transaction
from client.values import EngineEvent, Surroundings, TrustQuestion
from protocol.errors import DamagedState
from protocol.ids import Name

T = TypeVar("T")


@dataclass(slots=True)
class Shared:
    """The profile, the surroundings, and the two ways to tell others that something happened.

    ``changed`` rings after every commit, of this process or another, and with every change of
    ``standing``: whoever waits for a state looks again. ``broadcast`` tells subscribers what.
    ``asked_about`` are the peers whose open TrustQuestion has been told.
    """

    profile: OpenProfile
    surroundings: Surroundings
    dialer: Dialer
    changed: Bell = field(default_factory=Bell)
    broadcast: Broadcast = field(default_factory=Broadcast)
    standing: Standing = field(init=False)
    asked_about: set[Name] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Let the standing tell its changes through the others."""
        self.standing = Standing(self.broadcast, self.changed)

    def tell(self, events: Iterable[EngineEvent]) -> None:
        """Publish what a transaction has changed."""
        for event in events:
            if isinstance(event, TrustQuestion):
                self.asked_about.add(event.peer)
            self.broadcast.publish(event)

    async def write(self, function: Callable[[Transaction], T], *, quietly: bool = False) -> T:
        """Run ``function`` in a writing transaction; when it is on disk, everybody looks again.

        Args:
            quietly: nobody need look; the caller rings if there is a reason.

        Raises:
            LocalError: the database cannot be written, or holds something unreadable.
        """
        try:
            result = await self.profile.database.write(function)
        except DamagedState as error:
            raise damaged(error) from error
        if not quietly:
            self.changed.ring()
        return result

    async def read(self, function: Callable[[Transaction], T]) -> T:
        """Run ``function`` on one unchanging view of the database; errors as for :meth:`write`."""
        try:
            return await self.profile.database.read(function)
        except DamagedState as error:
            raise damaged(error) from error


def damaged(error: DamagedState) -> LocalError:
    """Say that the database opens, but something in it does not read back."""
    return LocalError(
        "Something in the database of this profile is damaged.",
        why=f"{str(error).capitalize()}.",
        hint="Put back a copy of the profile's folder, or restore a backup.",
    )
