"""B4 on what each vault received, byte by byte, from real clients of real services."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import trio
import trio.testing

from client.network.address import RelayAddress
from client.network.certificate import fingerprint_of
from client.network.transport import Dialed
from client.network.vaults import VaultClient, open_vault
from protocol.recovery.owner import sign_head
from protocol.recovery.recovering import Recovery
from tests.protocol.recovery.cast import OWNER, SALT, Cast, cast, stretched
from tests.support.vault_rig import Setting, VaultRig, vault_rig


@dataclass
class Operators:
    """Three vaults, and a client at each of them."""

    party: Cast
    rigs: dict[int, VaultRig]
    clients: dict[int, VaultClient]

    async def set_up(self) -> None:
        for index, registration in enumerate(self.party.made.registrations, 1):
            await self.clients[index].register(registration)

    async def guess(self, password: str) -> Recovery:
        record = self.party.made.record
        left = {
            index: (await client.status(record.part(index).record_id)).guesses_left
            for index, client in self.clients.items()
        }
        recovery = Recovery(record, left, stretched(password), self.party.draw)
        while requests := recovery.requests():
            for index, request in requests:
                recovery.receive(index, await self.clients[index].evaluate(request))
        return recovery

    async def open(self, recovery: Recovery) -> None:
        assert recovery.secret() == self.party.made.secret
        for index, request in recovery.slot_opened():
            await self.clients[index].unlock(request)

    def received(self, index: int) -> bytes:
        return bytes(self.rigs[index].received)


async def operators(stack: AsyncExitStack, folder: Path, party: Cast) -> Operators:
    rigs, clients = {}, {}
    for index in (1, 2, 3):
        own = folder / str(index)
        own.mkdir(parents=True)
        rig = await stack.enter_async_context(vault_rig(Setting(own, index=index), party))
        at = open_vault(party.made.record.part(index).vault, Dialing(rig))
        clients[index] = await stack.enter_async_context(at)
        rigs[index] = rig
    return Operators(party, rigs, clients)


@dataclass
class Dialing:
    rig: VaultRig

    async def __call__(self, _address: RelayAddress) -> Dialed:
        await trio.lowlevel.checkpoint()
        key = self.rig.party.made.record.part(self.rig.index).vault.key
        return Dialed(self.rig.connect().stream, key, fingerprint_of(key))


async def test_b4_what_each_vault_received_is_no_test_of_a_password(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        all_of_them = await operators(stack, tmp_path, cast("b4 at the wire"))
        party = all_of_them.party
        await all_of_them.set_up()
        (await all_of_them.guess("wrong")).slot_refused()
        await all_of_them.open(await all_of_them.guess("right"))
        for index, client in all_of_them.clients.items():
            part = party.made.record.part(index)
            await client.place_head(sign_head(OWNER, part.vault.key, part.record_id, 1, b"head"))
        received = {index: all_of_them.received(index) for index in (1, 2, 3)}
    for index, registration in enumerate(party.made.registrations, 1):
        # The positive control: its own share and tag are there to be found.
        assert registration.share.expose() in received[index]
        assert registration.tag.expose() in received[index]
        for other in {1, 2, 3} - {index}:
            assert registration.share.expose() not in received[other]
            assert registration.tag.expose() not in received[other]
            assert registration.record_id not in received[other]
    for hidden in (SALT, stretched("right").expose(), party.made.secret.expose(), b"right"):
        assert not any(hidden in each for each in received.values())


async def test_b4_after_a_failure_nothing_more_is_sent(tmp_path: Path) -> None:
    """The storage's own vaults, in a slot it forged, hear a blinded element and no more."""
    forged = cast("forged at the wire", password="a guess of the storage")
    async with AsyncExitStack() as stack:
        all_of_them = await operators(stack, tmp_path, forged)
        await all_of_them.set_up()
        recovery = await all_of_them.guess("right")
        before = {index: len(all_of_them.received(index)) for index in (1, 2, 3)}
        recovery.slot_refused()
        await trio.testing.wait_all_tasks_blocked()
        assert before == {index: len(all_of_them.received(index)) for index in (1, 2, 3)}
