"""The terminal: raw mode, reading, writing, size.

Why not readline: it owns the thread it reads in, says nothing about where its cursor stands, and so
cannot give way to a message that comes while somebody types in the middle of a long draft.
"""

import os
import shutil
import signal
import sys
import termios
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, Final

import trio

from client.cli.chat.screen import BRACKETED_PASTE_OFF, BRACKETED_PASTE_ON

_READ_BYTES: Final = 4_096
_IFLAG, _LFLAG, _CC = 0, 3, 6


def is_terminal() -> bool:
    """Tell whether one can type and paint here; a dumb terminal cannot move its cursor."""
    painted = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    return painted and sys.stdin.isatty()


class Terminal:
    """Standard input and output of a process in a terminal."""

    def __init__(self) -> None:
        self._input = sys.stdin.fileno()

    @property
    def size(self) -> tuple[int, int]:
        """Give cells and rows."""
        size = shutil.get_terminal_size()
        return size.columns, size.lines

    def write(self, characters: str) -> None:
        """Write at once."""
        sys.stdout.write(characters)
        sys.stdout.flush()

    @contextmanager
    def raw(self) -> Iterator[None]:
        """Take single keys without echo; what was before is restored at the end of the block."""
        before = termios.tcgetattr(self._input)
        try:
            self._set_raw(before)
            self.write(BRACKETED_PASTE_ON)
            yield
        finally:
            termios.tcsetattr(self._input, termios.TCSADRAIN, before)
            self.write(BRACKETED_PASTE_OFF)

    async def read(self) -> bytes:
        """Wait for keys; nothing when the terminal is gone."""
        await trio.lowlevel.wait_readable(self._input)
        try:
            return os.read(self._input, _READ_BYTES)
        except OSError:
            return b""

    async def changes(self) -> AsyncIterator[None]:
        """Tell of every change of the size, and of every return from the background."""
        with trio.open_signal_receiver(signal.SIGWINCH, signal.SIGCONT) as signals:
            async for number in signals:
                if number == signal.SIGCONT:
                    # The shell has put its own modes in place while we were stopped.
                    self._set_raw(termios.tcgetattr(self._input))
                    self.write(BRACKETED_PASTE_ON)
                yield

    def _set_raw(self, attributes: list[Any]) -> None:
        """Take away line editing, echo, and Ctrl-C as a signal; Ctrl-Z still stops."""
        raw = [*attributes]
        raw[_IFLAG] &= ~(termios.ICRNL | termios.IXON)
        raw[_LFLAG] &= ~(termios.ICANON | termios.ECHO | termios.IEXTEN)
        raw[_CC] = [*attributes[_CC]]
        raw[_CC][termios.VINTR] = b"\0"
        raw[_CC][termios.VMIN], raw[_CC][termios.VTIME] = 1, 0
        termios.tcsetattr(self._input, termios.TCSADRAIN, raw)
