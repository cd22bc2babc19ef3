"""The head: whose lies in the storage, and how a new one gets there.

    vaults (those that can be reached, at least so many) ─▶ [both heads ─▶ keyring ─▶] head ─▶ note

Vaults first: a storage that is set back later can then be told from one that is not. A new
keyring goes between two versions of the file ``head``, so that whichever keyring a reader finds,
its own head lies beside it.

Spec: docs/backup.md#order, docs/backup.md#changing-what-opens-it
"""

from functools import partial

from client.backup.reading.errors import SeveralWriters
from client.backup.reading.fetching import read_whole
from client.backup.targets.interface import ObjectMissing, Target
from client.backup.targets.sources import BytesSource
from client.backup.writing.errors import ForeignHead, StorageSetBack, VaultsUnreachable
from client.backup.writing.writer import Writer
from client.store import archive
from client.store.archive import Archive
from protocol.archive.head import HEAD_BYTES, open_head_untrusted
from protocol.archive.keys import head_key
from protocol.archive.layout import HEAD_PATH, KEYRING_PATH
from protocol.errors import PeerError, TwoWriters
from protocol.signing import public_key_of


async def require_our_head(target: Target, known: Archive) -> None:
    """See that the storage shows what was put there last, so that nothing of others is lost.

    Raises:
        StorageSetBack: it shows an older head of ours, or none.
        SeveralWriters: it shows one of ours that this profile did not make.
        ForeignHead: it shows one that our root did not sign.
        TargetError: the storage failed.
    """
    shown = await _shown(target)
    if shown not in _expected(known):
        raise _verdict(target.where, known, shown)


async def publish(writer: Writer) -> None:
    """Bring the newest head to where it is not yet; nothing, if it is everywhere.

    Raises:
        VaultsUnreachable: too few vaults took it; the storage does not show it then.
        TargetError: the storage failed; the next run goes on.
    """
    await _tell_vaults(writer)
    known = await writer.database.read(archive.find)
    if known is None or known.head is None or known.published:
        return
    if not known.keyring_stored:
        if known.previous_head is not None:
            await _put(writer.target, HEAD_PATH, known.head + known.previous_head)
        await _put(writer.target, KEYRING_PATH, known.keyring)
        await writer.database.write(archive.mark_keyring_stored)
    await _put(writer.target, HEAD_PATH, known.head)
    await writer.database.write(archive.mark_published)


async def _tell_vaults(writer: Writer) -> None:
    known, owed = await writer.database.read(lambda tx: (archive.find(tx), archive.owed(tx)))
    if known is None or known.head is None:
        return
    for vault in writer.keepers.vaults:
        if vault.name in owed and await vault.place(known.head):
            await writer.database.write(partial(archive.mark_told, vault=vault.name))
    left = await writer.database.read(archive.owed)
    untold = [vault.name for vault in writer.keepers.vaults if vault.name in left]
    if len(writer.keepers.vaults) - len(untold) < writer.keepers.least and not known.published:
        raise VaultsUnreachable(untold, writer.keepers.least)


async def _put(target: Target, path: str, data: bytes) -> None:
    await target.put(path, BytesSource(data))


async def _shown(target: Target) -> bytes | None:
    try:
        return await read_whole(target, HEAD_PATH, 2 * HEAD_BYTES)
    except ObjectMissing:
        return None


def _expected(known: Archive) -> set[bytes | None]:
    if known.head is None or known.published:
        return {known.head}
    previous = known.previous_head
    return {previous, known.head, known.head + (previous or b"")}


def _verdict(where: str, known: Archive, shown: bytes | None) -> Exception:
    if shown is None:
        return StorageSetBack(where, known.made_at_ms, None)
    try:
        theirs = open_head_untrusted(shown[:HEAD_BYTES], public_key_of(head_key(known.root)))
    except PeerError:
        return ForeignHead(where)
    if theirs.archive_id != known.archive_id:
        return ForeignHead(where)
    if theirs.epoch < known.epoch:
        return StorageSetBack(where, known.made_at_ms, theirs.made_at_ms)
    return SeveralWriters(where, TwoWriters(theirs.epoch))
