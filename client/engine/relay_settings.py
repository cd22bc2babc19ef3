"""Which relay a profile uses, and which key it has to show.

Spec: docs/protocol.md#transport
"""

from dataclasses import replace

from client.errors import LocalError, TrustOpen
from client.network.address import RelayAddress, parse_address
from client.profile.opening import OpenProfile
from client.store import settings
from client.store.transaction import Transaction


def known_relay(tx: Transaction) -> RelayAddress | None:
    """Give the profile's relay with its pinned fingerprint, or None if none was ever named."""
    text = settings.relay_address(tx)
    if text is None:
        return None
    address, pin = parse_address(text), settings.relay_pin(tx)
    return address if pin is None else address.pinned_to(pin.hex())


def required_relay(tx: Transaction) -> RelayAddress:
    """Give the profile's relay.

    Raises:
        LocalError: none was ever named.
    """
    address = known_relay(tx)
    if address is None:
        raise LocalError("This profile has no relay yet.", hint="Name one with --relay ADDRESS.")
    return address


def choose_relay(tx: Transaction, address: RelayAddress) -> None:
    """Use the relay that the user named from now on.

    A fingerprint in ``address`` is the user's own word: it replaces the pin, also where the relay
    showed another key before. Without one the pin of the same host and port stays.
    """
    settings.set_relay_address(tx, str(replace(address, fingerprint=None)))
    if address.fingerprint is not None:
        settings.set_relay_pin(tx, bytes.fromhex(address.fingerprint))


def pin_first_use(tx: Transaction, address: RelayAddress, fingerprint: str) -> None:
    """Pin the key that a relay on this machine showed at its first use.

    Raises:
        TrustOpen: another process has pinned another key, or chosen another relay, meanwhile.
    """
    now = known_relay(tx)
    if now == address:
        settings.set_relay_pin(tx, bytes.fromhex(fingerprint))
    elif now != address.pinned_to(fingerprint):
        raise TrustOpen(
            "The relay or its key was changed while this program connected to it.",
            hint="Try again.",
        )


async def use_relay(profile: OpenProfile, address: RelayAddress) -> None:
    """Take the relay that the user named for this profile; call it before the engine is opened.

    A profile keeps the relay where it lives, because its friends look for it there: only
    registering moves it. A new fingerprint of the same host and port is the user's own word, and
    pins anew. The same relay again changes nothing.

    Raises:
        LocalError: the profile lives at another relay, or cannot be written.
    """
    known = await profile.database.read(known_relay)
    if known is not None and address.place != known.place:
        raise _lives_elsewhere(profile, known, address)
    if known is None or address.fingerprint not in (None, known.fingerprint):
        await profile.database.write(lambda tx: choose_relay(tx, address))


def _lives_elsewhere(
    profile: OpenProfile, known: RelayAddress, address: RelayAddress
) -> LocalError:
    return LocalError(
        f"{profile.name} lives at {known.place}, not at {address.place}.",
        why="Friends look for a name at the relay where it is registered.",
        hint=f"Leave --relay out; or, to move: glasspost --relay {address} register {profile.name}",
    )
