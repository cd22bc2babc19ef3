"""The one row about ourselves: name, identity, account key.

Spec: docs/formats.md#account
"""

from dataclasses import dataclass
from typing import Final

from client.store.transaction import Transaction
from protocol.e2ee.identity import IdentityKeyPair, LocalDevice
from protocol.ids import DeviceAddress, Name
from protocol.signing import SigningKey

TABLE: Final = (
    """
    CREATE TABLE account (
        row_id INTEGER PRIMARY KEY CHECK (row_id = 1),
        name TEXT NOT NULL,
        device INTEGER NOT NULL,
        identity_seed BLOB NOT NULL CHECK (length(identity_seed) = 32),
        account_seed BLOB NOT NULL CHECK (length(account_seed) = 32),
        generation INTEGER NOT NULL DEFAULT 1,
        registered INTEGER NOT NULL
    ) STRICT
    """,
)


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """This profile's account.

    Args:
        account_key: stands above the device; it authorises its replacement.
        registered: the relay has confirmed the registration.
        generation: of the account key, from 1: one more with each use.
    """

    device: LocalDevice
    account_key: SigningKey
    registered: bool
    generation: int = 1

    @property
    def name(self) -> Name:
        """The account's name, which is the profile's."""
        return self.device.address.name


def create(tx: Transaction, device: LocalDevice, account_key: SigningKey) -> None:
    """Store a new, not yet registered account; a database has one."""
    address, identity = device.address, device.identity
    tx.execute(
        "INSERT INTO account VALUES (1, ?, ?, ?, ?, 1, 0)",
        (address.name, address.device, identity.private.expose(), account_key.expose()),
    )


def get(tx: Transaction) -> OwnAccount:
    """Read the account."""
    # A profile gets its name only after its account is stored.
    ((name, device, identity_seed, account_seed, generation, registered),) = tx.all(
        "SELECT name, device, identity_seed, account_seed, generation, registered FROM account"
    )
    local = LocalDevice(DeviceAddress(Name(name), device), IdentityKeyPair.from_seed(identity_seed))
    return OwnAccount(local, SigningKey(account_seed), bool(registered), generation)


def mark_registered(tx: Transaction) -> None:
    """Note that the relay knows the account."""
    tx.execute("UPDATE account SET registered = 1")
