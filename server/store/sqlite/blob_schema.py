"""The tables of ``blobs.db``.

    blob ──── piece      BLOB_PIECE_BYTES each, the last one perhaps shorter
    salt                 one row: behind the pseudonyms in blob.source

Pieces lie one behind the other: ``place = blob number · 2^16 + index``, so any
part of a blob is one range. What is on disk of an unfinished blob is always
whole pieces; ``received`` grows in the transaction that stores them.

Spec: docs/relay.md#blobs
"""

from typing import Final

from protocol.limits import BLOB_PIECE_BYTES
from server.store.sqlite.schema import Schema

INDEX_BITS: Final = 16

BLOB_DATABASE: Final = Schema(
    application_id=0x476C_7342,  # "GlsB"
    version=1,
    tables="""
CREATE TABLE salt (
    number INTEGER PRIMARY KEY CHECK (number = 1),
    salt BLOB NOT NULL,
    made_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE blob (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    secret_hash BLOB NOT NULL,
    source BLOB NOT NULL,
    size INTEGER NOT NULL,
    received INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX blob_by_secret ON blob (secret_hash, id);
CREATE INDEX blob_by_source ON blob (source, size, expires_ms);
CREATE INDEX blob_by_expiry ON blob (expires_ms);
CREATE TABLE piece (
    place INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;
""",
)


def place(number: int, offset: int) -> int:
    """Give the key in ``piece`` of what holds this offset of blob ``number``."""
    return number << INDEX_BITS | offset // BLOB_PIECE_BYTES
