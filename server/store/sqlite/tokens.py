"""Delivery tokens in SQLite: of each device's the SHA-256, in its account's row."""

import apsw

from protocol.ids import DeviceAddress
from server.store.derived import token_fits
from server.store.interface import BadToken
from server.store.sqlite import accounts


def put(
    connection: apsw.Connection, owner: DeviceAddress, token_hash: bytes, only_for: bytes | None
) -> None:
    """Replace a device's token; inside a transaction."""
    number = accounts.number_of(connection, owner, only_for)
    connection.execute("UPDATE account SET token_hash = ? WHERE number = ?", (token_hash, number))


def require(connection: apsw.Connection, owner: DeviceAddress, token_hash: bytes) -> None:
    """Compare with a device's token, or raise BadToken."""
    kept: bytes | None = connection.execute(
        "SELECT token_hash FROM account WHERE name = ? AND device = ?", (owner.name, owner.device)
    ).get
    if not token_fits(kept, token_hash):
        raise BadToken
