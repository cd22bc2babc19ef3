"""What a backup has one of: contacts and settings; the account key. Put when it has changed."""

import hashlib

from client.backup.writing.storing import put, seal
from client.backup.writing.writer import Run
from client.store import account, archive_objects, contacts, settings
from client.store.archive_objects import ArchiveObject
from client.store.transaction import Transaction
from protocol.archive.account import AccountKeyRecord
from protocol.archive.layout import ObjectKind
from protocol.archive.state import Contact, Setting, State, encode_state
from protocol.packing import pack_value


async def write_singles(run: Run) -> None:
    """Put the state and the account key if the archive has others.

    Raises:
        TargetError: the storage failed.
    """
    state, account_key = await run.writer.database.read(lambda tx: (_state(tx), _account_key(tx)))
    await _write(run, ObjectKind.STATE, state)
    await _write(run, ObjectKind.ACCOUNT, account_key)


async def _write(run: Run, kind: ObjectKind, content: bytes) -> None:
    database, root = run.writer.database, run.archive.root
    held = await database.read(lambda tx: archive_objects.single(tx, kind))
    if held is not None and held.entry.content_hash == hashlib.sha256(content).digest():
        return
    sealed = seal(kind, content, root, run.writer.surroundings.random_bytes)
    await put(run, sealed)

    def note(tx: Transaction) -> None:
        if held is not None:
            _leave_out(tx, kind, held, run.epoch)
        archive_objects.add(tx, sealed.entry, run.epoch)

    await database.write(note)


def _leave_out(tx: Transaction, kind: ObjectKind, held: ArchiveObject, epoch: int) -> None:
    """Drop an old state; of an account key that was replaced keep none in older backups either."""
    leave = archive_objects.remove if kind is ObjectKind.ACCOUNT else archive_objects.drop
    leave(tx, held, epoch)


def _state(tx: Transaction) -> bytes:
    people = tuple(
        Contact(
            pin.name,
            pin.identity,
            pin.pending_identity,
            pin.verified,
            pin.blocked,
            pin.series,
        )
        for pin in contacts.everyone(tx)
    )
    chosen = tuple(Setting(name, pack_value(value)) for name, value in settings.carried(tx))
    return encode_state(State(account.get(tx).name, people, chosen))


def _account_key(tx: Transaction) -> bytes:
    own = account.get(tx)
    return AccountKeyRecord(own.generation, own.device.address, own.account_key).encode()
