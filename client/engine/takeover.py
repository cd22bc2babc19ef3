"""Taking over a name with its account key: a new profile in the lost device's place.

    LookUp ──▶ credential kept, with two keys ──▶ profile made, waiting ──▶ ReplaceDevice
        ┌── Replaced: the name is ours ──▶ credential kept, with the new key ────┤
        └── ReplacementHeld: later, again ───────────────────────────────────────┘

The next account key is in the credential before it is anywhere else, and in the profile before the
relay hears of it. So at every moment whatever the relay has on record opens with the credential
alone, even if the new device is lost as well; and a takeover that broke off is continued by the
same call, with the same keys.

Spec: docs/client.md#replacing-the-device, docs/protocol.md#replacing-a-device
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from client.engine.moving_in import discard, move_in, pinned
from client.engine.place import Place
from client.engine.relay_settings import choose_relay
from client.engine.shared import Shared
from client.engine.takeover_failures import (
    already_here,
    another_is_held,
    broken_off,
    not_its_key,
    superseded,
)
from client.errors import UserError
from client.network.address import RelayAddress
from client.network.connection import RelayConnection, open_connection
from client.network.failures import ConnectionLost
from client.network.refusals import RelayRefusal
from client.network.statements import NewKeys, login_statement, replace_statement
from client.network.transport import Dialer, dial
from client.profile.account_file import Credential
from client.profile.creating import found_account
from client.store import account, takeover
from client.store.account import OwnAccount
from client.store.takeover import Takeover
from client.store.transaction import Transaction
from protocol.ids import DeviceAddress
from protocol.signing import SigningKey
from protocol.wire.messages import Found, LoggedIn, LookUp, Refusal, ReplacementHeld

Keep = Callable[[Credential], Awaitable[None]]
"""Writes the credential anew where it came from, durably; raises UserError if it cannot."""

_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class TakenOver:
    """The name is this profile's.

    Args:
        identity: of this device, 32 bytes.
        unkept: why the credential was not written anew at the end; it is good all the same, and
            holds the old key beside the new one. None if it was.
    """

    at: RelayAddress
    identity: bytes
    unkept: UserError | None


@dataclass(frozen=True, slots=True)
class HeldBack:
    """The old device was online lately, and may object until then (relay time)."""

    identity: bytes
    until_ms: int


async def take_over(
    place: Place, credential: Credential, keep: Keep, *, dialer: Dialer = dial
) -> TakenOver | HeldBack:
    """Take over the credential's name with a new profile, or go on with one that waits.

    Args:
        place: where the profile is made.
        keep: is called with the credential before the relay is asked, and at the end.

    Raises:
        RelayUnreachable: nothing was begun; or the connection broke, and the same call goes on.
        RefusedByRelay: the credential is stale or another's, the old device has objected, or
            another takeover is held. A profile that can never have the name is discarded.
        LocalError: a profile of this name is here already, or something cannot be written.
        TrustOpen: the relay shows another key than the expected one.
    """
    try:
        dialed = await dialer(credential.relay)
        credential = replace(credential, relay=pinned(credential.relay, dialed))
        async with open_connection(dialed) as connection:
            device = DeviceAddress(credential.name)
            found = await connection.request(LookUp(device.name, device.device), Found)
            return await _with_profile(place, _Attempt(connection, found, credential, keep), dialer)
    except ConnectionLost as lost:
        raise broken_off(lost) from lost


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What one connection tries."""

    connection: RelayConnection
    found: Found
    credential: Credential
    keep: Keep

    @property
    def good(self) -> Credential:
        """The credential, with the key that is on record.

        Raises:
            RefusedByRelay: it has none.
        """
        good = self.credential.at(self.found.account_key, self.found.generation)
        if good is None:
            raise not_its_key(self.credential, self.found.generation)
        return good


@dataclass(frozen=True, slots=True)
class _Hopeless:
    """This profile can never have the name."""

    reason: UserError


async def _with_profile(place: Place, attempt: _Attempt, dialer: Dialer) -> TakenOver | HeldBack:
    name = attempt.credential.name
    if not place.has(name):
        attempt = await _begin(place, attempt)
    async with place.opened(name) as profile:
        outcome = await _carry_out(Shared(profile, place.surroundings, dialer), attempt)
    if isinstance(outcome, _Hopeless):
        await discard(place.folder(name), place.surroundings)
        raise outcome.reason
    return outcome


async def _begin(place: Place, attempt: _Attempt) -> _Attempt:
    """Make the profile that waits; from then on the credential has the next key, too."""
    good, random_bytes = attempt.good, place.surroundings.random_bytes
    next_key = good.next_key or SigningKey(random_bytes(_KEY_BYTES))
    good = replace(good, next_key=next_key)
    await attempt.keep(good)

    def founding(tx: Transaction) -> None:
        found_account(tx, good.name, next_key, random_bytes)
        takeover.begin(tx, attempt.found.identity)
        choose_relay(tx, good.relay)

    await place.make(good.name, founding)
    return replace(attempt, credential=good)


async def _carry_out(shared: Shared, attempt: _Attempt) -> TakenOver | HeldBack | _Hopeless:
    own, begun = await shared.read(lambda tx: (account.get(tx), takeover.begun(tx)))
    # With one key, the credential was written at the end of a takeover, or before any.
    if begun is None and attempt.credential.next_key is None:
        raise already_here(own.name)
    if attempt.found.identity == own.device.identity.public:
        await _log_in(attempt.connection, own)  # an answer was lost, or what comes after it
        return await _settle(shared, attempt, own)
    if begun is None:
        raise already_here(own.name)
    good = attempt.credential.at(attempt.found.account_key, attempt.found.generation)
    if good is None or good.key == own.account_key:
        vetoed = attempt.found.identity == begun.replaced_identity
        return _Hopeless(superseded(own.name, vetoed=vetoed))
    good = replace(good, next_key=own.account_key)
    if good != attempt.credential:
        await attempt.keep(good)
    return await _replace(shared, replace(attempt, credential=good), own, begun)


async def _replace(
    shared: Shared, attempt: _Attempt, own: OwnAccount, begun: Takeover
) -> TakenOver | HeldBack | _Hopeless:
    connection, keys = attempt.connection, NewKeys(own.device.identity.private, own.account_key)
    statement = replace_statement(
        own.device.address, attempt.found, attempt.credential.key, keys, connection.challenge
    )
    try:
        answer = await connection.ask(statement)
    except RelayRefusal as refusal:
        if refusal.code != Refusal.BAD_REPLACEMENT:
            raise
        reason = another_is_held(own.name)
        if begun.until_ms is None:
            return _Hopeless(reason)
        raise reason from refusal
    if isinstance(answer, ReplacementHeld):
        await shared.write(lambda tx: takeover.hold(tx, answer.until_ms))
        return HeldBack(own.device.identity.public, answer.until_ms)
    return await _settle(shared, attempt, own)


async def _settle(shared: Shared, attempt: _Attempt, own: OwnAccount) -> TakenOver:
    """Move in, and leave only the new key in the credential; the old one opens nothing more."""
    connection, credential = attempt.connection, attempt.credential
    await move_in(shared, connection, credential.relay)
    new = Credential(credential.name, credential.relay, connection.generation, own.account_key)
    unkept = None
    try:
        await attempt.keep(new)
    except UserError as error:
        unkept = error
    return TakenOver(credential.relay, own.device.identity.public, unkept)


async def _log_in(connection: RelayConnection, own: OwnAccount) -> None:
    device = own.device
    statement = login_statement(device.address, device.identity.private, connection.challenge)
    await connection.request(statement, LoggedIn)
