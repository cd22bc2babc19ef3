"""The one row about this profile's backup: its root, where it lies, its newest head.

    create ──▶ no head ──sign──▶ head signed ──mark_published──▶ published ──sign──▶ ...

What a manifest will hold stands in :mod:`client.store.archive_objects`. ``sign`` is the moment
at which a backup exists: everything it names is durable in the storage, and what is left is to
show its head to vaults and storage, which may take a second run.

Spec: docs/formats.md#archive
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from client.store.transaction import Transaction
from protocol.archive.keys import ArchiveRoot

TABLE: Final = (
    """
    CREATE TABLE archive (
        row_id INTEGER PRIMARY KEY CHECK (row_id = 1),
        archive_id BLOB NOT NULL CHECK (length(archive_id) = 16),
        root BLOB NOT NULL CHECK (length(root) = 32),
        target TEXT NOT NULL,
        target_secret BLOB,
        keyring BLOB NOT NULL,
        keyring_stored INTEGER NOT NULL DEFAULT 0,
        head BLOB,
        previous_head BLOB,
        epoch INTEGER NOT NULL DEFAULT 0,
        made_at_ms INTEGER NOT NULL DEFAULT 0,
        published INTEGER NOT NULL DEFAULT 1
    ) STRICT
    """,
    "CREATE TABLE archive_heads_owed (vault TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
)


@dataclass(frozen=True, slots=True)
class Archive:
    """What this profile knows about its backup.

    Args:
        target: as a person typed it.
        target_secret: what the target needs besides (credentials); None for nothing.
        keyring: the whole file; its faces are those that later roots are sealed to.
        keyring_stored: the storage has this keyring.
        head: the newest one, signed, HEAD_BYTES; None before the first backup.
        previous_head: the one before it; None in the first backup.
        epoch, made_at_ms: of the newest head; 0 before the first.
        published: the storage has the newest head.
    """

    archive_id: bytes
    root: ArchiveRoot
    target: str
    target_secret: bytes | None
    keyring: bytes
    keyring_stored: bool = False
    head: bytes | None = None
    previous_head: bytes | None = None
    epoch: int = 0
    made_at_ms: int = 0
    published: bool = True


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head as it is stored, and two things that it says."""

    head: bytes
    epoch: int
    made_at_ms: int


def create(tx: Transaction, archive: Archive) -> None:
    """Store a new archive; a profile has one. From now on changes of the history are noted."""
    tx.execute(
        "INSERT INTO archive VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            archive.archive_id,
            archive.root.expose(),
            archive.target,
            archive.target_secret,
            archive.keyring,
            archive.keyring_stored,
            archive.head,
            archive.previous_head,
            archive.epoch,
            archive.made_at_ms,
            archive.published,
        ),
    )


def find(tx: Transaction) -> Archive | None:
    """Give the archive, or None if no backup was set up."""
    row = tx.one(
        "SELECT archive_id, root, target, target_secret, keyring, keyring_stored,"
        " head, previous_head, epoch, made_at_ms, published FROM archive"
    )
    if row is None:
        return None
    archive_id, root, target, secret, keyring, keyring_stored, *rest = row
    head, previous_head, epoch, made_at_ms, published = rest
    return Archive(
        archive_id,
        ArchiveRoot(root),
        target,
        secret,
        keyring,
        bool(keyring_stored),
        head,
        previous_head,
        epoch,
        made_at_ms,
        bool(published),
    )


def forget(tx: Transaction) -> None:
    """Forget the archive and all that is known of it; what the storage has stays there."""
    for table in (
        "archive",
        "archive_heads_owed",
        "archive_objects",
        "archive_backups",
        "archive_unneeded",
        "archive_changes",
        "archive_progress",
    ):
        tx.execute(f"DELETE FROM {table}")  # noqa: S608 (names of ours)


def renew(tx: Transaction, root: ArchiveRoot, keyring: bytes) -> None:
    """Take a new root and the keyring that holds it; the next backup writes all manifests anew.

    Only while the newest head is published: what was signed names the keyring before.
    """
    tx.execute(
        "UPDATE archive SET root = ?, keyring = ?, keyring_stored = 0", (root.expose(), keyring)
    )
    tx.execute("UPDATE archive_backups SET stale = 1")


def mark_keyring_stored(tx: Transaction) -> None:
    """Note that the storage has the keyring."""
    tx.execute("UPDATE archive SET keyring_stored = 1")


def sign(tx: Transaction, signed: SignedHead, vaults: Iterable[str]) -> None:
    """Note a new head, which the storage has not yet, and which is owed to ``vaults``."""
    tx.execute(
        "UPDATE archive SET previous_head = head, head = ?, epoch = ?, made_at_ms = ?,"
        " published = 0",
        (signed.head, signed.epoch, signed.made_at_ms),
    )
    tx.execute("DELETE FROM archive_heads_owed")
    for vault in vaults:
        tx.execute("INSERT INTO archive_heads_owed VALUES (?)", (vault,))


def mark_published(tx: Transaction) -> None:
    """Note that the storage has the newest head."""
    tx.execute("UPDATE archive SET published = 1")


def owed(tx: Transaction) -> frozenset[str]:
    """Give the vaults that have not been told the newest head."""
    return frozenset(vault for (vault,) in tx.all("SELECT vault FROM archive_heads_owed"))


def mark_told(tx: Transaction, vault: str) -> None:
    """Note that a vault has the newest head."""
    tx.execute("DELETE FROM archive_heads_owed WHERE vault = ?", (vault,))
