"""What a person may ask and do about this device's own place.

Spec: docs/client.md#replacing-the-device
"""

from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto

import trio

from client.engine.device_guard import DeviceGuard
from client.engine.own_name import require_ours
from client.engine.relay_settings import required_relay
from client.engine.shared import Shared
from client.errors import LocalError, RefusedByRelay, RelayUnreachable, UserError
from client.profile.account_file import Credential
from client.store import account, settings, takeover
from client.store.transaction import Transaction
from client.values import TakeoverAnnounced
from protocol.limits import HELD_REPLACEMENT_LIFE_MS
from protocol.randomness import RandomBytes
from protocol.signing import SigningKey


@dataclass(frozen=True, slots=True)
class Objection:
    """A veto that was decided here, and is on its way to the relay.

    Args:
        announced: what it is about.
        account_key: the one that it installs.
    """

    announced: TakeoverAnnounced
    account_key: SigningKey


class TakeoverEnd(Enum):
    """How the takeover that another device has asked for came to its end."""

    VETOED = auto()
    DROPPED = auto()
    CARRIED_OUT = auto()
    ANOTHER_BEGAN = auto()


class OwnDevice:
    """The device of this profile."""

    def __init__(self, shared: Shared, guard: DeviceGuard) -> None:
        self._shared, self._guard = shared, guard

    async def identity(self) -> bytes:
        """Give the 32-byte identity of this device."""
        return (await self._shared.read(account.get)).device.identity.public

    async def announcement(self) -> TakeoverAnnounced | None:
        """Give what was announced and is not settled, or None."""
        return await self._shared.read(announcement)

    async def announced_at_login(self, timeout_s: float) -> TakeoverAnnounced | None:
        """Give the same once the relay has been heard out after a login.

        The relay tells each connection anew, and this process may be the first to hear it. If it is
        not reached, or not in this time, what is on disk has to do.
        """
        with trio.move_on_after(timeout_s), suppress(UserError):
            await self._guard.hear_out()
        return await self.announcement()

    async def credential(self) -> Credential:
        """Give what lets another device take over the name.

        Raises:
            RefusedByRelay: the name belongs to another device already.
            LocalError: it was never registered.
        """
        return await self._shared.read(own_credential)

    async def object(self) -> Objection:
        """Decide that this device keeps its place, under another account key.

        It is on disk when this returns, and goes to the relay as soon as it is reached.

        Raises:
            LocalError: nothing is announced.
            RefusedByRelay: the name belongs to another device already.
        """
        random_bytes = self._shared.surroundings.random_bytes
        return await self._shared.write(lambda tx: _object(tx, random_bytes))

    async def wait_settled(self, objection: Objection, timeout_s: float) -> None:
        """Wait until the relay has carried the veto out.

        Raises:
            RelayUnreachable: it has not answered in this time; the veto goes out later.
            RefusedByRelay: there was nothing left to object to, or it is too late.
        """
        with trio.move_on_after(timeout_s):
            while True:
                heard = self._shared.changed.count
                if await self._shared.read(lambda tx: _is_settled(tx, objection)):
                    return
                await self._shared.changed.wait_beyond(heard)
        raise _not_reached(self._shared.standing.problem)

    async def wait_over(self, announced: TakeoverAnnounced) -> TakeoverEnd:
        """Wait until it is decided, here or by another process, what was announced."""
        key = (await self._shared.read(account.get)).account_key
        while True:
            heard = self._shared.changed.count
            end = await self._shared.read(lambda tx: _end(tx, announced, key))
            if end is not None:
                return end
            await self._shared.changed.wait_beyond(heard)


def announcement(tx: Transaction) -> TakeoverAnnounced | None:
    """Give what was announced and is not settled; what the relay has forgotten by now, is."""
    announced = takeover.announcement(tx)
    if announced is None:
        return None
    forgotten_ms = announced.until_ms + HELD_REPLACEMENT_LIFE_MS
    return announced if settings.relay_clock_ms(tx) < forgotten_ms else None


def own_credential(tx: Transaction) -> Credential:
    """Give what lets another device take over the name; see :meth:`OwnDevice.credential`."""
    require_ours(tx)
    own = account.get(tx)
    if not own.registered:
        raise LocalError(
            f"{own.name} is not registered yet: there is nothing that could be taken over.",
            hint=f"Register first: glasspost register {own.name}",
        )
    return Credential(
        own.name,
        required_relay(tx),
        own.generation,
        own.account_key,
        own.next_account_key,
        own.former_account_key,
    )


def _object(tx: Transaction, random_bytes: RandomBytes) -> Objection:
    require_ours(tx)
    announced = announcement(tx)
    if announced is None:
        raise LocalError(
            "No other device wants to take over this name: there is nothing to object to.",
            hint="glasspost status would show it.",
        )
    next_key = account.get(tx).next_account_key
    if next_key is None:
        next_key = SigningKey.generate(random_bytes)
        account.prepare_key(tx, next_key)
    return Objection(announced, next_key)


def _is_settled(tx: Transaction, objection: Objection) -> bool:
    require_ours(tx)
    own = account.get(tx)
    if own.account_key == objection.account_key:
        return True
    if own.next_account_key is None:
        raise _withdrawn()
    return False


def _end(tx: Transaction, announced: TakeoverAnnounced, key: SigningKey) -> TakeoverEnd | None:
    """Tell how ``announced`` ended; ``key`` is the account key from before. None: it is open."""
    now, own = announcement(tx), account.get(tx)
    if now == announced:
        return None
    if own.replaced:
        return TakeoverEnd.CARRIED_OUT
    if now is not None:
        return TakeoverEnd.ANOTHER_BEGAN
    return TakeoverEnd.DROPPED if own.account_key == key else TakeoverEnd.VETOED


def _withdrawn() -> RefusedByRelay:
    return RefusedByRelay(
        "There was nothing left to object to.",
        why="The relay holds no replacement of this device; the account key is as it was.",
        hint="glasspost status shows how the name stands.",
    )


def _not_reached(problem: UserError | None) -> RelayUnreachable:
    return RelayUnreachable(
        "The relay has not heard the veto yet.",
        why="" if problem is None else problem.reason,
        hint="It is kept here, and goes out as soon as a glasspost of this profile is online: for"
        " example glasspost listen.",
    )
