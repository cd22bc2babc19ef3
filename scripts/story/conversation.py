"""What the two say and read on a stage, told as rows."""

from dataclasses import dataclass, field

from scripts.story.chat_lines import Mark
from scripts.story.events import Cell, Event, Manner, RelayCell, Row, Teller
from scripts.story.failure import DemoFailed
from scripts.story.person import Person
from scripts.story.script import Line, Side
from scripts.story.stage import Stage


@dataclass(slots=True)
class Conversation:
    """Keeps count of what was said and not yet read.

    Attributes:
        stage: where it takes place.
        tellers: those who show it.
    """

    stage: Stage
    tellers: tuple[Teller, ...]
    _unread: dict[Side, list[Line]] = field(default_factory=lambda: {side: [] for side in Side})
    _read_count: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(Side, 0))

    def person(self, side: Side) -> Person:
        """Give one of the two."""
        return self.stage.people[side]

    def tell(self, event: Event) -> None:
        """Show an event to everybody."""
        for teller in self.tellers:
            teller.tell(event)

    def tell_aside(self, side: Side, what: str, relay_note: str = "") -> None:
        """Tell what one side does, and what happens to the relay."""
        cells = {side: (Cell(Manner.DOES, what),)}
        self.tell(Row.of(cells, RelayCell(note=relay_note)))

    async def say(self, line: Line) -> None:
        """Let a line be said and read at once."""
        await self._send(line)
        await self._wait_for(line.speaker.other)
        self._unread[line.speaker.other].clear()
        cells = {line.speaker: _says(line), line.speaker.other: _reads(line)}
        self.tell(Row.of(cells, self._relay_cell()))

    async def leave(self, line: Line) -> None:
        """Let a line be said to somebody who is away; the relay keeps it."""
        await self._send(line)
        self.tell(Row.of({line.speaker: _says(line)}, self._relay_cell()))

    async def queue(self, line: Line) -> None:
        """Let a line be said while there is no relay; it waits at the speaker's."""
        speaker = self.person(line.speaker)
        await self._write(line)
        if speaker.screen.marks[line.text] is not Mark.QUEUED:
            raise DemoFailed(f"{line.speaker} writes", "without a relay it is not queued")
        cells = (*_says(line), Cell(Manner.DOES, "queued, encrypted"))
        self.tell(Row.of({line.speaker: cells}, RelayCell(note="is dead")))

    async def catch_up(self, reader: Side) -> None:
        """Let ``reader``, who is back, read everything that waited."""
        await self._wait_for(reader)
        cells = tuple(cell for line in self._unread[reader] for cell in _reads(line))
        self._unread[reader].clear()
        kept = f"{self.stage.view.waiting_count(reader)} envelopes waited here"
        self.tell(Row.of({reader: cells}, self._relay_cell(kept)))

    async def _send(self, line: Line) -> None:
        """Write, and wait for the relay's acknowledgement."""
        await self._write(line)
        await self.person(line.speaker).wait_until_at_relay(line.text)

    async def _write(self, line: Line) -> None:
        await self.person(line.speaker).say(line.text)
        self._unread[line.speaker.other].append(line)

    async def _wait_for(self, reader: Side) -> None:
        self._read_count[reader] += len(self._unread[reader])
        await self.person(reader).wait_until_read(self._read_count[reader])

    def _relay_cell(self, note: str = "") -> RelayCell:
        return RelayCell(self.stage.view.new_sightings(), note)


def _says(line: Line) -> tuple[Cell, ...]:
    return (Cell(Manner.SAYS, line.text),)


def _reads(line: Line) -> tuple[Cell, ...]:
    return (Cell(Manner.READS, line.text),)
