"""Alice or Bob: a profile of their own, and ``glasspost`` commands run on it.

Everything here goes through the commands a user has, each in a process of its own.
"""

import json
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import trio

from scripts.story import children
from scripts.story.children import Finished
from scripts.story.failure import DemoFailed, step
from scripts.story.script import Side

_READ_TIMEOUT_S: Final = 15.0
_DONE: Final = 0
_RELAY_UNREACHABLE: Final = 2


@dataclass(slots=True)
class Person:
    """One side.

    Attributes:
        side: who.
        home: folder of the profile.
        log: takes what this person's commands write on standard error.
        texts: all that was shown to this person, in order.
    """

    side: Side
    home: Path
    log: Path
    texts: list[str] = field(default_factory=list)
    _heard: trio.Event = field(default_factory=trio.Event)

    async def register(self, relay: str) -> None:
        """Make a profile without a passphrase, and an account at ``relay``."""
        verb = ["--relay", relay, "register", self.side, "--no-passphrase"]
        await self._glasspost("registers", verb)

    async def send(self, text: str) -> bool:
        """Send a text to the other side; it goes in by standard input, as no argument list.

        Returns:
            Whether the relay has it; otherwise it is queued.
        """
        accept = frozenset({_DONE, _RELAY_UNREACHABLE})
        finished = await self._glasspost("sends", ["send", self.side.other, "-"], text, accept)
        return finished.exit_code == _DONE

    async def search(self, words: str) -> list[str]:
        """Search the local history; gives the texts found."""
        finished = await self._glasspost("searches", ["search", words])
        return [record["text"] for record in _records(finished.output)]

    async def history(self) -> list[str]:
        """Give the texts that came from the other side, from the local history."""
        finished = await self._glasspost("reads the history", ["history", self.side.other])
        entries = [entry for entry in _records(finished.output) if entry["kind"] == "text"]
        return [entry["text"] for entry in entries if not entry["outgoing"]]

    @asynccontextmanager
    async def online(self) -> AsyncIterator[None]:
        """Be online for a while: a ``listen`` prints what comes, and queued mail goes out."""
        process = await children.start(self._command(["listen"]), self.log, subprocess.PIPE)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._hear, process)
                yield
                await children.end(process)
                nursery.cancel_scope.cancel()
        finally:
            await children.end(process)

    async def wait_until_read(self, count: int) -> None:
        """Wait until ``count`` texts have been shown in all.

        Raises:
            DemoFailed: they were not, in time.
        """
        what = f"{self.side} reads message {count}"
        with step(what, _READ_TIMEOUT_S, self.log):
            while len(self.texts) < count:
                await self._heard.wait()

    async def _hear(self, process: trio.Process) -> None:
        if process.stdout is None:
            raise DemoFailed(f"{self.side} listens", "its output is not a pipe")
        async for line in children.lines(process.stdout):
            self.texts.extend(record["text"] for record in _records(line))
            self._heard.set()
            self._heard = trio.Event()

    async def _glasspost(
        self,
        does: str,
        verb: Sequence[str],
        standard_input: str = "",
        accept: frozenset[int] = frozenset({_DONE}),
    ) -> Finished:
        command = self._command(verb)
        what = f"{self.side} {does}"
        return await children.run(what, command, self.log, standard_input, accept)

    def _command(self, verb: Sequence[str]) -> list[str]:
        options = ["--home", str(self.home), "--as", self.side, "--json"]
        return [*children.PYTHON, "client", *options, *verb]


def _records(output: str) -> list[dict[str, Any]]:
    """Read one JSON object a line.

    Raises:
        DemoFailed: it is something else.
    """
    try:
        return [json.loads(line) for line in output.splitlines()]
    except ValueError as error:
        raise DemoFailed("reading what glasspost printed", "it is not JSON", output) from error
