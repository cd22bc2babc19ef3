"""A backup under a password, and its three vaults: the product's own, over TLS on this machine."""

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import pytest
import trio
import trio.testing

from protocol.archive.keyring import KeyringPlan, filled_with_empty, seal_keyring
from protocol.archive.layout import KEYRING_PATH, SlotKind
from protocol.archive.segment import Segment
from protocol.archive.slot import SlotRecord, make_face
from protocol.archive.slot_secret import SlotSecret
from protocol.ids import Name
from protocol.recovery.oprf import OprfInput
from protocol.recovery.record import Vault
from protocol.recovery.set_up import Guard, SetUp, set_up
from protocol.recovery.stretching import Password, Stretching, stretch
from protocol.signing import public_key_of
from server.relay_key import RelayKey, load_or_make, read_signing_key
from tests.client.backup.reading.archives import ArchiveMaker
from tests.client.backup.reading.samples import BOB, line
from tests.protocol.recovery.cast import OWNER, Cast, FakeVault
from tests.scripts.backup_reader.opening import Shown, lay_out, run
from tests.support.randomness import SeededBytes
from tests.support.vault_rig import Setting, VaultRig, vault_rig

RIGHT = "correct horse, bättery staple"
STRETCHING = Stretching(b"a salt of 16 b..")


@cache
def _stretched() -> OprfInput:
    """Pay Argon2id's price once."""
    return stretch(Password.from_text(RIGHT), STRETCHING)


@dataclass
class Guarded:
    """The backup in a folder, and its vaults by their number."""

    folder: Path
    maker: ArchiveMaker
    rigs: dict[int, VaultRig]
    doors: dict[int, trio.CancelScope]

    @property
    def backup(self) -> Path:
        """Where it lies."""
        return self.folder / "backup"

    async def open(self, capsys: pytest.CaptureFixture[str], password: str = RIGHT) -> Shown:
        """Open it as a person does."""
        shutil.rmtree(self.backup, ignore_errors=True)
        lay_out(self.maker.target.objects, self.backup)
        file = self.folder / "password"
        file.write_text(password + "\n", "utf-8")
        return await trio.to_thread.run_sync(
            partial(run, capsys, self.backup, "--password-file", file)
        )

    async def take_down(self, index: int) -> None:
        """Let a vault take no more connections."""
        self.doors[index].cancel()
        await trio.testing.wait_all_tasks_blocked()

    async def left(self) -> list[int]:
        """Give the guesses that are left at each vault."""
        return [await rig.left() for rig in self.rigs.values()]


@asynccontextmanager
async def guarded(folder: Path) -> AsyncIterator[Guarded]:
    """Run three vaults, of which two have to answer, and make a backup that they guard."""
    draw = SeededBytes("guarded")
    keys = {index: load_or_make(folder / f"{index}.pem", draw) for index in (1, 2, 3)}
    listeners = {index: (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0] for index in keys}
    made = _set_up(keys, listeners, draw)
    vaults = {
        index: FakeVault(f"vault-{index}", draw, read_signing_key(folder / f"{index}.pem"))
        for index in keys
    }
    async with trio.open_nursery() as nursery:
        async with AsyncExitStack() as stack:
            rigs, doors = {}, {index: trio.CancelScope() for index in keys}
            for index, key in keys.items():
                (folder / f"vault {index}").mkdir()
                setting = Setting(folder / f"vault {index}", index=index)
                rig = await stack.enter_async_context(vault_rig(setting, Cast(draw, vaults, made)))
                await rig.register()
                nursery.start_soon(_serve, rig, listeners[index], key, doors[index])
                rigs[index] = rig
            yield Guarded(folder, _backup(made), rigs, doors)
        nursery.cancel_scope.cancel()


async def _serve(
    rig: VaultRig, listener: trio.SocketListener, key: RelayKey, door: trio.CancelScope
) -> None:
    async def attend(stream: trio.SocketStream) -> None:
        await rig.vault.attend(trio.SSLStream(stream, key.tls, server_side=True))

    with door:
        await trio.serve_listeners(attend, [listener])


def _set_up(
    keys: dict[int, RelayKey], listeners: dict[int, trio.SocketListener], draw: SeededBytes
) -> SetUp:
    vaults = tuple(
        Vault(
            Name(f"vault-{index}"),
            f"127.0.0.1:{listeners[index].socket.getsockname()[1]}",
            key.public_key,
        )
        for index, key in keys.items()
    )
    return set_up(_stretched(), STRETCHING, Guard(vaults, 2, public_key_of(OWNER)), draw)


def _backup(made: SetUp) -> ArchiveMaker:
    maker = ArchiveMaker()
    face = make_face(
        SlotKind.PASSWORD,
        SlotSecret.of_password(made.secret),
        maker.archive_id,
        SlotRecord(made.record.encode()),
    )
    plan = KeyringPlan(maker.archive_id, 1, 1, filled_with_empty((face,)))
    maker.keyring = seal_keyring(plan, maker.root)
    maker.target.objects[KEYRING_PATH] = maker.keyring.encode()
    maker.add_segment(Segment(BOB, (line(1), line(2))))
    maker.finish()
    return maker
