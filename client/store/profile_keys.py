"""Profile keys: our own, what was told of it to whom, and those that peers have told us.

``number`` counts our own keys. A peer's row exists from the first text or receipt
for them: the conversation is accepted. ``told_number`` says which key they know;
if it is below ``number`` and the relay has confirmed our token, they are due.

Spec: docs/protocol.md#delivery-token, docs/formats.md#profile_key
"""

from dataclasses import dataclass
from typing import Final

from client.store.transaction import Transaction, storable
from protocol.e2ee.profile_key import DeliveryToken, ProfileKey, delivery_token
from protocol.ids import Name

TABLE: Final = (
    """
    CREATE TABLE profile_key (
        row_id INTEGER PRIMARY KEY CHECK (row_id = 1),
        key BLOB NOT NULL CHECK (length(key) = 32),
        number INTEGER NOT NULL,
        set_number INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE peer_profile_keys (
        peer TEXT PRIMARY KEY,
        their_key BLOB CHECK (length(their_key) = 32),
        told_number INTEGER,
        told_at_ms INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID
    """,
)


@dataclass(frozen=True, slots=True)
class OwnProfileKey:
    """Our key of now.

    Args:
        number: counts our keys, from 1.
        is_set: the relay has confirmed its token.
    """

    key: ProfileKey
    number: int
    is_set: bool


def create(tx: Transaction, key: ProfileKey) -> None:
    """Store the first key of a new account."""
    tx.execute("INSERT INTO profile_key VALUES (1, ?, 1, 0)", (key.expose(),))


def own(tx: Transaction) -> OwnProfileKey:
    """Give our key."""
    ((key, number, set_number),) = tx.all("SELECT key, number, set_number FROM profile_key")
    return OwnProfileKey(ProfileKey(key), number, number == set_number)


def replace(tx: Transaction, key: ProfileKey) -> None:
    """Take another key; its token is to be set, and everybody who knew the old one to be told."""
    tx.execute("UPDATE profile_key SET key = ?, number = number + 1", (key.expose(),))


def mark_set(tx: Transaction, number: int) -> None:
    """Note that the relay has the token of key ``number``, be it the newest or not."""
    tx.execute("UPDATE profile_key SET set_number = ?", (number,))


def forget_set(tx: Transaction) -> None:
    """Note that the relay may not have our token: it is to be set again."""
    tx.execute("UPDATE profile_key SET set_number = 0")


# --- what was told ----------------------------------------------------------


def accept(tx: Transaction, peer: Name) -> None:
    """Note that our key is for ``peer`` too from now on."""
    _require(tx, peer)
    tx.execute(
        "UPDATE peer_profile_keys SET told_number = coalesce(told_number, 0) WHERE peer = ?",
        (peer,),
    )


def due_peers(tx: Transaction) -> list[Name]:
    """Give the peers who are to be told our key; nobody while the relay lacks its token."""
    rows = tx.all(
        "SELECT peer FROM peer_profile_keys, profile_key"
        " WHERE told_number < number AND number = set_number ORDER BY peer"
    )
    return [Name(peer) for (peer,) in rows]


def is_due(tx: Transaction, peer: Name) -> bool:
    """Tell whether ``peer`` is to be told our key."""
    return peer in due_peers(tx)


def mark_told(tx: Transaction, peer: Name, number: int, now_ms: int) -> None:
    """Note that a message with our key ``number`` is on its way to ``peer``."""
    tx.execute(
        "UPDATE peer_profile_keys SET told_number = ?, told_at_ms = ? WHERE peer = ?",
        (number, storable(now_ms), peer),
    )


def tell_again(tx: Transaction, peer: Name, told_before_ms: int) -> bool:
    """Note that ``peer`` is to be told once more, if the last time is longer ago than that.

    Returns:
        Whether it is.
    """
    changed = tx.execute(
        "UPDATE peer_profile_keys SET told_number = 0"
        " WHERE peer = ? AND told_at_ms < ? AND told_number = (SELECT number FROM profile_key)",
        (peer, told_before_ms),
    )
    return changed > 0


def not_after(tx: Transaction, now_ms: int) -> None:
    """Let tellings that are dated ahead of ``now_ms`` count from then."""
    tx.execute(
        "UPDATE peer_profile_keys SET told_at_ms = ?1 WHERE told_at_ms > ?1", (storable(now_ms),)
    )


def withdraw(tx: Transaction, peer: Name) -> None:
    """Tell ``peer`` nothing more, until the conversation is accepted again."""
    tx.execute("UPDATE peer_profile_keys SET told_number = NULL WHERE peer = ?", (peer,))


# --- what peers told --------------------------------------------------------


def learn(tx: Transaction, peer: Name, key: ProfileKey) -> None:
    """Keep the key that ``peer`` told us."""
    _require(tx, peer)
    tx.execute("UPDATE peer_profile_keys SET their_key = ? WHERE peer = ?", (key.expose(), peer))


def has_token(tx: Transaction, peer: Name) -> bool:
    """Tell whether we may write to ``peer`` without a name."""
    found = tx.value(
        "SELECT 1 FROM peer_profile_keys WHERE peer = ? AND their_key IS NOT NULL", (peer,)
    )
    return found is not None


def token_of(tx: Transaction, peer: Name) -> DeliveryToken | None:
    """Give the token that lets us write to ``peer`` without a name, or None."""
    key = tx.value("SELECT their_key FROM peer_profile_keys WHERE peer = ?", (peer,))
    return None if key is None else delivery_token(ProfileKey(key))


def forget_token(tx: Transaction, peer: Name, refused: DeliveryToken | None) -> bool:
    """Forget the token of ``peer`` if it is still the ``refused`` one; tell whether it was."""
    if token_of(tx, peer) != refused:
        return False
    tx.execute("UPDATE peer_profile_keys SET their_key = NULL WHERE peer = ?", (peer,))
    return True


def forget_peer(tx: Transaction, peer: Name) -> None:
    """Forget both directions: it was about an identity that is no longer theirs."""
    tx.execute("DELETE FROM peer_profile_keys WHERE peer = ?", (peer,))


def _require(tx: Transaction, peer: Name) -> None:
    tx.execute("INSERT OR IGNORE INTO peer_profile_keys (peer) VALUES (?)", (peer,))
