"""What Alice and Bob say. Each line holds a random word, so no two runs say the same."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from scripts.blindness.canaries import Canary, RandomBytes, random_word


class Side(StrEnum):
    """One of the two people; the value is the account's name."""

    ALICE = "alice"
    BOB = "bob"

    @property
    def other(self) -> "Side":
        """The one they talk to."""
        return Side.BOB if self is Side.ALICE else Side.ALICE


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the story, and the random word in it."""

    speaker: Side
    text: str
    word: str

    def canaries(self) -> tuple[Canary, Canary]:
        """Give the whole text and its word as canaries."""
        label = f'"{self.text.replace(self.word, "…")}"'
        return (
            Canary(f"{self.speaker}'s text {label}", self.text.encode()),
            Canary(f"the word in {label}", self.word.encode()),
        )


@dataclass(frozen=True, slots=True)
class Script:
    """The lines by the place they have in the story.

    Attributes:
        read_by_the_operator: said to a key that the relay swapped, after the notice.
        never_sent: stopped, because the key that the relay swapped had been compared.
    """

    talk: tuple[Line, ...]
    while_bob_is_away: tuple[Line, ...]
    bob_is_back: Line
    before_the_kill: Line
    while_the_relay_is_dead: Line
    after_the_kill: Line
    read_by_the_operator: Line
    never_sent: Line

    @property
    def secrets(self) -> tuple[Line, ...]:
        """All lines, also those that do not reach whom they are for: the relay may see none."""
        return (*self.lines, self.read_by_the_operator, self.never_sent)

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines that one says and the other reads, in the order of the story."""
        return (
            *self.talk,
            *self.while_bob_is_away,
            self.bob_is_back,
            self.before_the_kill,
            self.while_the_relay_is_dead,
            self.after_the_kill,
        )

    def said_by(self, side: Side) -> list[str]:
        """Give the texts of one side, in order."""
        return [line.text for line in self.lines if line.speaker is side]


_TALK: Final = (
    (Side.ALICE, "Lunch at the {} bakery? ☕"),
    (Side.BOB, "Yes! I have a table under the name {}."),
    (Side.ALICE, "The secret ingredient is {}."),
    (Side.BOB, "Nobody will ever hear of {} from me."),
)
_AWAY: Final = (
    (Side.ALICE, "Are you there? I found the map of {}."),
    (Side.ALICE, "It ends at the {} lighthouse."),
)


def write_script(random_bytes: RandomBytes) -> Script:
    """Draw the words and write the lines."""

    def line(side: Side, template: str) -> Line:
        word = random_word(random_bytes)
        return Line(side, template.format(word), word)

    return Script(
        talk=tuple(line(*each) for each in _TALK),
        while_bob_is_away=tuple(line(*each) for each in _AWAY),
        bob_is_back=line(Side.BOB, "Back again. The lock there opens with {}."),
        before_the_kill=line(Side.ALICE, "Meet me at the {} gate."),
        while_the_relay_is_dead=line(Side.ALICE, "And bring {} with you."),
        after_the_kill=line(Side.BOB, "On my way, with {}."),
        read_by_the_operator=line(Side.BOB, "Already? The spare key is under {}."),
        never_sent=line(Side.ALICE, "Then ask for {} at the door."),
    )
