"""Commands named in our own words, as they can be typed where the words are read.

Sentences say ``glasspost verify bob``. Where the program is not on the PATH, that has to be its
path; inside the chat it is ``/verify``. Whoever has named a profile or a home has to name it in the
next command, too: so ``--as`` and ``--home`` go along as they were typed. Only for words of our
own: never for what people write.
"""

import os
import re
import shlex
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Final

from client.cli.verb_table import VERBS
from protocol.ids import Name

_PROGRAM: Final = "glasspost"
# What is to be typed on another machine bears no options of this one.
_COMMAND: Final = re.compile(
    rf"(?<![\w./-])(?<!that device: )glasspost (?=--\w|(?:{'|'.join(VERBS)})\b)"
)
_REST: Final = re.compile(
    r"(?P<options>(?:--(?:json|(?:home|as|relay) \S+) )*)(?P<verb>[a-z]*)(?P<help> ?--help)?"
)
_TAKES_NO_NAME: Final = frozenset({"register", "takeover"})
_TAKES_NEITHER: Final = frozenset({"relay", "completion"})
_typed: Final[dict[str, str]] = {}
_NAME: Final = r"(?: (?P<peer>[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?))?"
_ABOUT_THE_PEER: Final = "verify|trust"
_ABOUT_A_NAME: Final = "block|unblock"
_ABOUT_NOBODY: Final = "contacts|status|veto|--help"
_IN_CHAT: Final = re.compile(
    rf"(?<![\w./-])glasspost (?:(?P<verb>{_ABOUT_THE_PEER}|{_ABOUT_A_NAME})\b{_NAME}"
    rf"(?: --(?P<answer>accept|keep))?|(?P<alone>{_ABOUT_NOBODY})\b)"
)


def typeable(words: str) -> str:
    """Give our own words with commands that a shell here can run."""
    return _COMMAND.sub(lambda match: f"{program()} {_options_for(match)}", words)


def remember_typed(option: str, value: str) -> None:
    """Let an option that the user has typed go along; ``--as`` and ``--home`` do."""
    if option in ("--home", "--as"):
        _typed[option] = value


def forget_typed() -> None:
    """Begin another command line."""
    _typed.clear()


def _options_for(match: re.Match[str]) -> str:
    """Give the typed options that a command needs and does not name itself."""
    rest = _REST.match(match.string, match.end())
    if rest is None or rest["help"] or rest["verb"] in _TAKES_NEITHER:
        return ""
    unwanted = {"--as"} if rest["verb"] in _TAKES_NO_NAME else set()
    unwanted |= {option for option in _typed if f"{option} " in rest["options"]}
    kept = sorted(_typed.keys() - unwanted, reverse=True)
    return "".join(f"{option} {shlex.quote(_typed[option])} " for option in kept)


def in_chat(words: str, talking_with: Name | None) -> str:
    """Give our own words with the chat's own commands, where it has them."""

    def slashed(match: re.Match[str]) -> str:
        verb, peer, given = match["verb"], match["peer"], match["answer"]
        if verb is None:
            return f"/{match['alone'].removeprefix('--')}"
        if re.fullmatch(_ABOUT_A_NAME, verb):
            return f"/{verb} {peer}" if peer else f"/{verb}"
        first = f"/to {peer}, then " if peer and peer != talking_with else ""
        return f"{first}/{verb}" + (f" {given}" if given else "")

    return typeable(_IN_CHAT.sub(slashed, words))


@cache
def program() -> str:
    """Give how this program is started from here."""
    started = Path(sys.argv[0])
    if started.name != _PROGRAM or shutil.which(_PROGRAM) is not None or not started.exists():
        return _PROGRAM
    return min(os.path.relpath(started), str(started), key=len)
