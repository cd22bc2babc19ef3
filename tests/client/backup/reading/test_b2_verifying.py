"""Verifying and drilling: every fault is found, named with chat and dates, and stops nothing."""

import random

import pytest

from client.backup.reading.drilling import drill
from client.backup.reading.findings import BackupDamaged, Fault
from client.backup.reading.objects import verify_object
from client.backup.reading.progress import Progress
from client.backup.reading.verifying import verify
from protocol.archive.layout import ObjectKind
from protocol.archive.sealing import seal_bytes
from protocol.errors import PeerError
from tests.client.backup.reading.archives import at_once
from tests.client.backup.reading.samples import FILE, full_backup
from tests.client.backup.reading.test_opening import opened


async def test_a_whole_backup_is_whole_and_progress_reaches_its_end() -> None:
    maker = full_backup()
    maker.finish()
    told: list[Progress] = []
    archive = await opened(maker)
    assert await verify(archive, at_once, told.append) == ()
    assert told[-1].done_bytes == told[-1].total_bytes > len(FILE)
    result = await drill(archive, at_once, told.append)
    assert result.findings == ()
    assert result.messages == {"bob": 7, "carol": 3}
    assert (result.contacts, result.files, result.account_key) == (2, 2, True)
    assert told[-1].done_bytes == told[-1].total_bytes


async def test_b2_missing_cut_and_longer_objects_are_named_and_the_rest_is_read() -> None:
    maker = full_backup()
    archive = await opened(maker)
    segment = archive.of_kind(ObjectKind.SEGMENT)[0]
    state = archive.of_kind(ObjectKind.STATE)[0]
    media = archive.of_kind(ObjectKind.MEDIA)
    objects = maker.target.objects
    del objects[segment.path]
    objects[state.path] = objects[state.path][:-1]
    objects[media[0].path] += b"\0"
    for found in (await verify(archive, at_once), (await drill(archive, at_once)).findings):
        faults = {each.path: each.fault for each in found}
        assert faults == {
            segment.path: Fault.MISSING,
            state.path: Fault.TRUNCATED,
            media[0].path: Fault.EXTENDED,
        }
        (told,) = (each for each in found if each.path == segment.path)
        assert told.sentence == (
            f"{segment.path} is missing: it holds 5 messages of the chat with bob of 2025-06-15."
        )
        assert "3 objects" in BackupDamaged("memory", found).what


async def test_b2_swapped_and_replayed_objects_are_other_objects() -> None:
    maker = full_backup()
    archive = await opened(maker)
    objects = maker.target.objects
    one, other = archive.of_kind(ObjectKind.MEDIA)
    objects[one.path], objects[other.path] = objects[other.path], objects[one.path]
    found = await verify(archive, at_once)
    assert {each.path for each in found} == {one.path, other.path}
    assert {each.fault for each in found} == {Fault.FOREIGN}


async def test_b2_an_older_version_under_the_same_key_is_found_by_its_hash() -> None:
    maker = full_backup()
    archive = await opened(maker)
    (state,) = archive.of_kind(ObjectKind.STATE)
    older = seal_bytes(ObjectKind.STATE, state.key, b"an older state", maker.draw)
    maker.target.objects[state.path] = older
    (found,) = await verify(archive, at_once)
    assert (found.path, found.fault) == (state.path, Fault.FOREIGN)


async def test_b2_every_flipped_bit_of_objects_is_found(rng: random.Random) -> None:
    """Every 23rd byte of each small object, and a sample of the large ones, by its own object."""
    maker = full_backup()
    archive = await opened(maker)
    for entry in (each for each in archive.manifest.entries if each.kind != ObjectKind.MANIFEST):
        whole = maker.target.objects[entry.path]
        small = len(whole) < 10_000
        places = range(0, len(whole), 23) if small else rng.sample(range(len(whole)), 12)
        for place in places:
            changed = bytearray(whole)
            changed[place] ^= 1 << rng.randrange(8)
            maker.target.objects[entry.path] = bytes(changed)
            with pytest.raises(PeerError):
                await verify_object(maker.target, entry, at_once)
        maker.target.objects[entry.path] = whole
    assert await verify(archive, at_once) == ()


async def test_earlier_backups_are_verified_too_and_shared_objects_once() -> None:
    maker = full_backup()
    maker.add(ObjectKind.MEDIA, b"new", "bob")
    gone = maker.entries.pop(0)  # the second backup does not name it, the first one does
    maker.finish()
    archive = await opened(maker)
    before = maker.target.reads
    assert await verify(archive, at_once) == ()
    assert maker.target.reads - before < 4 * len(archive.manifest.entries)
    del maker.target.objects[gone.path]
    assert [each.path for each in await verify(archive, at_once)] == [gone.path]


async def test_a_line_in_two_segments_counts_once() -> None:
    maker = full_backup()
    again = maker.entries[2]
    maker.entries.append(again)
    maker.finish()
    assert (await drill(await opened(maker), at_once)).messages == {"bob": 7, "carol": 3}
