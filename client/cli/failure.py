"""Every error in three parts: what happened, why, and what to do next.

The one place where errors of the protocol, the system and the command line become words. Rooms
below have already translated the libraries they use; what arrives here unknown is a bug.
"""

import errno
import os
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from client.errors import ExitCode, UserError
from client.text import join_words
from protocol.errors import (
    BadAddress,
    CallerError,
    DamagedState,
    GlasspostError,
    InvalidName,
    TooLong,
)

DEBUG_VARIABLE: Final = "GLASSPOST_DEBUG"
INTERRUPTED: Final = 130
TERMINATED: Final = 143

_ADVICE_BY_ERRNO: Final = {
    errno.ENOSPC: "Make room on the disk, then do it again: nothing is half-done.",
    errno.EDQUOT: "Make room in your quota, then do it again: nothing is half-done.",
    errno.EFBIG: "Raise the limit on the size of files, then do it again: nothing is half-done.",
    errno.EACCES: "Check who owns it, or name another place with --home.",
    errno.EPERM: "Check who owns it, or name another place with --home.",
    errno.EROFS: "Name a place that can be written to with --home.",
    errno.ENOENT: "Check the path.",
    errno.EISDIR: "Name a file, not a folder.",
    errno.ENOTDIR: "Check the path.",
    errno.EMFILE: "Raise the limit on open files (ulimit -n).",
}

_ROOT: Final = Path(__file__).resolve().parents[2]
_PACKAGES: Final = ("protocol", "client")


class Terminated(BaseException):
    """SIGTERM came. A BaseException, like KeyboardInterrupt: nobody on the way handles it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """How a command failed; the texts may hold foreign characters.

    Attributes:
        exit_code: what the process ends with.
        kind: the error's class, for programs.
        what: what happened, one sentence.
        why: the likely cause, or empty.
        hint: what to do next.
    """

    exit_code: int
    kind: str
    what: str
    why: str
    hint: str


def failure_of(error: BaseException) -> Failure:
    """Put an error into words; of a group, the most telling of its members."""
    error = _most_telling(error)
    if isinstance(error, UserError):
        return _failure(error, error.what, error.why, error.hint, error.exit_code)
    if isinstance(error, click.ClickException):
        return _of_click(error)
    if isinstance(error, GlasspostError):
        return _of_protocol(error)
    if isinstance(error, OSError):
        return _of_system(error)
    return _of_bug(error)


def leaves(error: BaseException) -> Iterator[BaseException]:
    """Give the errors in a group, of groups in it too; a lone error gives itself."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error


def _most_telling(error: BaseException) -> BaseException:
    """Choose a bug before an error in words: it must not hide behind a lost connection."""
    known = (UserError, click.ClickException, GlasspostError, OSError)
    return min(leaves(error), key=lambda each: isinstance(each, known))


def _failure(
    error: BaseException, what: str, why: str, hint: str, exit_code: int = ExitCode.LOCAL
) -> Failure:
    return Failure(int(exit_code), type(error).__name__, what, why, hint)


def _of_click(error: click.ClickException) -> Failure:
    what, hints = _click_words(error), []
    if isinstance(error, click.NoSuchCommand | click.NoSuchOption):
        what = error.message
        if error.possibilities:
            hints.append(f"Did you mean {join_words(error.possibilities, 'or')}?")
    if isinstance(error, click.NoSuchOption):
        hints.append("A text that begins with a dash goes behind --.")
    elif what.startswith("Got unexpected extra argument"):
        hints.append("A text of several words goes into quotes.")
    context = error.ctx if isinstance(error, click.UsageError) else None
    command = context.command_path if context is not None else "glasspost"
    hints.append(f"See {command} --help.")
    return _failure(error, _sentence(what), "", " ".join(hints))


def _click_words(error: click.ClickException) -> str:
    """Give click's sentence on one line, without its names for types."""
    words = " ".join(error.format_message().split())
    return words.replace("a valid integer range", "a whole number").replace(" ,", ",")


def _of_protocol(error: GlasspostError) -> Failure:
    if isinstance(error, InvalidName):
        return _failure(error, "That is not a name.", _sentence(error), "Choose another name.")
    if isinstance(error, BadAddress):
        why = _sentence(error.reason)
        hint = "Write it as host:port or glasspost://host:port#fingerprint."
        return _failure(error, "That is not a relay address.", why, hint)
    if isinstance(error, TooLong):
        hint = "Send it in several messages."
        return _failure(error, "That is too long for one message.", _sentence(error), hint)
    if isinstance(error, DamagedState):
        what = "Something stored on this machine is damaged."
        hint = "Put back a copy of the profile's folder, or register under another name."
        return _failure(error, what, _sentence(error), hint)
    if isinstance(error, CallerError):
        return _failure(error, _sentence(error), "", "See glasspost --help.")
    hint = "Nothing was changed here. Try again; if it stays, the other side is at fault."
    return _failure(error, "What came over the network was refused.", _sentence(error), hint)


def _of_system(error: OSError) -> Failure:
    where = f": {os.fsdecode(error.filename)}" if isinstance(error.filename, str | bytes) else ""
    reason = error.strerror or type(error).__name__
    hint = _ADVICE_BY_ERRNO.get(error.errno or 0, "Mend the cause, then do it again.")
    return _failure(error, f"The system refused{where}.", _sentence(reason), hint)


def _of_bug(error: BaseException) -> Failure:
    """Name the place, not the message: that may hold what was written."""
    why = f"{type(error).__name__} {_place(error)}."
    hint = f"Set {DEBUG_VARIABLE}=1 and do it again: the details that appear help to mend it."
    return _failure(error, "This is a bug in glasspost.", why, hint)


def _place(error: BaseException) -> str:
    """Say where an error arose: the deepest line of this project."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f"{place}, line {frame.lineno}" for frame in frames if (place := _ours(frame.filename))]
    return f"in {ours[-1]}" if ours else "outside of it"


def _ours(filename: str) -> Path | None:
    """Give the path of one of our modules within the project, else None."""
    path = Path(filename)
    if not path.is_relative_to(_ROOT) or path.relative_to(_ROOT).parts[0] not in _PACKAGES:
        return None
    return path.relative_to(_ROOT)


def _sentence(words: object) -> str:
    text = str(words).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}." if text else ""
