"""The story, act by act. What happens here happens for real; the tellers only show it."""

from collections.abc import Mapping
from dataclasses import dataclass

import trio

from client.profile.paths import profile_folder
from protocol.ids import Name
from scripts.blindness.media import Medium
from scripts.story.conversation import Conversation
from scripts.story.events import Act, Cell, Judged, Looked, Manner, RelayCell, Row
from scripts.story.failure import DemoFailed
from scripts.story.inspection import Inspector
from scripts.story.script import Line, Script, Side
from scripts.story.sizes import readable_size
from scripts.story.swap import Swap
from scripts.story.verdict import Reading, Verdict

ALICE, BOB = Side.ALICE, Side.BOB

_TALK_WORDS = (
    "Each message is locked for its reader alone, and receipts look the same. Whom the first "
    "ones are from the relay is told; then each has the other's permission to write "
    "without a name."
)
_SEARCH_WORDS = "For every text, every odd word and every secret key of the two, in every form."
_KEY_EXCERPT_BYTES = 4
_FILE_EXCERPT_BYTES = 8


@dataclass(slots=True)
class Story:
    """All acts, on one stage."""

    script: Script
    conversation: Conversation
    inspector: Inspector

    async def play(self) -> Verdict:
        """Play all acts and come to the verdict.

        Raises:
            DemoFailed: a step did not happen; there is no verdict.
        """
        alice, bob = self.conversation.person(ALICE), self.conversation.person(BOB)
        relay = self.conversation.stage.address
        self._begin(1, "Alice and Bob talk", _TALK_WORDS)
        async with alice.chatting(relay):
            async with bob.chatting(relay):
                await self._meet()
                await self._talk()
            await self._leave_mail_for_bob()
            async with bob.chatting(relay):
                await self._bob_is_back()
            await self._kill_the_relay()
            async with bob.chatting(relay):
                await self._start_the_relay_again()
                await self._search_the_history()
        readings = await self._read()
        lost = await Swap(self.script, self.conversation).play(5)
        return await self._judge(readings, lost)

    async def _meet(self) -> None:
        """Wait until both have registered, and show what the relay has got of that."""
        for side in Side:
            await self.conversation.person(side).wait_until_connected()
        keys = self.conversation.stage.view.identities()
        excerpts = (f"{side}: {keys[side][:_KEY_EXCERPT_BYTES].hex(' ')}…" for side in Side)
        made = (Cell(Manner.DOES, "makes keys"),)
        note = "gets the public halves\n" + "\n".join(excerpts)
        self.conversation.tell(Row(made, RelayCell(note=note), made))

    async def _talk(self) -> None:
        for line in self.script.talk:
            await self.conversation.say(line)

    async def _leave_mail_for_bob(self) -> None:
        self._begin(2, "Bob is away, his mail waits", "The relay keeps what it cannot read.")
        self.conversation.tell_aside(BOB, "is offline")
        for line in self.script.while_bob_is_away:
            await self.conversation.leave(line)
        await self._plant()
        await self._look("while mail waits", Medium.MEMORY, Medium.DATABASE, Medium.WAL)

    async def _bob_is_back(self) -> None:
        self.conversation.tell_aside(BOB, "is back")
        await self.conversation.catch_up(BOB)
        await self.conversation.say(self.script.bob_is_back)

    async def _kill_the_relay(self) -> None:
        self._begin(3, "The relay is killed", "What it has acknowledged is on its disk.")
        self.conversation.tell_aside(BOB, "is offline")
        await self.conversation.leave(self.script.before_the_kill)
        await self.conversation.stage.kill_relay()
        self.conversation.tell(Row(relay=RelayCell(note="killed (signal 9)")))
        look = await self.inspector.look_at_disk("as a thief finds its disk")
        self.conversation.tell(Looked(look))
        await self.conversation.queue(self.script.while_the_relay_is_dead)

    async def _start_the_relay_again(self) -> None:
        await self.conversation.stage.restart_relay()
        self.conversation.tell_aside(BOB, "is back", "started again")
        await self.conversation.catch_up(BOB)
        await self.conversation.say(self.script.after_the_kill)

    async def _search_the_history(self) -> None:
        self._begin(4, "They search what they wrote", "The history is encrypted, on their disks.")
        found: dict[Side, tuple[Cell, ...]] = {}

        async def search(side: Side, line: Line) -> None:
            found[side] = await self._found(side, line)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(search, ALICE, self.script.talk[2])
            nursery.start_soon(search, BOB, self.script.while_bob_is_away[1])
        self.conversation.tell(Row.of(found, RelayCell(note="takes no part")))

    async def _found(self, side: Side, line: Line) -> tuple[Cell, ...]:
        texts = await self.conversation.person(side).search(line.word)
        if texts != [line.text]:
            raise DemoFailed(f"{side} searches", f"found {len(texts)} messages, and not the one")
        return (
            Cell(Manner.DOES, f"searches for {line.word}"),
            Cell(Manner.READS, line.text),
            Cell(Manner.DOES, self._history_file(side)),
        )

    async def _read(self) -> tuple[Reading, ...]:
        """Compare what both were told with what they were shown; before anybody interferes."""
        readings: dict[Side, Reading] = {}

        async def read(side: Side) -> None:
            readings[side] = await self._reading(side)

        async with trio.open_nursery() as nursery:
            for side in Side:
                nursery.start_soon(read, side)
        return tuple(readings[side] for side in Side)

    async def _judge(self, readings: tuple[Reading, ...], lost: Mapping[Side, int]) -> Verdict:
        self.conversation.tell(Act(6, "The relay is searched", _SEARCH_WORDS, has_columns=False))
        await self._look("at the end", *Medium)
        examination, not_searched = self.inspector.examination, self.inspector.not_searched
        left_out = {medium for medium, _ in not_searched}
        verdict = Verdict(
            reports=tuple(examination.report(each) for each in Medium if each not in left_out),
            not_searched=not_searched,
            canaries_count=len(examination.canaries),
            needles_count=examination.needles_count,
            readings=readings,
            planted=self.inspector.plants,
            lost=lost,
        )
        self.conversation.tell(Judged(verdict))
        return verdict

    async def _reading(self, side: Side) -> Reading:
        """Compare what was said to ``side`` with its screen and its history."""
        person = self.conversation.person(side)
        expected = tuple(self.script.said_by(side.other))
        return Reading(side, expected, tuple(person.screen.read), tuple(await person.history()))

    async def _look(self, when: str, *media: Medium) -> None:
        self.conversation.tell(Looked(await self.inspector.look(when, *media)))

    async def _plant(self) -> None:
        await self.inspector.plant()
        for plant in self.inspector.plants:
            note = f"a canary is planted in its {plant.medium}, on purpose"
            self.conversation.tell(Row(relay=RelayCell(note=note)))

    def _history_file(self, side: Side) -> str:
        """Show what a thief of the history without its key has."""
        path = profile_folder(self.conversation.stage.home, Name(side)).database
        head = path.read_bytes()[:_FILE_EXCERPT_BYTES]
        return f"on disk: {readable_size(path.stat().st_size)}, {head.hex(' ')}…"

    def _begin(self, number: int, title: str, plain_words: str) -> None:
        self.conversation.tell(Act(number, title, plain_words))
