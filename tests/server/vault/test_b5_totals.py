"""B5 with services: the totals over three vaults are reached, and not exceeded."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from protocol.packing import repacked
from protocol.recovery import guesses, oprf, shamir
from protocol.recovery.derived import password_secret
from protocol.recovery.evaluation import EvaluationRequest
from protocol.recovery.group import Element
from protocol.wire.messages import (
    Evaluate,
    Evaluated,
    GetRecordStatus,
    RecordRegistered,
    RecordStatus,
)
from tests.protocol.recovery.cast import cast, stretched
from tests.support.vault_rig import Setting, VaultRig, vault_rig


class Attack:
    """Somebody with the storage, who runs the first ``cheating`` of three vaults."""

    def __init__(self, rigs: dict[int, VaultRig], cheating: int) -> None:
        self.party = rigs[1].party
        self.cheating = cheating
        self.honest = {index: rig for index, rig in rigs.items() if index > cheating}

    async def guess(self, password: str) -> bool:
        """Guess once; False if the honest vaults do not give enough answers."""
        asked = oprf.blind(stretched(password), self.party.draw)
        answers = {
            index: oprf.evaluate(self.party.made.registrations[index - 1].share, asked.element)
            for index in range(1, self.cheating + 1)
        }
        left = {index: await rig.left() for index, rig in self.honest.items()}
        for index in sorted(left, key=lambda each: -left[each]):
            if len(answers) == self.party.made.record.threshold:
                break
            rig = self.honest[index]
            request = EvaluationRequest(rig.record_id, asked.element.encoding)
            answer = await rig.ask(repacked(Evaluate, request))
            if isinstance(answer, Evaluated):
                answers[index] = Element.decode_untrusted(answer.element)
        if len(answers) < self.party.made.record.threshold:
            return False
        output = oprf.finalize(stretched(password), asked.blind, shamir.combine(answers))
        assert (password_secret(output) == self.party.made.secret) == (password == "right")
        return True

    async def do_everything_else(self) -> None:
        """Replay registrations, and wait no longer than each vault asks for."""
        for rig in self.honest.values():
            await rig.ask(rig.registering())
            status = await rig.ask(GetRecordStatus(rig.record_id))
            assert isinstance(status, RecordStatus)
            rig.clock.advance(status.retry_after_ms)


@pytest.mark.parametrize(("cheating", "total"), [(0, 7), (1, 10)])
async def test_b5_the_total_over_services_is_reached_and_not_exceeded(
    tmp_path: Path, cheating: int, total: int
) -> None:
    """The last guess of all is the right one, to show that each of them counts."""
    party = cast(f"totals {cheating}")
    assert guesses.total_guesses(3, 2, party.made.record.limit, cheating) == total
    async with AsyncExitStack() as stack:
        rigs = {}
        for index in (1, 2, 3):
            folder = tmp_path / str(index)
            folder.mkdir()
            rig = vault_rig(Setting(folder, index=index), party)
            rigs[index] = await stack.enter_async_context(rig)
            assert isinstance(await rigs[index].register(), RecordRegistered)
        attack = Attack(rigs, cheating)
        for number in range(total - 1):
            assert await attack.guess(f"wrong {number}")
            await attack.do_everything_else()
        assert await attack.guess("right")
        for _ in range(3):
            await attack.do_everything_else()
            assert not await attack.guess("right")
