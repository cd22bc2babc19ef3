"""The one row about ourselves: name, identity, account key, and whether the name is still ours.

Spec: docs/formats.md#account
"""

from dataclasses import dataclass
from typing import Final

from client.store.transaction import Transaction, storable
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
        next_account_seed BLOB CHECK (length(next_account_seed) = 32),
        former_account_seed BLOB CHECK (length(former_account_seed) = 32),
        former_since_ms INTEGER,
        generation INTEGER NOT NULL,
        registered INTEGER NOT NULL,
        replaced INTEGER NOT NULL
    ) STRICT
    """,
)

FORMER_KEY_LIFE_MS: Final = 35 * 86_400_000
"""A relay that is put back to an older copy of its disk is hardly put back further."""


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """This profile's account.

    Args:
        account_key: stands above the device; it authorises its replacement.
        registered: the relay has confirmed the registration.
        generation: the account's, as the relay said last; 0 before it said one.
        next_account_key: the one that an unanswered veto installs; None without one.
        replaced: the relay has said that another device has the name now.
        former_account_key: the one before, for a relay that is put back; None once it is old.
    """

    device: LocalDevice
    account_key: SigningKey
    registered: bool
    generation: int = 0
    next_account_key: SigningKey | None = None
    replaced: bool = False
    former_account_key: SigningKey | None = None

    @property
    def name(self) -> Name:
        """The account's name, which is the profile's."""
        return self.device.address.name


def create(tx: Transaction, device: LocalDevice, account_key: SigningKey) -> None:
    """Store a new, not yet registered account; a database has one."""
    address, identity = device.address, device.identity
    tx.execute(
        "INSERT INTO account VALUES (1, ?, ?, ?, ?, NULL, NULL, NULL, 0, 0, 0)",
        (address.name, address.device, identity.private.expose(), account_key.expose()),
    )


def get(tx: Transaction) -> OwnAccount:
    """Read the account."""
    # A profile gets its name only after its account is stored.
    ((name, device, identity_seed, generation, registered, replaced, *seeds),) = tx.all(
        "SELECT name, device, identity_seed, generation, registered, replaced,"
        " account_seed, next_account_seed, former_account_seed FROM account"
    )
    account_key, next_key, former_key = (seed and SigningKey(seed) for seed in seeds)
    return OwnAccount(
        LocalDevice(DeviceAddress(Name(name), device), IdentityKeyPair.from_seed(identity_seed)),
        account_key,
        bool(registered),
        generation,
        next_key,
        bool(replaced),
        former_key,
    )


def mark_registered(tx: Transaction) -> None:
    """Note that the relay knows the account, with this device."""
    tx.execute("UPDATE account SET registered = 1, replaced = 0")


def mark_replaced(tx: Transaction) -> None:
    """Note that another device has the name now."""
    tx.execute("UPDATE account SET replaced = 1")


def set_generation(tx: Transaction, generation: int) -> None:
    """Note the account's generation, as the relay says it."""
    tx.execute("UPDATE account SET generation = ?", (storable(generation),))


def prepare_key(tx: Transaction, account_key: SigningKey) -> None:
    """Keep an account key that the relay is going to be asked to install."""
    tx.execute("UPDATE account SET next_account_seed = ?", (account_key.expose(),))


def install_prepared_key(tx: Transaction, now_ms: int) -> None:
    """Note that the relay has installed it (relay time); the one before is the former one."""
    tx.execute(
        "UPDATE account SET former_account_seed = account_seed, former_since_ms = ?,"
        " account_seed = next_account_seed, next_account_seed = NULL"
        " WHERE next_account_seed IS NOT NULL",
        (storable(now_ms),),
    )


def drop_prepared_key(tx: Transaction) -> None:
    """Forget it: the relay never will."""
    tx.execute("UPDATE account SET next_account_seed = NULL")


# --- the former key ---------------------------------------------------------


def keep_former_key(tx: Transaction, account_key: SigningKey, now_ms: int) -> None:
    """Keep the account key that ours takes the place of, from now on (relay time)."""
    tx.execute(
        "UPDATE account SET former_account_seed = ?, former_since_ms = ?",
        (account_key.expose(), storable(now_ms)),
    )


def expire(tx: Transaction, now_ms: int) -> None:
    """Forget the former key once it is FORMER_KEY_LIFE_MS old."""
    tx.execute(
        "UPDATE account SET former_account_seed = NULL, former_since_ms = NULL"
        " WHERE former_since_ms <= ?",
        (storable(now_ms - FORMER_KEY_LIFE_MS),),
    )


def not_after(tx: Transaction, now_ms: int) -> None:
    """Let a former key that is dated ahead of ``now_ms`` grow old from then."""
    tx.execute(
        "UPDATE account SET former_since_ms = ?1 WHERE former_since_ms > ?1", (storable(now_ms),)
    )
