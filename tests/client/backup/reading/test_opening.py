"""Opening a backup: which head is believed, and what a person is asked."""

import pytest

from client.backup.reading.archive import OpenArchive
from client.backup.reading.errors import BackupUnreadable, OlderThanKnown, SeveralWriters
from client.backup.reading.opening import open_archive, read_keyring, unlock
from client.errors import RelayUnreachable, WrongSecret
from protocol.archive.digits import RecoveryDigits
from protocol.archive.keyring import seal_keyring
from protocol.archive.layout import HEAD_PATH, KEYRING_PATH, ObjectKind, SlotKind
from tests.client.backup.reading.archives import ArchiveMaker, MemoryTarget, Vault
from tests.client.backup.reading.samples import full_backup
from tests.support.randomness import SeededBytes


async def opened(maker: ArchiveMaker, *vaults: Vault, accept_older: bool = False) -> OpenArchive:
    keyring = await read_keyring(maker.target)
    root = unlock(keyring, SlotKind.DIGITS, maker.digits.slot_secret())
    return await open_archive(maker.target, keyring, root, vaults, accept_older=accept_older)


async def test_digits_open_the_newest_backup() -> None:
    maker = full_backup()
    archive = await opened(maker, Vault("v", maker.stored_head))
    assert archive.head.epoch == 1
    assert len(archive.of_kind(ObjectKind.SEGMENT)) == 3
    assert archive.noticed.alarm is None
    assert archive.noticed.behind == ()


async def test_wrong_digits_are_told_from_damage() -> None:
    maker = full_backup()
    wrong = RecoveryDigits.generate(SeededBytes("other")).slot_secret()
    with pytest.raises(WrongSecret, match="did not open this backup"):
        unlock(await read_keyring(maker.target), SlotKind.DIGITS, wrong)
    stored = maker.target.objects[KEYRING_PATH]
    maker.target.objects[KEYRING_PATH] = stored[:-1]
    with pytest.raises(BackupUnreadable, match="is damaged"):
        await read_keyring(maker.target)
    with pytest.raises(BackupUnreadable, match="There is no backup"):
        await read_keyring(MemoryTarget())


async def test_b2_a_storage_that_was_set_back_is_noticed_through_one_vault() -> None:
    maker = full_backup()
    first = dict(maker.target.objects)
    newest = maker.finish()
    maker.target.objects = first
    asleep = Vault("asleep", error=RelayUnreachable("It is away."))
    with pytest.raises(OlderThanKnown) as caught:
        await opened(maker, asleep, Vault("v", newest))
    assert caught.value.made_at_ms == maker.made_at_ms
    assert caught.value.available_at_ms == maker.made_at_ms - 86_400_000
    assert "2025-10-10" in caught.value.why + caught.value.what
    archive = await opened(maker, Vault("v", newest), accept_older=True)
    assert archive.head.epoch == 1
    assert archive.noticed.alarm is not None


async def test_b2_without_any_manifest_there_is_nothing_to_accept() -> None:
    maker = full_backup()
    maker.target.objects = {
        path: data for path, data in maker.target.objects.items() if "manifest" not in path
    }
    for accept_older in (False, True):
        with pytest.raises(OlderThanKnown) as caught:
            await opened(maker, accept_older=accept_older)
        assert caught.value.available_at_ms is None


async def test_a_vault_with_a_newer_head_is_believed_if_its_manifest_is_there() -> None:
    maker = full_backup()
    old = maker.stored_head
    newest = maker.finish()
    maker.target.objects[HEAD_PATH] = old
    archive = await opened(maker, Vault("v", newest))
    assert archive.head.epoch == 2
    assert archive.noticed.behind == ("memory",)


async def test_two_writers_are_a_persons_decision() -> None:
    maker = full_backup()
    mine = maker.finish()
    maker.epoch -= 1
    maker.add(ObjectKind.STATE, b"another")
    theirs = maker.finish()
    assert mine != theirs
    with pytest.raises(SeveralWriters, match="Two devices"):
        await opened(maker, Vault("v", mine))
    archive = await opened(maker, Vault("v", mine), accept_older=True)
    assert isinstance(archive.noticed.alarm, SeveralWriters)


async def test_a_head_of_another_key_is_told_and_not_believed() -> None:
    maker = full_backup()
    forged = full_backup("forger").stored_head
    archive = await opened(maker, Vault("v", forged))
    assert archive.noticed.refused == ("v",)
    maker.target.objects[HEAD_PATH] = forged
    with pytest.raises(BackupUnreadable, match="no readable backup"):
        await opened(maker)


async def test_b2_an_old_keyring_under_a_newer_head_is_noticed() -> None:
    maker = full_backup()
    old = maker.target.objects[KEYRING_PATH]
    maker.keyring = seal_keyring(maker.keyring.plan, maker.root)
    maker.finish()
    maker.target.objects[KEYRING_PATH] = old
    with pytest.raises(BackupUnreadable, match="is not the one of the newest"):
        await opened(maker)


async def test_b2_no_byte_of_keyring_head_or_manifest_can_be_changed() -> None:
    maker = full_backup()
    archive = await opened(maker)
    for path in (KEYRING_PATH, HEAD_PATH, archive.head.manifest_path):
        whole = maker.target.objects[path]
        step = max(1, len(whole) // 40)
        for place in (*range(0, len(whole), step), len(whole) - 1):
            changed = bytearray(whole)
            changed[place] ^= 1 << place % 8
            maker.target.objects[path] = bytes(changed)
            with pytest.raises(BackupUnreadable):
                await opened(maker)
        for odd in (whole[:-1], whole + b"\0", b""):
            maker.target.objects[path] = odd
            with pytest.raises(BackupUnreadable):
                await opened(maker)
        maker.target.objects[path] = whole


async def test_a_storage_that_never_ends_is_refused_early() -> None:
    class Endless(MemoryTarget):
        async def read(self, path: str, offset: int, length: int) -> bytes:
            await super().read(path, offset, length)
            return bytes(length + 1)

    with pytest.raises(BackupUnreadable, match="does not behave"):
        await read_keyring(Endless(full_backup().target.objects))
