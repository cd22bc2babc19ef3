"""All tables of a profile's database, and the version of the whole.

Spec: docs/formats.md#the-database
"""

from typing import Final

import apsw

from client.errors import LocalError
from client.store import (
    account,
    archive,
    archive_changes,
    archive_objects,
    contacts,
    facts,
    gaps,
    handshakes,
    held,
    history,
    media,
    outbox,
    peer_keys,
    prekeys,
    profile_keys,
    receipts_due,
    restoring,
    search,
    seen,
    sent,
    sessions,
    settings,
    specimens,
    takeover,
    token_attempts,
    vault_errands,
)
from client.store.transaction import Transaction

APPLICATION_ID: Final = int.from_bytes(b"glpp")
SCHEMA_VERSION: Final = 4

TABLES: Final[tuple[str, ...]] = (
    *account.TABLE,
    *takeover.TABLE,
    *settings.TABLE,
    *contacts.TABLE,
    *peer_keys.TABLE,
    *profile_keys.TABLE,
    *token_attempts.TABLE,
    *sessions.TABLE,
    *prekeys.TABLE,
    *handshakes.TABLE,
    *history.TABLE,
    *search.TABLE,
    *outbox.TABLE,
    *seen.TABLE,
    *held.TABLE,
    *receipts_due.TABLE,
    *specimens.TABLE,
    *sent.TABLE,
    *gaps.TABLE,
    *facts.TABLE,
    *media.TABLE,
    *archive.TABLE,
    *archive_objects.TABLE,
    *archive_changes.TABLE,
    *vault_errands.TABLE,
    *restoring.TABLE,
)


def create(tx: Transaction) -> None:
    """Make all tables in a fresh file."""
    for statement in TABLES:
        tx.execute(statement)
    tx.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    tx.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def require_known(connection: apsw.Connection) -> None:
    """Check that the open database is a profile's, in the version of this program.

    Raises:
        LocalError: it is not.
        apsw.Error: it cannot be read; the key is wrong or the file damaged.
    """
    if connection.pragma("application_id") != APPLICATION_ID:
        raise LocalError(
            "This database is not a Glasspost profile.",
            hint="Put back the profile's own profile.db.",
        )
    version = connection.pragma("user_version")
    if version > SCHEMA_VERSION:
        raise LocalError(
            "This profile was last used by a newer version of Glasspost.",
            hint="Update this program.",
        )
    if version < SCHEMA_VERSION:
        raise LocalError(
            f"This profile has the database version {version}, which was never released.",
            hint="Restore it from a backup.",
        )
