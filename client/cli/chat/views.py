"""Two ways to show a chat: on a terminal around a draft, or as a plain stream of lines."""

import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, Protocol

import trio
from rich.console import Console
from rich.text import Text

from client.cli.chat.draft import Draft
from client.cli.chat.editor import Editor
from client.cli.chat.keys import Key, KeyDecoder
from client.cli.chat.screen import Screen
from client.cli.chat.terminal import Terminal
from client.cli.console import PlainConsole
from client.errors import LocalError

_MAX_LINE_BYTES: Final = 1 << 20


class View(Protocol):
    """Where a chat is shown, and where its lines come from."""

    console: Console
    rewrites: bool
    """Whether what was said may be said again in its place."""

    def say(self, text: Text, key: str | None = None) -> None:
        """Show lines; ``key`` names them for :meth:`say_again`."""

    def say_again(self, text: Text, key: str) -> bool:
        """Replace the lines named ``key`` if that is still possible; tells whether it was."""

    def prompt(self, words: str) -> None:
        """Set what stands before the draft."""

    def put_back(self, text: str) -> None:
        """Let the user go on with what was entered before, where there is a draft."""

    def lines(self) -> AsyncGenerator[str, None]:
        """Give what the user enters, until the user leaves."""


class TerminalView:
    """A draft on the last rows, lines above it."""

    rewrites = True

    def __init__(self, terminal: Terminal, complete: Callable[[str], list[str]]) -> None:
        self._terminal = terminal
        self._screen = Screen(*terminal.size)
        self._editor = Editor(complete)
        self._prompt = "> "
        self.console: Console = PlainConsole()

    @classmethod
    @asynccontextmanager
    async def opened(cls, complete: Callable[[str], list[str]]) -> "AsyncIterator[TerminalView]":
        """Use the terminal inside the block."""
        terminal = Terminal()
        view = cls(terminal, complete)
        with terminal.raw():
            async with trio.open_nursery() as nursery:
                nursery.start_soon(view._follow_size)
                try:
                    yield view
                finally:
                    terminal.write(view._screen.leave())
                nursery.cancel_scope.cancel()

    def say(self, text: Text, key: str | None = None) -> None:
        """Show lines above the draft."""
        self._terminal.write(self._screen.say(self._rendered(text), key))

    def say_again(self, text: Text, key: str) -> bool:
        """Rewrite lines in place."""
        if not self._screen.can_say_again(key):
            return False
        self._terminal.write(self._screen.say_again(self._rendered(text), key))
        return True

    def prompt(self, words: str) -> None:
        """Set what stands before the draft."""
        self._prompt = words
        self._repaint()

    def put_back(self, text: str) -> None:
        """Put ``text`` before what is typed already."""
        draft = self._editor.draft
        self._editor.draft = Draft(text + draft.text, len(text) + draft.cursor)
        self._repaint()

    async def lines(self) -> AsyncGenerator[str, None]:
        """Give each draft that Enter ends, until Ctrl-D or the end of the terminal."""
        decoder = KeyDecoder()
        self._repaint()
        while data := await self._terminal.read():
            for key in decoder.feed(data):
                try:
                    line = self._editor.press(key)
                except EOFError:
                    return
                if key is Key.REDRAW:
                    self._terminal.write(
                        "\x1b[2J\x1b[H" + self._screen.resize(*self._terminal.size)
                    )
                if line is not None:
                    self._repaint()
                    yield line
            self._repaint()

    async def _follow_size(self) -> None:
        async for _ in self._terminal.changes():
            self._terminal.write(self._screen.resize(*self._terminal.size))

    def _rendered(self, text: Text) -> str:
        with self.console.capture() as capture:
            self.console.print(text)
        return capture.get()

    def _repaint(self) -> None:
        self._terminal.write(self._screen.type(self._prompt, self._editor.draft))


class StreamView:
    """Lines in from a file or pipe, lines out, nothing rewritten: for scripts."""

    rewrites = False

    def __init__(self) -> None:
        self.console: Console = PlainConsole()

    def say(self, text: Text, key: str | None = None) -> None:
        """Print lines and flush them: a script waits for them."""
        del key
        self.console.print(text, soft_wrap=True)
        sys.stdout.flush()

    def say_again(self, text: Text, key: str) -> bool:
        """Never: what was printed stays."""
        del text, key
        return False

    def prompt(self, words: str) -> None:
        """Show no prompt: nobody types here."""
        del words

    def put_back(self, text: str) -> None:
        """Nowhere: nobody can go on with it."""
        del text

    async def lines(self) -> AsyncGenerator[str, None]:
        """Give the lines of standard input, until its end.

        Raises:
            LocalError: a line is not UTF-8, or is far too long.
        """
        while data := await trio.to_thread.run_sync(_read_line, abandon_on_cancel=True):
            yield _decoded(data)


def _read_line() -> bytes:
    return sys.stdin.buffer.readline(_MAX_LINE_BYTES)


def _decoded(data: bytes) -> str:
    try:
        return data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise LocalError(
            "A line of standard input is not UTF-8 text.", hint="Convert it first, with iconv."
        ) from error
