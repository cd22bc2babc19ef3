"""Commands named in our own words, as they can be typed where the words are read.

Sentences say ``glasspost verify bob``. Where the program is not on the PATH, that has to be its
path; inside the chat it is ``/verify``. Only for words of our own: never for what people write.
"""

import os
import re
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Final

from client.cli.verb_table import VERBS
from protocol.ids import Name

_PROGRAM: Final = "glasspost"
_COMMAND: Final = re.compile(rf"(?<![\w./-])glasspost (?=--\w|(?:{'|'.join(VERBS)})\b)")
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
    return _COMMAND.sub(lambda _: f"{program()} ", words)


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
