"""The tables of ``vault.db``.

    record ──── event      the signed log of it, the newest MAX_VAULT_EVENTS entries

A record is one value (:class:`protocol.recovery.vault_record.VaultRecord`), replaced whole.
``erase_ms`` stands beside it only to find what is due.

Spec: docs/vault.md#what-it-keeps
"""

from typing import Final

from server.store.sqlite.schema import Schema

VAULT_DATABASE: Final = Schema(
    application_id=0x476C_7356,  # "GlsV"
    version=1,
    service="vault",
    # An erased share must not stay in a page that is merely free.
    settings=(("secure_delete", 1),),
    tables="""
CREATE TABLE record (
    id BLOB PRIMARY KEY,
    state BLOB NOT NULL,
    erase_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX record_by_erasure ON record (erase_ms) WHERE erase_ms IS NOT NULL;
CREATE TABLE event (
    record BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    entry BLOB NOT NULL,
    PRIMARY KEY (record, sequence)
) STRICT, WITHOUT ROWID;
""",
)
