"""One backup from beginning to end.

    settle ─▶ purge ─▶ media, segments, singles ─▶ retire ─▶ older manifests ─▶ manifest
           ─▶ sign ─▶ publish ─▶ delete, keep

Until ``sign`` nothing shows. ``sign`` is one transaction, when everything that the head names is
durable; what comes after it can be done again, and a run that finds a signed head publishes it
before anything else. A second head of the same epoch is never signed.

Spec: docs/backup.md#order
"""

import hashlib
from functools import partial

from client.backup.targets.interface import ObjectMissing
from client.backup.writing import errors
from client.backup.writing.locking import alone
from client.backup.writing.losing import note_lost
from client.backup.writing.manifests import StoredManifest, rewrite_stale, write_newest
from client.backup.writing.media import copy_media
from client.backup.writing.progress import Meter
from client.backup.writing.publishing import publish, require_our_head
from client.backup.writing.purging import purge
from client.backup.writing.segments import write_segments
from client.backup.writing.singles import write_singles
from client.backup.writing.sweeping import delete, look_for_unneeded, retire
from client.backup.writing.writer import Outcome, Run, Writer
from client.store import account, archive, archive_changes, archive_objects, restoring
from client.store.archive import Archive, SignedHead
from client.store.transaction import Transaction
from protocol.archive.head import NO_HASH, Head, hash_of_head, sign_head
from protocol.archive.keyring import Keyring
from protocol.archive.keys import head_key
from protocol.archive.layout import HEAD_PATH, KEYRING_PATH
from protocol.archive.sweep import Sweep


async def back_up(writer: Writer) -> Outcome:
    """Bring the backup up to date; after any failure, and any stop, the next call goes on.

    Raises:
        LocalError: none is set up, another process writes it, or a file cannot be read.
        StorageSetBack, SeveralWriters, ForeignHead: the storage shows another head than the
            one put there last; nothing was written.
        VaultsUnreachable: too few vaults took the head.
        TargetError: the storage failed.
    """
    with alone(writer.folder):
        await _settle(writer)
        run = await _begin(writer)
        await _write_objects(run)
        made_at_ms = writer.surroundings.now_ms()
        await retire(run, made_at_ms)
        await rewrite_stale(run)
        found = await look_for_unneeded(run)
        manifest = await write_newest(run, made_at_ms, found.waiting)
        await _sign(run, manifest, found)
        await publish(writer)
        await delete(run, found)
        await _keep(run)
        return await _outcome(run, made_at_ms, found)


async def refresh(writer: Writer) -> None:
    """Let everything live on where a storage forgets, and tell vaults what they are owed.

    Raises:
        As :func:`back_up`, and
        ObjectMissing: something is gone; the next backup writes it anew.
    """
    with alone(writer.folder):
        await _settle(writer)
        run = await _begin(writer)
        await _keep(run)
        if run.lost:
            raise ObjectMissing(writer.target.where, run.lost[0], hint=_WRITE_AGAIN)


_WRITE_AGAIN = "Write it anew with: glasspost backup create"


async def _settle(writer: Writer) -> None:
    """End a backup whose head was signed and does not show yet."""
    known = await writer.database.read(archive.find)
    if known is None:
        raise errors.not_set_up()
    await require_our_head(writer.target, known)
    await publish(writer)


async def _begin(writer: Writer) -> Run:
    def begun(tx: Transaction) -> tuple[Archive | None, int, int]:
        restoring.require_text_done(tx)
        number = archive_changes.newest_number(tx)
        return archive.find(tx), number, archive_changes.count(tx, number)

    known, number, lines = await writer.database.read(begun)
    if known is None:
        raise errors.not_set_up()
    meter = Meter(writer.report, writer.surroundings.now_ms)
    meter.expect(lines=lines)
    return Run(writer, known, known.epoch + 1, number, meter)


async def _write_objects(run: Run) -> None:
    """Put everything that the newest backup is to name.

    An object that turns out to be lost has its lines noted as changed, under numbers that the
    first round does not take: so there is a second, and no third, or a storage that loses
    everything would keep us for ever.
    """
    await _write_round(run)
    if run.lost:
        run.number = await run.writer.database.read(archive_changes.newest_number)
        await _write_round(run)


async def _write_round(run: Run) -> None:
    await purge(run)
    await copy_media(run)
    await write_segments(run)
    await write_singles(run)


async def _sign(run: Run, manifest: StoredManifest, found: Sweep) -> None:
    vaults = [vault.name for vault in run.writer.keepers.vaults]

    def note(tx: Transaction) -> None:
        head = _head(run, manifest, account.get(tx).generation)
        stored = sign_head(head, head_key(run.archive.root))
        archive.sign(tx, SignedHead(stored, head.epoch, head.made_at_ms), vaults)
        archive_objects.add_backup(tx, manifest.backup)
        archive_objects.set_unneeded(tx, found.waiting)

    await run.writer.database.write(note)


def _head(run: Run, manifest: StoredManifest, account_generation: int) -> Head:
    known, backup = run.archive, manifest.backup
    return Head(
        archive_id=known.archive_id,
        epoch=run.epoch,
        made_at_ms=backup.made_at_ms,
        previous_hash=NO_HASH if known.head is None else hash_of_head(known.head),
        manifest_hash=backup.entry.name,
        manifest_bytes=manifest.size,
        keyring_generation=Keyring.decode_untrusted(known.keyring).plan.generation,
        account_generation=account_generation,
        keyring_hash=hashlib.sha256(known.keyring).digest(),
    )


async def _keep(run: Run) -> None:
    """Let everything live on; what the storage has lost is written anew by the next backup."""
    database = run.writer.database
    paths = await database.read(archive_objects.paths)
    try:
        await run.writer.target.keep([KEYRING_PATH, HEAD_PATH, *sorted(paths)])
    except ObjectMissing as error:
        held = await database.read(partial(archive_objects.at, path=error.path))
        if held is None:
            raise
        await note_lost(run, held)


async def _outcome(run: Run, made_at_ms: int, found: Sweep) -> Outcome:
    owed = await run.writer.database.read(archive.owed)
    return Outcome(
        run.epoch,
        made_at_ms,
        run.meter.put_objects,
        run.meter.put_bytes,
        len(found.delete),
        tuple(run.lost),
        tuple(run.missing_media),
        tuple(sorted(owed)),
    )
