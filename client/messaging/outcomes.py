"""What a delivery came to. Every one is acknowledged, after the transaction.

Received      a line of the history
Receipted     our messages reached the peer
Asked         the peer could not open a message of ours; it may have been sent again
KeyTold       the peer told us its profile key
Dropped       it opened, and its sender is blocked: nothing of it is shown
Duplicate     it was here before; nothing changed
Junk          it names nobody we know, or lies about who sent it; nothing changed
Unreadable    it names a contact and does not open: a visible gap, the session as it was
Held          another identity than the pinned one: a person decides
"""

from dataclasses import dataclass

from client.values import TrustQuestion
from protocol.ids import MessageId, Name


@dataclass(frozen=True, slots=True)
class Received:
    """A message was opened and stored; its receipt is due."""

    peer: Name
    row_id: int


@dataclass(frozen=True, slots=True)
class Receipted:
    """``peer`` has these messages of ours: news only."""

    peer: Name
    message_ids: tuple[MessageId, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """``peer`` asked for a message of ours that did not open there."""

    peer: Name


@dataclass(frozen=True, slots=True)
class KeyTold:
    """``peer`` can be written to without a name from now on."""

    peer: Name


@dataclass(frozen=True, slots=True)
class Dropped:
    """A message of somebody who is blocked was opened, and is not kept."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The envelope or the message was dealt with before."""


@dataclass(frozen=True, slots=True)
class Junk:
    """Nobody known sent it; ``reason`` is for a log."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message in the name of ``peer`` did not open; the line ``row_id`` shows it."""

    peer: Name
    row_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Held:
    """Kept unopened.

    ``question`` is new for the user, or None: it was asked before, or the
    relay's directory has to confirm the identity first (:mod:`.fetching` asks).
    """

    peer: Name
    question: TrustQuestion | None


Outcome = Received | Receipted | Asked | KeyTold | Dropped | Duplicate | Junk | Unreadable | Held
