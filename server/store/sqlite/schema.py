"""The tables of ``relay.db`` and the settings every connection has.

    account ──┬── held_replacement    who is to take its place, and when
              ├── shelf          the three long-lived prekeys, one row
              ├── one_time       one-time pairs not handed out yet
              ├── fetched        bundles handed out, so that a repeated fetch gets the same
              └── mail           envelopes, and the ids of acknowledged ones

Mailboxes lie one behind the other in ``mail``: its key is

    slot = account number · 2^40 + sequence number in the mailbox

so a page of mail is one range of the table, and needs no index. Counts and the
two ends of a mailbox stand in its account's row: no submit ever counts rows.
An acknowledged row stays, without its envelope, until its id may be forgotten.
"""

from dataclasses import dataclass
from typing import Final

SEQUENCE_BITS: Final = 40

# "GlsP" in the file's header tells our database from any other.
APPLICATION_ID: Final = 0x476C_7350
SCHEMA_VERSION: Final = 3

PAGE_BYTES: Final = 4_096

# Set one at a time and read back: SQLite ignores what it cannot do.
PRAGMAS: Final[list[tuple[str, str | int]]] = [
    ("busy_timeout", 5_000),
    ("journal_mode", "wal"),
    ("synchronous", 2),  # FULL: a commit returns when it is on disk
    ("temp_store", 2),  # MEMORY
    ("cache_size", -16_384),  # KiB
    ("wal_autocheckpoint", 8_192),  # pages; rarer than the default, each one syncs the file
    ("journal_size_limit", 67_108_864),
]


@dataclass(frozen=True, slots=True)
class Schema:
    """What tells a kind of database from all others, and what it is made of."""

    application_id: int
    version: int
    tables: str
    service: str = "relay"
    settings: tuple[tuple[str, int], ...] = ()
    """Pragmas beside PRAGMAS."""


TABLES: Final = """
CREATE TABLE account (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    device INTEGER NOT NULL,
    identity BLOB NOT NULL,
    account_key BLOB NOT NULL,
    generation INTEGER NOT NULL,
    last_online_ms INTEGER,
    former_identities BLOB NOT NULL DEFAULT x'',
    token_hash BLOB,
    highest_one_time_id INTEGER NOT NULL DEFAULT -1,
    last_sequence INTEGER NOT NULL DEFAULT 0,
    acknowledged_up_to INTEGER NOT NULL DEFAULT 0,
    waiting_count INTEGER NOT NULL DEFAULT 0,
    waiting_bytes INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE held_replacement (
    account INTEGER PRIMARY KEY,
    new_identity BLOB NOT NULL,
    new_account_key BLOB NOT NULL,
    until_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE shelf (
    account INTEGER PRIMARY KEY,
    signed_prekey BLOB NOT NULL,
    last_resort BLOB NOT NULL,
    sealing_key BLOB NOT NULL
) STRICT;
CREATE TABLE one_time (
    account INTEGER NOT NULL,
    key_id INTEGER NOT NULL,
    pair BLOB NOT NULL,
    PRIMARY KEY (account, key_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE fetched (
    account INTEGER NOT NULL,
    fetch_id BLOB NOT NULL,
    fetched_ms INTEGER NOT NULL,
    bundle BLOB NOT NULL,
    UNIQUE (account, fetch_id)
) STRICT;
CREATE INDEX fetched_by_time ON fetched (fetched_ms);
CREATE TABLE mail (
    slot INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    envelope_id BLOB NOT NULL,
    digest BLOB NOT NULL,
    arrival_ms INTEGER NOT NULL,
    acknowledged_ms INTEGER,
    vouched BLOB,
    envelope BLOB,
    UNIQUE (account, envelope_id)
) STRICT;
"""

RELAY_DATABASE: Final = Schema(APPLICATION_ID, SCHEMA_VERSION, TABLES)


def slot(account: int, sequence: int) -> int:
    """Give the key in ``mail`` of a mailbox's ``sequence``-th envelope."""
    return account << SEQUENCE_BITS | sequence


def sequence_of(slot: int) -> int:
    """Give the sequence number of a slot in its mailbox."""
    return slot & (1 << SEQUENCE_BITS) - 1
