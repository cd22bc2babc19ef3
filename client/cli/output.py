"""What a command prints: lines for people, or one JSON object a line for programs.

Foreign text passes through :func:`client.text.clean` on its way into a ``Text``, and strings
are never read as markup. The printing library is loaded when the first line needs it.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

from client.cli.hints import typeable
from client.text import clean_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from client.cli.failure import Failure

Json = str | int | bool | None | list["Json"] | dict[str, "Json"]


class Output:
    """Standard output and standard error of one command.

    Args:
        json: print records instead of lines.
    """

    def __init__(self, *, json: bool) -> None:
        self.json = json

    def line(self, text: Text | str = "") -> None:
        """Print one line for people; nothing in JSON mode.

        A plain string is our own words, and is printed without loading the printing library.
        """
        if self.json:
            return
        if isinstance(text, str):
            self._words(typeable(text))
        else:
            _print(self.console, text)

    def _words(self, words: str) -> None:
        """Print our own words; a terminal would break those that are too long within a word."""
        if sys.stdout.isatty() and len(words) >= shutil.get_terminal_size().columns:
            _print(self.console, words)
        else:
            print(words)

    def record(self, fields: Mapping[str, Json]) -> None:
        """Print one object for programs; nothing otherwise."""
        if self.json:
            print(as_json(fields))

    def note(self, text: Text | str, fields: Mapping[str, Json] | None = None) -> None:
        """Say something beside the result, on standard error.

        In JSON mode it is an object of ``fields`` there, if a program has to know.
        """
        if not self.json:
            words = typeable(text) if isinstance(text, str) else text
            _print(self.error_console, words, style="dim")
        elif fields is not None:
            print(as_json(fields), file=sys.stderr, flush=True)

    def fail(self, failure: Failure) -> None:
        """Print an error in its three parts on standard error."""
        failure = replace(failure, hint=typeable(failure.hint))
        if self.json:
            print(as_json(_failure_fields(failure)), file=sys.stderr)
        else:
            _print(self.error_console, failure_text(failure, _width_of(self.error_console)))

    def flush(self) -> None:
        """Hand everything to the system.

        Raises:
            OSError: it could not be written (a full disk, a reader that went away).
        """
        sys.stdout.flush()

    @cached_property
    def console(self) -> Console:
        """Standard output."""
        return _console(sys.stdout)

    @cached_property
    def error_console(self) -> Console:
        """Standard error."""
        return _console(sys.stderr)


def as_json(fields: Mapping[str, Json]) -> str:
    """Give one line of ASCII, so that no terminal finds a command in it."""
    return json.dumps(fields).replace("\x7f", "\\u007f")


def make_streams_forgiving() -> None:
    """Let characters that the terminal's encoding lacks come out as escapes, not as an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _console(stream: TextIO) -> Console:
    from client.cli.console import PlainConsole

    return PlainConsole(file=stream)


def _print(console: Console, text: Text | str, style: str | None = None) -> None:
    """Wrap at words on a terminal; elsewhere a line stays a line."""
    console.print(text, style=style, soft_wrap=not console.is_terminal)


def _failure_fields(failure: Failure) -> dict[str, Json]:
    return {
        "error": failure.kind,
        "what": failure.what,
        "why": failure.why,
        "next": failure.hint,
        "exit_code": failure.exit_code,
    }


def _width_of(console: Console) -> int | None:
    return console.width if console.is_terminal else None


def failure_text(failure: Failure, width: int | None) -> Text:
    """Give an error as a person reads it, for a terminal of this width or as whole lines."""
    from rich.text import Text

    from client.cli.tables import beside

    text = beside(Text("glasspost: ", style="bold red"), _plain(failure.what), width)
    for label, part in (("why", failure.why), ("next", failure.hint)):
        if part:
            text.append("\n")
            text.append_text(beside(Text(f"  {label:<5}", style="dim"), _plain(part), width))
    return text


def _plain(words: str) -> Text:
    from rich.text import Text

    return Text(clean_line(words))
