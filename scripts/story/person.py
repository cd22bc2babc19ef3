"""Alice or Bob: a profile of their own, and the commands a user has, as processes."""

import json
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import trio

from client.errors import ExitCode
from scripts.story import children
from scripts.story.chat_lines import Mark
from scripts.story.failure import DemoFailed, step, tail
from scripts.story.screen import Screen
from scripts.story.script import Side

_TIMEOUT_S: Final = 15.0


@dataclass(slots=True)
class Person:
    """One side.

    Attributes:
        side: who.
        home: folder of the profile, made by the first chat.
        log: takes what this person's commands write on standard error.
        screen: what this person has seen.
    """

    side: Side
    home: Path
    log: Path
    screen: Screen = field(default_factory=Screen)
    _chat: trio.Process | None = None
    _seen: trio.Event = field(default_factory=trio.Event)

    @asynccontextmanager
    async def chatting(self, relay: str) -> AsyncIterator[None]:
        """Have a chat with the other side open; the first one registers at ``relay``.

        Raises:
            DemoFailed: it ends by itself.
        """
        self.screen.begin_chat()
        command = self._command("--relay", relay, "chat", "--no-passphrase", self.side.other)
        self._chat = process = await children.start(command, self.log, subprocess.PIPE)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._look_at_screen, process)
                yield
                nursery.cancel_scope.cancel()
            await children.end(process, gently=True)
        finally:
            self._chat = None
            await children.end(process)

    async def say(self, text: str) -> None:
        """Type a line; returns when it stands on the own screen, with a mark.

        Raises:
            DemoFailed: it does not appear in time.
        """
        if self._chat is None or self._chat.stdin is None:
            raise DemoFailed(f"{self.side} writes", "there is no chat open")
        await self._chat.stdin.send_all(text.encode() + b"\n")
        await self._wait("writes", lambda: text in self.screen.marks)

    async def wait_until_connected(self) -> None:
        """Wait until the chat says it has reached the relay."""
        await self._wait("connects", lambda: self.screen.is_connected)

    async def wait_until_at_relay(self, text: str) -> None:
        """Wait until the own screen shows that the relay has acknowledged ``text``."""
        arrived = (Mark.AT_RELAY, Mark.DELIVERED)
        await self._wait("sends", lambda: self.screen.marks[text] in arrived)

    async def wait_until_read(self, count: int) -> None:
        """Wait until ``count`` texts in all have appeared on the screen."""
        await self._wait("reads", lambda: len(self.screen.read) >= count)

    async def wait_until_told(self, words: str) -> str:
        """Wait until the chat itself says something that holds ``words``; give it from there."""
        await self._wait(f"is told: {words}", lambda: self.screen.remark(words) is not None)
        return self.screen.remark(words) or ""

    async def safety_number(self) -> str:
        """Look at the safety number with the other side, to read it to them."""
        records = await self._records("looks at the number", "verify", self.side.other)
        return str(records[0]["number"])

    async def compare(self, number: str) -> None:
        """Compare the number that the other side has read."""
        await self._records("compares numbers", "verify", self.side.other, number)

    async def try_to_send(self, text: str) -> None:
        """Send a message that has to be stopped, because a key has changed.

        Raises:
            DemoFailed: it is not stopped.
        """
        command = self._command("send", self.side.other, text)
        await children.run(f"{self.side} is stopped", command, self.log, exit_code=ExitCode.TRUST)

    async def search(self, words: str) -> list[str]:
        """Search the local history; gives the texts found."""
        return [entry["text"] for entry in await self._records("searches", "search", words)]

    async def history(self) -> list[str]:
        """Give the texts that came from the other side, from the local history."""
        entries = await self._records("reads the history", "history", self.side.other)
        texts = [entry for entry in entries if entry["kind"] == "text"]
        return [entry["text"] for entry in texts if not entry["outgoing"]]

    async def _look_at_screen(self, chat: trio.Process) -> None:
        if chat.stdout is None:
            raise DemoFailed(f"{self.side} chats", "its output is not a pipe")
        async for line in children.lines(chat.stdout):
            self.screen.take(line)
            self._seen.set()
            self._seen = trio.Event()
        raise DemoFailed(f"{self.side} chats", "the chat ended by itself", tail(self.log))

    async def _wait(self, does: str, happened: Callable[[], bool]) -> None:
        with step(f"{self.side} {does}", _TIMEOUT_S, self.log):
            while not happened():
                await self._seen.wait()

    async def _records(self, does: str, *verb: str) -> list[dict[str, Any]]:
        """Run a command, and read the JSON objects it prints.

        Raises:
            DemoFailed: it fails, or prints something else.
        """
        what = f"{self.side} {does}"
        output = await children.run(what, self._command("--json", *verb), self.log)
        try:
            return [json.loads(line) for line in output.splitlines()]
        except ValueError as error:
            raise DemoFailed(what, "what it printed is not JSON", output) from error

    def _command(self, *arguments: str) -> list[str]:
        options = ("--home", str(self.home), "--as", self.side)
        return [*children.PYTHON, "client", *options, *arguments]
