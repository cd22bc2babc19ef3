"""The act in which the relay swaps a key: once nobody had compared, once somebody had.

    alice's name   bob never compared: a notice, and the operator reads what he writes after it
    bob's name     alice has compared: nothing goes out before she answers

The operator writes on the relay's disk while it is stopped, and uses the ordinary
client after that. What they can read they read in their own folder; the relay
has it encrypted as ever.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import trio

from scripts.blindness.relay_database import opened_beside
from scripts.story.conversation import Conversation
from scripts.story.events import Act, Cell, Manner, RelayCell, Row
from scripts.story.failure import DemoFailed
from scripts.story.operator import Operator
from scripts.story.person import Person
from scripts.story.script import Script, Side
from scripts.story.stage import Stage
from scripts.story.swapping import PublicKeys, Taken, give_back, take_name

ALICE, BOB = Side.ALICE, Side.BOB

_PLAIN_WORDS: Final = (
    "Whoever runs a relay can write on its disk: here, keys of their own under somebody's name. "
    "They live outside the relay, with the same program as everybody. Bob never compared "
    "safety numbers. Alice did, and that is the difference."
)
_KEY_EXCERPT_BYTES: Final = 4
_FALSE: Final = "New phone, it is me, {}. Where was that key?"


@dataclass(slots=True)
class Swap:
    """The act, on the stage where the others took place; nobody is chatting at its beginning."""

    script: Script
    conversation: Conversation
    _keys: dict[Side, PublicKeys] = field(default_factory=dict)

    async def play(self, number: int) -> dict[Side, int]:
        """Play it; gives how many texts of each the operator read.

        Raises:
            DemoFailed: a change was silent, or the operator read what they must not.
        """
        self.conversation.tell(Act(number, "The relay swaps a key", _PLAIN_WORDS))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._compare)
            for side in Side:
                self._keys[side] = await self._operator.make_keys(side)
            await self._stage.stop_relay()
        taken = await self._take(ALICE)
        from_bob = await self._deceive_bob()
        await self._stage.stop_relay()
        await trio.to_thread.run_sync(give_back, self._database, taken)
        await self._take(BOB)
        from_alice = await self._meet_alice()
        self._conclude()
        return {BOB: from_bob, ALICE: from_alice}

    async def _compare(self) -> None:
        number = await self._person(BOB).safety_number()
        await self._person(ALICE).compare(number)
        cells = {
            ALICE: (Cell(Manner.DOES, "compares the safety number with bob: checked"),),
            BOB: (Cell(Manner.DOES, "compares nothing"),),
        }
        self.conversation.tell(Row.of(cells, RelayCell(note="takes no part")))

    async def _take(self, side: Side) -> Taken:
        """Take the name of ``side``."""
        keys = self._keys[side]
        taken = await trio.to_thread.run_sync(take_name, self._database, side, keys)
        await self._stage.restart_relay()
        note = f"stopped; its operator puts a key under {side}'s name\n"
        note += f"{side}: {keys.identity[:_KEY_EXCERPT_BYTES].hex(' ')}…"
        self.conversation.tell(Row(relay=RelayCell(note=note)))
        return taken

    async def _write_as(self, side: Side) -> None:
        """Write to the other side in the name that was taken."""
        await self._operator.move_in(side, self._stage.address)
        await self._operator.write(side, _FALSE.format(side))

    async def _deceive_bob(self) -> int:
        """Bob is told, and goes on: what he writes from then on is lost to the operator."""
        bob, line = self._person(BOB), self.script.read_by_the_operator
        read_count = len(bob.screen.read)
        async with bob.chatting(self._stage.address):
            await self._write_as(ALICE)
            notice = await bob.wait_until_told("alice's key has changed")
            await bob.wait_until_read(read_count + 1)
            cells = (Cell(Manner.HEEDS, notice), Cell(Manner.READS, bob.screen.read[-1]))
            said_so = self._relay_cell("its operator writes to bob as alice")
            self.conversation.tell(Row.of({BOB: cells}, said_so))
            await bob.say(line.text)
            await bob.wait_until_at_relay(line.text)
            opened = await self._operator.open_mail(ALICE)
        if opened != [line.text]:
            raise DemoFailed("the operator opens bob's mail", f"{len(opened)} texts were opened")
        said = {BOB: (Cell(Manner.SAYS, line.text),)}
        sightings = self._stage.view.new_sightings()
        loss = f"its operator opens it with that key:\n{opened[0]}"
        self.conversation.tell(Row.of(said, RelayCell(sightings, loss=loss)))
        return len(opened)

    async def _meet_alice(self) -> int:
        """Alice is asked, and nothing goes out."""
        alice, line = self._person(ALICE), self.script.never_sent
        async with alice.chatting(self._stage.address):
            await self._write_as(BOB)
            question = await alice.wait_until_told("The key of bob has changed")
        before = await self._mail_for_bob()
        await alice.try_to_send(line.text)
        new = await self._mail_for_bob() - before
        opened = await self._operator.try_mail(BOB)
        if new or opened:
            came = f"{len(new)} envelopes for bob came, {len(opened)} texts were opened"
            raise DemoFailed("alice is stopped", came)
        cells = (
            Cell(Manner.HEEDS, question),
            Cell(Manner.SAYS, line.text),
            Cell(Manner.HEEDS, "stopped: exit code 4, nothing was sent"),
        )
        note = "its operator writes to alice as bob; nothing comes back, nothing is opened"
        self.conversation.tell(Row.of({ALICE: cells}, self._relay_cell(note)))
        return len(opened)

    def _conclude(self) -> None:
        cells = {
            ALICE: (Cell(Manner.DOES, "had compared: was stopped, lost nothing"),),
            BOB: (Cell(Manner.DOES, "had not: was told, went on, was read"),),
        }
        self.conversation.tell(Row.of(cells, RelayCell()))

    async def _mail_for_bob(self) -> set[bytes]:
        """Give the ids of the envelopes that wait for Bob, or whoever has his name."""
        return await trio.to_thread.run_sync(_waiting_ids, self._database, BOB)

    @property
    def _stage(self) -> Stage:
        return self.conversation.stage

    @property
    def _operator(self) -> Operator:
        folder = self._stage.home.parent
        return Operator(folder / "operator", folder / "operator-errors.txt")

    @property
    def _database(self) -> Path:
        return self._stage.relay.data / "relay.db"

    def _person(self, side: Side) -> Person:
        return self.conversation.person(side)

    def _relay_cell(self, note: str = "") -> RelayCell:
        return RelayCell(self._stage.view.new_sightings(), note)


def _waiting_ids(database: Path, name: str) -> set[bytes]:
    query = (
        "SELECT envelope_id FROM mail JOIN account ON mail.account = account.number"
        " WHERE name = ? AND envelope IS NOT NULL"
    )
    with opened_beside(database) as connection:
        return {envelope_id for (envelope_id,) in connection.execute(query, (name,))}
