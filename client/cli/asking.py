"""The questions that a changed key raises, as a person reads them.

A safety number has two halves, one for each side. Of the two numbers that are shown one half is
our own, and the same in both: without a mark it looks as if most of the digits agreed.
"""

from collections.abc import Callable, Sequence
from typing import Final

from rich.text import Text

from client.cli.hints import typeable
from client.cli.tables import columns, count_of
from client.messaging.trust import OpenQuestion, Question, ResendQuestion
from protocol.e2ee.safety_number import format_safety_number
from protocol.ids import Name

_PLAIN: Final = "not bold default"
_HALF_DIGITS: Final = 30
_GROUP_DIGITS: Final = 5


def asking(question: Question, own: Name, speak: Callable[[str], str] = typeable) -> Text:
    """Put a question: the numbers to compare, what may have happened, and what to do.

    Args:
        speak: puts commands into the form that can be typed where the lines are read.
    """
    if isinstance(question, ResendQuestion):
        return _asking_about_texts(question, own, speak)
    return _asking_about_key(question, own, speak)


def _asking_about_key(question: OpenQuestion, own: Name, speak: Callable[[str], str]) -> Text:
    peer = question.peer
    text = Text(f"{peer} shows another key than the one expected here.\n", style="bold yellow")
    before = "you had compared it" if question.verified else "never compared"
    _append_title(text, f"{own} and {peer}, expected ({before})")
    _append_halves(text, question, own, question.expected, question.shown)
    _append_title(text, f"{own} and {peer}, new")
    _append_halves(text, question, own, question.shown, question.expected)
    text.append(
        f"\nEither {peer} has a new device or installed anew, or somebody sits in between, or the"
        " relay erred.\nUntil you answer, nothing goes out and nothing under the new key is opened."
        " Three ways out:\n\n",
        style=_PLAIN,
    )
    ways = (
        "compare, somewhere the relay is not",
        "take the new key without comparing",
        "stay with the expected key",
    )
    return text.append_text(_ways_out(peer, ways, speak))


def _asking_about_texts(question: ResendQuestion, own: Name, speak: Callable[[str], str]) -> Text:
    peer, texts = question.peer, count_of(question.text_count, "text")
    text = Text(f"The key of {peer} has changed, and you wrote before that.\n", "bold yellow")
    _append_title(text, f"{own} and {peer}, now")
    for line in format_safety_number(question.shown).splitlines():
        text.append(f"    {line}\n", style="bold default")
    text.append(
        f"\n{texts} to the former key, without a receipt: held back. Either {peer} has a new device"
        " or installed anew,\nor somebody sits in between, or the relay erred. What you write now"
        " goes to the new key.\nThree ways out:\n\n",
        style=_PLAIN,
    )
    ways = (
        "compare, somewhere the relay is not; then they go",
        "send them to the new key without comparing",
        "send them to nobody; the history keeps them",
    )
    return text.append_text(_ways_out(peer, ways, speak))


def _ways_out(peer: Name, ways: Sequence[str], speak: Callable[[str], str]) -> Text:
    commands = f"verify {peer} NUMBER", f"trust {peer} --accept", f"trust {peer} --keep"
    rows = [
        (f"  {speak(f'glasspost {command}')}", way)
        for command, way in zip(commands, ways, strict=True)
    ]
    return Text(style=_PLAIN).append_text(columns(rows)).append("\n")


def _append_title(text: Text, of_whom: str) -> None:
    text.append(f"\nSafety number of {of_whom}:\n\n", _PLAIN)


def _append_halves(text: Text, question: OpenQuestion, own: Name, number: str, other: str) -> None:
    """Show a number half by half, in its order: so it is read out, and typed."""
    for half in _halves(number):
        groups = [half[at : at + _GROUP_DIGITS] for at in range(0, _HALF_DIGITS, _GROUP_DIGITS)]
        ours = half in _halves(other)
        whose = f"{own}, the same in both" if ours else f"{question.peer}, here they differ"
        text.append(f"    {' '.join(groups)}", "not bold dim" if ours else "bold default")
        text.append(f"   {whose}\n", "not bold dim" if ours else _PLAIN)


def _halves(number: str) -> tuple[str, str]:
    return number[:_HALF_DIGITS], number[_HALF_DIGITS:]
