"""Telling the vaults: new records, and records that are not needed any more.

What cannot be told now stays noted and is told later; a vault that is away holds nobody up.

Spec: docs/backup.md#changing-what-opens-it
"""

from collections.abc import Sequence

from client.backup.secrets.failures import NotEnoughVaults
from client.backup.secrets.keyrings import NewKeyring
from client.backup.secrets.party import VaultDialer, VaultLine, gathered
from client.errors import UserError
from client.network.vault_errors import RefusedByVault
from client.store import vault_errands
from client.store.database import Database
from client.store.transaction import Transaction
from client.store.vault_errands import Errand
from protocol.recovery.owner import Deletion
from protocol.recovery.record import Vault
from protocol.recovery.registration import Registration


async def register_all(
    database: Database, new: NewKeyring, threshold: int, connect: VaultDialer
) -> tuple[Vault, ...]:
    """Register a password's records; until somebody decides for them, they are noted for deletion.

    Returns:
        The vaults that have not taken theirs yet.

    Raises:
        NotEnoughVaults: fewer than ``threshold`` did. Those are deleted again, or noted for it.
        UserError: another process holds the database, or the disk is full.
    """
    deletions = new.deletions()
    await database.write(lambda tx: vault_errands.note(tx, deletions))
    registrations = dict(enumerate((each for _, each in new.registrations), 1))
    vaults = [vault for vault, _ in new.registrations]

    async def register(index: int, line: VaultLine) -> None:
        await line.register(registrations[index])

    async with gathered(vaults, connect) as party:
        answers = await party.ask_all(register)
    failed = {index: each for index, each in answers.items() if isinstance(each, UserError)}
    if len(vaults) - len(failed) < threshold:
        await run_errands(database, 0, connect)
        raise NotEnoughVaults(list(failed.values()), len(vaults) - len(failed), threshold)
    return tuple(party.vaults[index] for index in failed)


def decide(tx: Transaction, new: NewKeyring, missing: Sequence[Vault]) -> None:
    """Keep the records of a keyring; in the transaction that begins to use it.

    Args:
        missing: the vaults that still have to take theirs.
    """
    vault_errands.forget(tx, (registration.record_id for _, registration in new.registrations))
    vault_errands.note(
        tx, (Errand(vault, each) for vault, each in new.registrations if vault in missing)
    )


async def run_errands(
    database: Database, generation: int, connect: VaultDialer
) -> tuple[Vault, ...]:
    """Do what is due, side by side.

    Args:
        generation: of the keyring that the storage has.

    Returns:
        The vaults that could not be told; they are asked again the next time.
    """
    errands = await database.read(lambda tx: vault_errands.due(tx, generation))
    if not errands:
        return ()
    by_index = dict(enumerate(errands, 1))

    async def tell(index: int, line: VaultLine) -> None:
        await _told(by_index[index].request, line)

    async with gathered([errand.vault for errand in errands], connect) as party:
        answers = await party.ask_all(tell)
    over = [by_index[index] for index, each in answers.items() if _is_over(each)]
    await database.write(
        lambda tx: vault_errands.forget(tx, (errand.request.record_id for errand in over))
    )
    return tuple(errand.vault for errand in errands if errand not in over)


async def _told(request: Registration | Deletion, line: VaultLine) -> None:
    if isinstance(request, Deletion):
        await line.delete(request)
    else:
        await line.register(request)


def _is_over(answer: UserError | None) -> bool:
    """Tell whether an errand need not be tried again: done, or refused for a reason that stays.

    A vault refuses to delete what it never had: the registration did not arrive.
    """
    if isinstance(answer, RefusedByVault):
        return answer.refusal is not None
    return answer is None
