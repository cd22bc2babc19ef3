"""When the relay is searched in the story, for what, and what must be found each time."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import trio

from scripts.blindness import plants, process_memory
from scripts.blindness.canaries import Canary
from scripts.blindness.client_keys import secret_keys
from scripts.blindness.examination import Controls, Examination, Look
from scripts.blindness.media import Medium
from scripts.blindness.plants import Plant
from scripts.blindness.process_memory import MemoryUnreadable
from scripts.blindness.relay_database import checkpoint
from scripts.story.failure import DemoFailed, step
from scripts.story.script import Script, Side
from scripts.story.stage import Stage

_PLANT_TIMEOUT_S: Final = 10.0
_NO_MEMORY: Final = "this system has no /proc/PID/mem"


@dataclass(slots=True)
class Inspector:
    """Searches the relay of a stage for what is said on it.

    Attributes:
        stage: the relay and the people.
        examination: the findings.
        plants: what to plant, and where.
    """

    stage: Stage
    examination: Examination
    plants: tuple[Plant, ...]

    @classmethod
    def of(cls, stage: Stage, script: Script, planted: Sequence[Plant]) -> "Inspector":
        """Prepare to search for every text of ``script`` and every word in it."""
        canaries = [canary for line in script.secrets for canary in line.canaries()]
        return cls(stage, Examination(stage.places, canaries), tuple(planted))

    @property
    def not_searched(self) -> tuple[tuple[Medium, str], ...]:
        """The media this system does not let one search, and why."""
        return () if process_memory.is_supported() else ((Medium.MEMORY, _NO_MEMORY),)

    async def look(self, when: str, *media: Medium) -> Look:
        """Search ``media`` of the running relay for all canaries there are by now.

        Raises:
            DemoFailed: the relay does not run, or its memory cannot be read.
        """
        await self._gather_keys()
        with _database_at_hand():
            await trio.to_thread.run_sync(checkpoint, self.stage.places.data)
        left_out = {medium for medium, _ in self.not_searched}
        known = self._known()
        controls = {medium: known[medium] for medium in media if medium not in left_out}
        pid = self.stage.relay.pid if process_memory.is_supported() else None
        return await self._search(when, controls, pid)

    async def look_at_disk(self, when: str) -> Look:
        """Search the files of the relay, which is dead."""
        known = self._known()
        media = (Medium.DATABASE, Medium.WAL, Medium.LOG)
        return await self._search(when, {medium: known[medium] for medium in media}, None)

    async def plant(self) -> None:
        """Put the canaries where they were asked for; memory got its own when the relay started.

        Raises:
            DemoFailed: that is not possible.
        """
        relay = self.stage.relay
        with step("planting a canary", _PLANT_TIMEOUT_S, relay.printed), _database_at_hand():
            for each in self.plants:
                if each.medium is Medium.TRAFFIC:
                    await plants.into_traffic(self.stage.port, relay.key_file, each.canary)
                elif each.medium is not Medium.MEMORY:
                    plants.into_files(each.medium, self.stage.places, each.canary)

    async def _search(self, when: str, controls: Controls, pid: int | None) -> Look:
        def search() -> Look:
            return self.examination.look(when, controls, pid)

        try:
            return await trio.to_thread.run_sync(search)
        except MemoryUnreadable as error:
            raise DemoFailed(f"searching the relay {when}", str(error)) from error

    async def _gather_keys(self) -> None:
        """Add the secret keys the two hold now; those of former looks stay."""
        known = set(self.examination.canaries)
        for side in Side:
            keys = await secret_keys(self.stage.home, side)
            self.examination.canaries += [key for key in keys if key not in known]

    def _known(self) -> Controls:
        """Give what the relay knows, and in which media it must be found.

        The newest envelope is in the write-ahead log for sure, in the database only after a
        checkpoint; for the accounts it is the other way round.
        """
        view = self.stage.view
        names = tuple(Canary(f"the name {side}", side.encode()) for side in Side)
        key = Canary("bob's public key", view.identities()[Side.BOB])
        envelope = Canary("the newest envelope's id", view.submitted_ids()[-1])
        fingerprint = Canary("the relay's fingerprint", self.stage.fingerprint.encode())
        return {
            Medium.DATABASE: (*names, key),
            Medium.WAL: (envelope,),
            Medium.LOG: (fingerprint,),
            Medium.MEMORY: (*names, key, envelope),
            Medium.TRAFFIC: (*names, key, envelope),
        }


@contextmanager
def _database_at_hand() -> Iterator[None]:
    """Open the relay's database inside.

    Raises:
        DemoFailed: SQLite says no.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise DemoFailed("opening the relay's database beside it", str(error)) from error


def plants_of(script: Script, media: Sequence[Medium]) -> tuple[Plant, ...]:
    """Give what is planted on request: for each medium a word of the story of its own.

    The one for the database first: bringing it there moves what is in the write-ahead log.
    """
    words = [word for _, word in (line.canaries() for line in script.lines)]
    return tuple(Plant(*pair) for pair in zip(Medium, words, strict=False) if pair[0] in media)
