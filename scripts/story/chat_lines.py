"""What a chat prints without a terminal, line by line.

03:42  bob        so it is                 somebody's message
03:41  you    .   the tide is high         one's own, with its mark
-- v at the relay: “the tide is high”      the mark of one's own has changed
-- Connected.                              a remark
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Mark(StrEnum):
    """How far one's own message has come."""

    QUEUED = "."
    AT_RELAY = "v"
    DELIVERED = "vv"
    FAILED = "x"


@dataclass(frozen=True, slots=True)
class Message:
    """A message on the screen; ``mark`` is None if somebody else wrote it."""

    mark: Mark | None
    text: str


@dataclass(frozen=True, slots=True)
class MarkChanged:
    """One's own message has come further; ``beginning`` is the beginning of its text."""

    mark: Mark
    beginning: str


@dataclass(frozen=True, slots=True)
class Remark:
    """The chat itself says something."""

    words: str


ChatLine = Message | MarkChanged | Remark

_MARK: Final = r"(?P<mark>\.|vv?|x)"
_OWN: Final = re.compile(rf"\d\d:\d\d  you +{_MARK} +(?P<text>.*)")
_OTHER: Final = re.compile(r"\d\d:\d\d  [a-z0-9](?:[a-z0-9._-]*[a-z0-9])? +(?P<text>.*)")
_CHANGED: Final = re.compile(rf"-- {_MARK} [a-z ]+: “(?P<text>.*?)…?”(\. .*)?")


def parse(line: str) -> ChatLine:
    """Tell what a line is."""
    if match := _OWN.fullmatch(line):
        return Message(Mark(match["mark"]), match["text"])
    if match := _OTHER.fullmatch(line):
        return Message(None, match["text"])
    if match := _CHANGED.fullmatch(line):
        return MarkChanged(Mark(match["mark"]), match["text"])
    return Remark(line.removeprefix("-- "))
