"""What vaults still have to be told: records to be registered, records to be deleted.

    trying      a record that is being registered is noted for deletion before it exists
    decided     ... and the note goes in the transaction that begins to use the record
    replaced    the records before it are deleted when the storage has the keyring after it

So a set-up that is stopped anywhere leaves no share at a vault that nobody remembers. Errands
may be done twice: registering and deleting do no harm the second time.

Spec: docs/formats.md#vault_errands, docs/backup.md#changing-what-opens-it
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from client.store.transaction import Row, Transaction
from protocol.errors import DamagedState, WireError
from protocol.packing import pack, unpack_untrusted
from protocol.recovery.owner import Deletion
from protocol.recovery.record import Vault
from protocol.recovery.registration import Registration

TABLE: Final = (
    """
    CREATE TABLE vault_errands (
        record_id BLOB PRIMARY KEY,
        vault BLOB NOT NULL,
        kind INTEGER NOT NULL,
        request BLOB NOT NULL,
        generation INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)

_MOST_BYTES: Final = 4_096


class ErrandKind(IntEnum):
    """What a vault is to do."""

    REGISTER = 1
    DELETE = 2


@dataclass(frozen=True, slots=True)
class Errand:
    """One thing to tell one vault.

    Args:
        request: its class says which kind it is. A registration holds the vault's share.
        generation: of the keyring that the storage must have before; 0 for at once.
    """

    vault: Vault
    request: Registration | Deletion
    generation: int = 0

    @property
    def kind(self) -> ErrandKind:
        """Give what the vault is to do."""
        deletes = isinstance(self.request, Deletion)
        return ErrandKind.DELETE if deletes else ErrandKind.REGISTER


def note(tx: Transaction, errands: Iterable[Errand]) -> None:
    """Note errands; a record has one, the newest."""
    for errand in errands:
        tx.execute(
            "INSERT OR REPLACE INTO vault_errands VALUES (?, ?, ?, ?, ?)",
            (
                errand.request.record_id,
                pack(errand.vault),
                errand.kind,
                pack(errand.request),
                errand.generation,
            ),
        )


def due(tx: Transaction, generation: int) -> list[Errand]:
    """Give what can be done while the storage has the keyring of this generation."""
    rows = tx.all(
        "SELECT vault, kind, request, generation FROM vault_errands WHERE generation <= ?"
        " ORDER BY record_id",
        (generation,),
    )
    return [_errand(row) for row in rows]


def forget(tx: Transaction, record_ids: Iterable[bytes]) -> None:
    """Forget errands that are done, or not wanted any more."""
    for record_id in record_ids:
        tx.execute("DELETE FROM vault_errands WHERE record_id = ?", (record_id,))


def _errand(row: Row) -> Errand:
    vault, kind, request, generation = row
    shape: type[Registration] | type[Deletion]
    shape = Deletion if kind == ErrandKind.DELETE else Registration
    try:
        return Errand(
            unpack_untrusted(Vault, vault, _MOST_BYTES),
            unpack_untrusted(shape, request, _MOST_BYTES),
            generation,
        )
    except WireError as error:
        raise DamagedState("errand for a vault") from error
