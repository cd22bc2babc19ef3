"""A password against its vaults: what opens, who is asked, what is told, what is left."""

from dataclasses import dataclass

import pytest
import trio
import trio.testing

from client.backup.secrets.failures import (
    GuessesWasted,
    PasswordExhausted,
    TooFewVaultsAnswer,
    WrongPassword,
)
from client.backup.secrets.guessing import Opened, open_by_password
from client.errors import ExitCode
from client.values import Surroundings
from protocol.archive.keyring import Keyring, KeyringPlan, filled_with_empty, seal_keyring
from protocol.archive.keys import ArchiveRoot
from protocol.archive.layout import SlotKind
from protocol.archive.slot import SlotRecord, make_face
from protocol.archive.slot_secret import SlotSecret
from protocol.recovery.evaluation import EvaluationRequest, UnlockRequest
from protocol.recovery.record import PasswordRecord
from protocol.recovery.set_up import Guard, set_up
from protocol.recovery.stretching import Password, Stretching
from protocol.signing import public_key_of
from tests.client.backup.secrets.vaults import Operators, operators
from tests.client.engine.world import run_inline
from tests.protocol.recovery.cast import HOUR_MS, OWNER, SALT, stretched
from tests.support.randomness import SeededBytes

RIGHT = Password.from_text("right")
WRONG = Password.from_text("wrong")


pytestmark = pytest.mark.usefixtures("cheap_stretching")


@dataclass
class World:
    """A keyring whose password three operators guard."""

    root: ArchiveRoot
    keyring: Keyring
    record: PasswordRecord
    operators: Operators
    around: Surroundings

    async def guess(self, password: Password) -> Opened:
        return await open_by_password(
            self.keyring, self.record, password, self.operators.connect, self.around
        )

    def pass_time(self) -> None:
        for held in self.operators.held.values():
            held.now_ms += HOUR_MS

    def received(self, kind: type) -> dict[str, int]:
        return {
            name: sum(isinstance(each, kind) for each in held.received)
            for name, held in self.operators.held.items()
        }


@pytest.fixture
def world() -> World:
    draw = SeededBytes("guessing")
    group = operators(draw, "east", "north", "west")
    made = set_up(
        stretched("right"), Stretching(SALT), Guard(group.places, 2, public_key_of(OWNER)), draw
    )
    for held, registration in zip(group.held.values(), made.registrations, strict=True):
        held.register(registration)
        held.received.clear()
    root, archive_id = ArchiveRoot.generate(draw), draw(16)
    record = SlotRecord(made.record.encode())
    face = make_face(SlotKind.PASSWORD, SlotSecret.of_password(made.secret), archive_id, record)
    keyring = seal_keyring(KeyringPlan(archive_id, 1, 0, filled_with_empty((face,))), root)
    around = Surroundings(lambda: 0, draw, run_inline)
    return World(root, keyring, made.record, group, around)


async def test_the_right_password_opens_by_two_vaults_and_all_hear_of_it(world: World) -> None:
    opened = await world.guess(RIGHT)
    assert opened.root == world.root
    assert [vault.name for vault in opened.asked] == ["east", "north"]
    assert (opened.liars, opened.untold) == ((), ())
    assert world.received(EvaluationRequest) == {"east": 1, "north": 1, "west": 0}
    assert world.received(UnlockRequest) == {"east": 1, "north": 1, "west": 1}


async def test_one_vault_may_be_dead(world: World) -> None:
    world.operators.down = {"east"}
    opened = await world.guess(RIGHT)
    assert opened.root == world.root
    assert [vault.name for vault in opened.untold] == ["east"]


async def test_one_vault_may_be_silent(
    world: World, autojump_clock: trio.testing.MockClock
) -> None:
    world.operators.silent = {"north"}
    before = trio.current_time()
    opened = await world.guess(RIGHT)
    assert opened.root == world.root
    assert trio.current_time() - before < 6


async def test_b4_after_a_wrong_password_nothing_more_is_sent(world: World) -> None:
    with pytest.raises(WrongPassword) as caught:
        await world.guess(WRONG)
    assert caught.value.exit_code is ExitCode.WRONG_SECRET
    assert caught.value.left == {"east": 4, "north": 4, "west": 5}
    assert caught.value.total_left == 6
    assert world.received(UnlockRequest) == {"east": 0, "north": 0, "west": 0}
    kinds = [type(each) for each in world.operators.held["east"].received]
    assert kinds == [EvaluationRequest]


async def test_b5_seven_guesses_and_then_the_digits_are_named(world: World) -> None:
    for expected in range(6, -1, -1):
        with pytest.raises(WrongPassword) as caught:
            await world.guess(WRONG)
        assert caught.value.total_left == expected
        world.pass_time()
    with pytest.raises(PasswordExhausted) as spent:
        await world.guess(RIGHT)
    assert "64 digits" in spent.value.hint
    assert sum(world.received(EvaluationRequest).values()) == 14


async def test_waiting_is_told_and_spends_nothing(world: World) -> None:
    for _ in range(4):
        with pytest.raises(WrongPassword):
            await world.guess(WRONG)
    with pytest.raises(TooFewVaultsAnswer) as caught:
        await world.guess(RIGHT)
    assert "east wants 1 min to pass first and north wants 1 min" in caught.value.why
    assert sum(world.received(EvaluationRequest).values()) == 8


async def test_too_few_vaults_are_told_by_name(world: World) -> None:
    world.operators.down = {"east", "west"}
    with pytest.raises(TooFewVaultsAnswer) as caught:
        await world.guess(RIGHT)
    assert caught.value.names == ("east", "west")
    assert "east at east.example:7700 cannot be reached" in caught.value.why
    assert caught.value.exit_code is ExitCode.UNREACHABLE
    assert sum(world.received(EvaluationRequest).values()) == 0


async def test_a_liar_is_named_and_the_next_one_asked(world: World) -> None:
    world.operators.liars = {"east"}
    opened = await world.guess(RIGHT)
    assert opened.root == world.root
    assert [vault.name for vault in opened.liars] == ["east"]
    assert [vault.name for vault in opened.asked] == ["east", "north", "west"]


async def test_two_liars_are_too_many_and_named(world: World) -> None:
    world.operators.liars = {"east", "north"}
    with pytest.raises(GuessesWasted) as caught:
        await world.guess(RIGHT)
    assert [vault.name for vault in caught.value.liars] == ["east", "north"]
    assert world.received(UnlockRequest) == {"east": 0, "north": 0, "west": 0}


async def test_a_vault_that_forgot_the_record_says_so(world: World) -> None:
    for name in ("east", "north"):
        world.operators.held[name].disk.clear()
    with pytest.raises(TooFewVaultsAnswer, match="no try was used") as caught:
        await world.guess(RIGHT)
    assert "east at east.example:7700: It has no such record" in caught.value.why
