"""Taking over a name with its account key: a new profile in the lost device's place.

    LookUp ──▶ credential kept, with two keys ──▶ profile made, waiting ──▶ ReplaceDevice
        ┌── Replaced: the name is ours ──▶ credential kept, with the new key ────┤
        └── ReplacementHeld: later, again ───────────────────────────────────────┘

The next account key is in the credential before it is anywhere else, and in the profile before the
relay hears of it. So at every moment whatever the relay has on record opens with the credential
alone, even if the new device is lost as well; and a takeover that broke off is continued by the
same call, with the same keys. What one connection does for it is in :mod:`.takeover_attempt`.

Spec: docs/client.md#replacing-the-device, docs/protocol.md#replacing-a-device
"""

from dataclasses import replace
from typing import Final

from client.engine.moving_in import discard, pinned
from client.engine.place import Place
from client.engine.relay_settings import choose_relay
from client.engine.shared import Shared
from client.engine.takeover_attempt import (
    Attempt,
    DoesNotFit,
    HeldBack,
    Hopeless,
    Keep,
    TakenOver,
    carry_out,
)
from client.engine.takeover_failures import another_is_held, broken_off
from client.network.connection import open_connection
from client.network.failures import ConnectionLost
from client.network.transport import Dialer, dial
from client.profile.account_file import Credential
from client.profile.creating import found_account
from client.store import account, takeover
from client.store.transaction import Transaction
from protocol.ids import DeviceAddress
from protocol.signing import SigningKey
from protocol.wire.messages import Found, LookUp

# Each time but the first, the relay has shown something new: a takeover elsewhere, or a veto.
_MOST_LOOKS: Final = 3


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
        LocalError: a profile of this name is here already, another process takes over here, or
            something cannot be written.
        TrustOpen: the relay shows another key than the expected one.
    """
    # Held from before the relay is looked at: of two processes, the slower one would act on what
    # the relay said before the other was done, and discard what that one has registered.
    with await place.lock_takeovers():
        refused: Found | None = None
        try:
            for _ in range(_MOST_LOOKS):
                outcome = await _look_and_try(place, credential, keep, refused, dialer)
                if not isinstance(outcome, DoesNotFit):
                    return outcome
                refused = outcome.found
        except ConnectionLost as lost:
            raise broken_off(lost) from lost
    raise another_is_held(credential.name)


async def _look_and_try(
    place: Place, credential: Credential, keep: Keep, refused: Found | None, dialer: Dialer
) -> TakenOver | HeldBack | DoesNotFit:
    dialed = await dialer(credential.relay)
    credential = replace(credential, relay=pinned(credential.relay, dialed))
    async with open_connection(dialed) as connection:
        device = DeviceAddress(credential.name)
        found = await connection.request(LookUp(device.name, device.device), Found)
        attempt = Attempt(connection, found, credential, keep, refused)
        return await _with_profile(place, attempt, dialer)


async def _with_profile(
    place: Place, attempt: Attempt, dialer: Dialer
) -> TakenOver | HeldBack | DoesNotFit:
    name = attempt.credential.name
    if not place.has(name):
        attempt = await _begin(place, attempt)
    async with place.opened(name) as profile:
        shared = Shared(profile, place.surroundings, dialer)
        outcome = await carry_out(shared, attempt)
        if not isinstance(outcome, Hopeless):
            return outcome
        holds_nothing = await shared.write(_give_up)
    if holds_nothing:
        await discard(place.folder(name), place.surroundings)
    raise outcome.reason


def _give_up(tx: Transaction) -> bool:
    """Tell whether the profile may go; asked anew, because one that had the name must never."""
    if takeover.begun(tx) is None or account.get(tx).registered:
        takeover.end(tx)
        return False
    return True


async def _begin(place: Place, attempt: Attempt) -> Attempt:
    """Make the profile that waits; from then on the credential has the next key, too."""
    good, random_bytes = attempt.good, place.surroundings.random_bytes
    next_key = good.next_key or SigningKey.generate(random_bytes)
    good = replace(good, next_key=next_key)
    await attempt.keep(good)

    def founding(tx: Transaction) -> None:
        found_account(tx, good.name, next_key, random_bytes)
        takeover.begin(tx, attempt.found.identity)
        choose_relay(tx, good.relay)

    await place.make(good.name, founding)
    return replace(attempt, credential=good)
