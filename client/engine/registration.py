"""A name at a relay, and the profile that holds its keys.

    connect ──▶ make the profile (whole or not at all) ──▶ Register ──▶ upload prekeys
                                                            │
                             refused: the new profile is discarded, nothing remains (after a crash
                             right then, registering again is refused again, and discards it)
                             connection lost: it stays, for the relay may have the name; registering
                             again sends the same keys, which the relay takes as the same account

The keys are on disk before the relay hears of them, so no name is ever taken by keys that are lost.
"""

from dataclasses import dataclass
from pathlib import Path

from client.engine.moving_in import discard, move_in, pinned
from client.engine.own_name import require_no_takeover
from client.engine.place import Place
from client.engine.relay_settings import choose_relay, known_relay
from client.engine.shared import Shared
from client.errors import RelayKeyUnknown, RelayUnreachable
from client.network.address import RelayAddress
from client.network.connection import RelayConnection, open_connection
from client.network.failures import ConnectionLost
from client.network.refusals import RelayRefusal
from client.network.statements import register_statement
from client.network.transport import Dialer, dial
from client.profile.passphrase import Passphrase
from client.store import account
from client.values import Surroundings
from protocol.ids import Name
from protocol.wire.messages import LoggedIn, Refusal


@dataclass(frozen=True, slots=True)
class Registered:
    """Where a profile is registered now, and the other address where it lived before, if any.

    Args:
        already: it was registered there before, and nothing has changed.
    """

    at: RelayAddress
    moved_from: RelayAddress | None = None
    already: bool = False

    @property
    def is_same_relay(self) -> bool:
        """Whether the relay from before answers at the new address: its key is what it is."""
        former = None if self.moved_from is None else self.moved_from.fingerprint
        return former is not None and former == self.at.fingerprint


async def register(
    home: Path,
    name: Name,
    relay_address: RelayAddress,
    passphrase: Passphrase | None,
    surroundings: Surroundings,
    *,
    keeps_relay: bool = False,
    dialer: Dialer = dial,
) -> Registered:
    """Take ``name`` at the relay, with a new profile or one that exists.

    For an existing profile the same keys are registered (again): that continues what broke off, and
    makes the account known to a relay that has lost it. At another relay than before it moves the
    profile there, with all that is queued.

    Args:
        home: the folder of profiles.
        relay_address: where to register.
        keeps_relay: ``relay_address`` is a default; a profile that has a relay stays there.
        passphrase: of the new or the existing profile; None for one without.

    Raises:
        RelayUnreachable: the relay cannot be reached, or the connection broke on the way.
        RelayRefusal: the name is taken, for example; a profile that never was registered
            is discarded.
        TrustOpen: the relay shows another key than the expected one.
        WrongSecret, LocalError: the profile cannot be made or opened.
    """
    try:
        place = Place(home, passphrase, surroundings)
        if not place.has(name):
            return await _register_new(place, name, relay_address, dialer)
        async with place.opened(name) as profile:
            shared = Shared(profile, surroundings, dialer)
            await shared.read(require_no_takeover)
            known = await shared.read(known_relay)
            if known is not None and keeps_relay:
                relay_address = known
            return await _register_again(shared, known, relay_address)
    except ConnectionLost as lost:
        raise RelayUnreachable(
            "The connection broke during the registration.",
            why=lost.why,
            hint="Run the same command again: it continues where this one ended.",
        ) from lost


async def _register_new(
    place: Place, name: Name, relay_address: RelayAddress, dialer: Dialer
) -> Registered:
    try:
        dialed = await dialer(relay_address)
    except RelayKeyUnknown:
        raise
    except RelayUnreachable as away:
        hint = "Nothing was made here. Check that the relay runs and that --relay names it."
        raise RelayUnreachable(away.what, why=away.why, hint=hint) from away
    async with open_connection(dialed) as connection:
        await place.make(name)
        async with place.opened(name) as profile:
            shared = Shared(profile, place.surroundings, dialer)
            address = pinned(relay_address, dialed)
            # Before the relay is asked: a profile that is to be continued knows where.
            await shared.write(lambda tx: choose_relay(tx, address))
            refusal = await _claim(shared, connection, address)
        if refusal is not None:
            await discard(place.folder(name), place.surroundings)
            raise refusal
    return Registered(address)


async def _register_again(
    shared: Shared, known: RelayAddress | None, relay_address: RelayAddress
) -> Registered:
    is_same = known is not None and relay_address.place == known.place
    if known is not None and is_same and relay_address.fingerprint is None:
        relay_address = known  # the key that was pinned there is still expected
    was_registered = (await shared.read(account.get)).registered
    dialed = await shared.dialer(relay_address)
    address = pinned(relay_address, dialed)
    async with open_connection(dialed) as connection:
        refusal = await _claim(shared, connection, address)
    if refusal is None:
        return Registered(address, None if is_same else known, is_same and was_registered)
    own = await shared.read(account.get)
    # A crash came between the relay's refusal and the discard. At another relay than the one that
    # was asked then, these keys may have the name: the profile stays.
    if refusal.code == Refusal.NAME_TAKEN and not own.registered and relay_address == known:
        await discard(shared.profile.folder, shared.surroundings)
    raise refusal


async def _claim(
    shared: Shared, connection: RelayConnection, address: RelayAddress
) -> RelayRefusal | None:
    """Register and upload prekeys; give the refusal if the relay does not take the name."""
    own = await shared.read(account.get)
    device = own.device
    statement = register_statement(
        device.address, device.identity.private, own.account_key, connection.challenge
    )
    try:
        await connection.request(statement, LoggedIn)
    except RelayRefusal as refusal:
        return refusal
    await move_in(shared, connection, address)
    return None
