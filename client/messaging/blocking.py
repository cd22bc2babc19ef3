"""Blocking: a contact loses the permission to write without a name, and is heard no more.

    block    a new profile key; everybody else who had the old one is told
             what was queued for the contact fails, nothing more can be queued
             what they send is opened and dropped: the session goes on, no receipt
    unblock  what comes from now on is shown; the next text or receipt tells them our key

Spec: docs/client.md#blocking
"""

from client.errors import LocalError
from client.messaging import notices, submitting
from client.store import account, contacts, held, profile_keys, receipts_due
from client.store.transaction import Transaction
from client.values import Surroundings
from protocol.e2ee.profile_key import ProfileKey
from protocol.ids import Name

_BLOCKED = "You blocked the recipient."


def block(tx: Transaction, peer: Name, surroundings: Surroundings) -> None:
    """Hear ``peer`` no more; nothing changes if they are blocked already.

    Raises:
        LocalError: nobody of this name is known here.
    """
    _require_contact(tx, peer)
    if contacts.find(tx, peer).blocked:
        return
    contacts.set_blocked(tx, peer, blocked=True)
    submitting.give_up_all(tx, peer, _BLOCKED)
    receipts_due.forget(tx, peer)
    held.take(tx, peer)
    profile_keys.withdraw(tx, peer)
    profile_keys.replace(tx, ProfileKey.generate(surroundings.random_bytes))
    notices.blocked(tx, peer, surroundings.random_bytes)


def unblock(tx: Transaction, peer: Name, surroundings: Surroundings) -> None:
    """Hear ``peer`` again; nothing changes if they are not blocked.

    Raises:
        LocalError: nobody of this name is known here.
    """
    _require_contact(tx, peer)
    if not contacts.find(tx, peer).blocked:
        return
    contacts.set_blocked(tx, peer, blocked=False)
    notices.unblocked(tx, peer, surroundings.random_bytes)


def require_not_blocked(tx: Transaction, peer: Name) -> None:
    """Let nothing be written to somebody who is blocked.

    Raises:
        LocalError: ``peer`` is.
    """
    if contacts.find(tx, peer).blocked:
        raise LocalError(
            f"You have blocked {peer}: nothing was sent.", hint=f"Run: glasspost unblock {peer}"
        )


def _require_contact(tx: Transaction, peer: Name) -> None:
    if peer == account.get(tx).name:
        raise LocalError("That is you.", hint="Name somebody else.")
    if not contacts.is_known(tx, peer):
        raise LocalError(
            f"There is no contact named {peer}.", hint="See who there is: glasspost contacts"
        )
