"""Contacts and settings of a backup into a profile: what the profile knows already stays.

A pinned key is never replaced: where the backup has another one, the profile's own wins and the
conversation says so. A verification counts for the key that was verified and for no other.

Spec: docs/backup.md#reading
"""

from client.messaging import notices
from client.store import contacts, settings
from client.store.contacts import Pin
from client.store.transaction import Transaction
from protocol.archive.state import Contact, State
from protocol.errors import WireError
from protocol.ids import Name
from protocol.limits import MAX_SETTING_BYTES
from protocol.packing import unpack_value_untrusted
from protocol.randomness import RandomBytes


def restore_state(
    tx: Transaction, state: State, random_bytes: RandomBytes, *, new_device: bool
) -> tuple[Name, ...]:
    """Take contacts and settings over.

    Args:
        new_device: its counters begin anew, in a series of their own.

    Returns:
        The contacts whose key in the backup is not the one that is pinned here.
    """
    differing = []
    for contact in state.contacts:
        name = Name(contact.name)
        pin = contacts.find(tx, name)
        if _differs(pin, contact):
            differing.append(name)
            notices.other_key_in_backup(tx, name, random_bytes)
        else:
            contacts.put(tx, _merged(pin, contact))
    values = {setting.key: _value(setting.value) for setting in state.settings}
    settings.restore(tx, values, new_device=new_device)
    return tuple(differing)


def _differs(pin: Pin, contact: Contact) -> bool:
    return None not in (pin.identity, contact.identity) and pin.identity != contact.identity


def _merged(pin: Pin, contact: Contact) -> Pin:
    return Pin(
        name=pin.name,
        identity=pin.identity or contact.identity,
        verified=pin.verified or (contact.verified and contact.identity is not None),
        pending_identity=pin.pending_identity or contact.pending_identity,
        series=max(pin.series, contact.series),
        blocked=pin.blocked or contact.blocked,
    )


def _value(packed: bytes) -> object:
    try:
        return unpack_value_untrusted(packed, MAX_SETTING_BYTES)
    except WireError:
        return None  # a newer program's; here it keeps its default
