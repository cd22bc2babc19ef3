"""Devices of one name, and what they ask of a relay."""

from protocol.wire.messages import (
    Refusal,
    Refused,
)
from server.store.values import StoredAccount
from tests.support.relay_rig import RelayRig
from tests.support.replacements import replacement
from tests.support.wire_client import Person, WireClient

BAD_REPLACEMENT = Refused(Refusal.BAD_REPLACEMENT, None)
DEVICE_REPLACED = Refused(Refusal.DEVICE_REPLACED, None)
UNKNOWN_ACCOUNT = Refused(Refusal.UNKNOWN_ACCOUNT, None)
TOKEN = b"t" * 16


async def registered(rig: RelayRig, name: str = "bob") -> Person:
    """Somebody who is not online."""
    await rig.store.register(rig.person(name).account)
    return rig.person(name)


async def take_place(
    rig: RelayRig, old: Person, new: Person, generation: int = 1
) -> tuple[WireClient, object]:
    """Ask on a connection of its own; give that and the answer."""
    client = await rig.greeted()
    return client, await client.ask(replacement(old, new, client.welcome, generation))


async def on_record(rig: RelayRig, person: Person) -> StoredAccount:
    """Give what the relay has of somebody."""
    return await rig.store.find_account(person.address)
