"""What a new profile does once the relay has taken its name, and what is left of it otherwise.

Shared by registration and takeover: they differ in how the relay is brought to take the name.
"""

from client.engine.prekey_shelf import PrekeyShelf
from client.engine.relay_settings import choose_relay
from client.engine.shared import Shared
from client.engine.timekeeper import note_relay_clock
from client.engine.token_keeper import keep_token
from client.network.address import RelayAddress
from client.network.connection import RelayConnection
from client.network.transport import Dialed
from client.profile.creating import discard_profile
from client.profile.paths import ProfileFolder
from client.store import account, profile_keys, takeover
from client.store.transaction import Transaction
from client.values import Surroundings


async def move_in(shared: Shared, connection: RelayConnection, address: RelayAddress) -> None:
    """Note that the relay has the name with this profile's keys, and give it prekeys and token.

    If the connection breaks on the way, every later login goes on with it.

    Raises:
        RelayRefusal, ConnectionLost: prekeys or token were not taken.
    """
    generation = connection.generation
    await shared.write(lambda tx: _note_ours(tx, address, generation))
    await note_relay_clock(shared, connection)
    await PrekeyShelf(shared, connection).refill()
    await keep_token(shared, connection)


def _note_ours(tx: Transaction, address: RelayAddress, generation: int) -> None:
    choose_relay(tx, address)
    account.mark_registered(tx)
    account.set_generation(tx, generation)
    takeover.end(tx)
    profile_keys.forget_set(tx)


async def discard(folder: ProfileFolder, surroundings: Surroundings) -> None:
    """Remove a profile that has no name at any relay.

    Raises:
        LocalError: the folder may not be changed.
    """
    random_bytes = surroundings.random_bytes
    await surroundings.run_blocking(lambda: discard_profile(folder, random_bytes))


def pinned(address: RelayAddress, dialed: Dialed) -> RelayAddress:
    """Give the address with the key that was pinned or, on this machine, shown at first use."""
    return address if dialed.fingerprint is None else address.pinned_to(dialed.fingerprint)
