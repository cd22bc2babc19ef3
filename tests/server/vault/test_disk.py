"""What is on a vault's disk, and what is not there any more."""

import time
from dataclasses import replace
from pathlib import Path

import apsw
import pytest
import trio

from protocol.packing import repacked
from protocol.recovery.decision import Decision
from protocol.recovery.owner import sign_deletion, sign_head
from protocol.recovery.vault_record import VaultRecord
from protocol.signing import public_key_of
from protocol.wire.messages import (
    DeleteRecord,
    Evaluated,
    GetRecordStatus,
    HeadPlaced,
    PlaceHead,
    RecordDeleted,
    RecordRegistered,
    RecordStatus,
    Refused,
    RegisterRecord,
)
from server.answers import TROUBLE_RETRY_MS
from server.store.sqlite.database import DatabaseRefused
from server.store.sqlite.lane import in_thread
from server.store.sqlite.store import SqliteStore
from server.vault.service import SETTLE_INTERVAL_SECONDS
from server.vault.store import VaultStore
from tests.protocol.recovery.cast import OWNER, cast
from tests.support.relay_rig import FakeClock
from tests.support.vault_rig import Setting, VaultRig, vault_rig
from tests.support.vfs_shim import ShimVFS

HOUR_MS = 3_600_000


def on_disk(folder: Path, rig: VaultRig) -> bool:
    share = rig.registration.share.expose()
    return any(share in path.read_bytes() for path in folder.iterdir())


async def use_up(rig: VaultRig) -> None:
    await rig.register()
    for _ in range(5):
        assert isinstance(await rig.ask(rig.evaluate()), Evaluated)
        rig.clock.advance(HOUR_MS - 1)


async def test_an_erased_share_is_on_no_page_any_more(tmp_path: Path) -> None:
    async with vault_rig(tmp_path) as rig:
        await use_up(rig)
        assert on_disk(tmp_path, rig)
        rig.clock.advance(1)
        status = await rig.ask_for(RecordStatus, GetRecordStatus(rig.record_id))
        assert (status.state, status.guesses_left) == (2, 0)
        assert not on_disk(tmp_path, rig)


async def test_a_timer_erases_what_nobody_asks_for(autojump_clock: object, tmp_path: Path) -> None:
    async with vault_rig(tmp_path) as rig:
        await use_up(rig)
        rig.clock.advance(1)
        await trio.sleep(SETTLE_INTERVAL_SECONDS + 1)
        assert not on_disk(tmp_path, rig)
        assert [event["records"] for event in rig.events("erased")] == [1]


async def test_a_deleted_share_is_on_no_page_any_more(tmp_path: Path) -> None:
    async with vault_rig(tmp_path) as rig:
        await rig.register()
        key = public_key_of(rig.party.vaults[1].key)
        deletion = repacked(DeleteRecord, sign_deletion(OWNER, key, rig.record_id))
        await rig.ask_for(RecordDeleted, deletion)
        assert not on_disk(tmp_path, rig)


async def test_free_space_in_a_page_holds_no_share(tmp_path: Path) -> None:
    """A record that grows and shrinks leaves its former places to the page."""
    async with vault_rig(tmp_path) as rig:
        key = public_key_of(rig.party.vaults[1].key)
        await rig.register()
        for number in range(3):
            other = cast(f"neighbour {number}").made.registrations[0]
            await rig.ask_for(RecordRegistered, repacked(RegisterRecord, other))
        for epoch, size in enumerate([900, 10, 500, 1], 1):
            head = sign_head(OWNER, key, rig.record_id, epoch, bytes(size))
            await rig.ask_for(HeadPlaced, repacked(PlaceHead, head))
        deletion = sign_deletion(OWNER, key, rig.record_id)
        await rig.ask_for(RecordDeleted, repacked(DeleteRecord, deletion))
        assert not on_disk(tmp_path, rig)


def _slowly_count(stored: VaultRecord | None) -> tuple[Decision, None]:
    assert stored is not None
    time.sleep(0.002)  # in a worker thread: room for the other connection
    return Decision(replace(stored, guesses=stored.guesses + 1)), None


async def test_two_connections_to_the_file_lose_no_change_to_each_other(tmp_path: Path) -> None:
    async with vault_rig(Setting(tmp_path, in_thread)) as rig:
        await rig.register()
        other = await VaultStore.open(tmp_path / "vault.db")
        async with trio.open_nursery() as nursery:
            for store in (rig.store, other) * 5:
                nursery.start_soon(store.change, rig.record_id, _slowly_count)
        stored = await rig.store.read(rig.record_id)
        await other.close()
    assert stored is not None
    assert stored.guesses == 10


async def test_a_share_left_in_the_log_is_gone_after_the_next_start(tmp_path: Path) -> None:
    """The process died between erasing and folding the log into the file."""
    with ShimVFS("erasure") as disk:
        async with vault_rig(Setting(tmp_path, vfs=disk.name)) as rig:
            await use_up(rig)
            rig.clock.advance(1)
            rig.store._forget_log = trio.lowlevel.checkpoint  # type: ignore[method-assign]
            await rig.ask(GetRecordStatus(rig.record_id))
            disk.power_loss(tmp_path / "left")
            share = rig.registration.share.expose()
            assert disk.is_durable(share)
    store = await VaultStore.open(tmp_path / "left" / "vault.db")
    files = [path.read_bytes() for path in (tmp_path / "left").iterdir()]
    assert not any(share in data for data in files)
    await store.close()


async def test_the_log_of_events_names_no_record_and_no_secret(tmp_path: Path) -> None:
    async with vault_rig(tmp_path) as rig:
        await rig.register()
        await rig.ask(rig.evaluate())
        await rig.ask(rig.unlock())
        lines = "".join(rig.lines)
        assert "Evaluate" in lines
        secrets = (rig.record_id, rig.registration.share.expose(), rig.registration.tag.expose())
        for hidden in secrets:
            assert hidden.hex() not in lines
            assert repr(hidden)[2:-1] not in lines


async def test_trouble_with_the_disk_is_a_refusal_and_no_guess(tmp_path: Path) -> None:
    with ShimVFS("trouble") as disk:
        async with vault_rig(Setting(tmp_path, vfs=disk.name)) as rig:
            await rig.register()

            def full(_event: object) -> None:
                raise apsw.FullError("database or disk is full")

            disk.fault = full
            answer = await rig.ask(rig.evaluate())
            assert answer == Refused(13, TROUBLE_RETRY_MS)
            disk.fault = None
            assert await rig.left() == 5


async def test_a_relays_database_is_not_a_vaults(tmp_path: Path) -> None:
    relay = await SqliteStore.open(tmp_path / "vault.db", FakeClock())
    await relay.close()
    with pytest.raises(DatabaseRefused, match="another program"):
        await VaultStore.open(tmp_path / "vault.db")
