"""People who write to each other without a name, and a relay that remembers what it was given."""

from collections.abc import Sequence

from server.store.memory import MemoryStore
from server.store.values import Acknowledgement, Outcome, Submission
from tests.client.engine.world import Person, at_rest
from tests.support.relay_rig import FakeClock


class RecordingStore(MemoryStore):
    """Remembers every submission, and what became of it."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.clock = clock
        self.submissions: list[tuple[Submission, Outcome]] = []

    async def settle(
        self, submissions: Sequence[Submission], acknowledgements: Sequence[Acknowledgement]
    ) -> list[Outcome]:
        outcomes = await super().settle(submissions, acknowledgements)
        self.submissions += zip(submissions, outcomes, strict=True)
        return outcomes

    def take(self) -> list[tuple[Submission, Outcome]]:
        """Give what was submitted since the last time."""
        taken, self.submissions = self.submissions, []
        return taken

    def take_names(self) -> list[tuple[str | None, str]]:
        """Give sender and recipient of what was submitted since the last time."""
        return [(each.vouched.name if each.vouched else None, each.recipient.name)
                for each, _ in self.take()]  # fmt: skip


async def read(person: Person, function: object) -> object:
    """Read from her database."""
    return await person.engine._shared.read(function)  # type: ignore[arg-type]


async def is_sealed(person: Person, peer: str) -> bool:
    """Tell whether she writes to ``peer`` without a name."""
    return next(each.sealed for each in await person.engine.contacts() if each.name == peer)


async def acquaint(one: Person, other: Person) -> None:
    """Let two exchange a message each way, until everything has arrived."""
    await one.say(other.name, "hello")
    await other.hears(one.name, 1)
    await other.say(one.name, "hello to you")
    await one.hears(other.name, 1)
    await at_rest(one, other)
    assert await is_sealed(one, other.name)
    assert await is_sealed(other, one.name)


async def was_named(person: Person, peer: str, text: str) -> bool | None:
    """Tell whether the relay saw who submitted a message, as the X-ray would say."""
    (line,) = [line for line in await person.lines(peer) if line.text == text]
    return (await person.engine.specimen(line.message_id.hex())).named
