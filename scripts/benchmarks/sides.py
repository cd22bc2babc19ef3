"""Two ends of a session, in the one shape to which every contender is brought."""

import os
from typing import Protocol, TypeVar

from protocol.e2ee import session
from scripts.benchmarks.parties import NOW_MS, make_sessions

M = TypeVar("M")


class Side(Protocol[M]):
    """One end; ``M`` is bytes wherever the library gives messages that form."""

    def encrypt(self, text: bytes) -> M:
        """Encrypt the next message."""

    def decrypt(self, message: M) -> bytes:
        """Open a message of the other side."""


class OurSide:
    """Our session, kept from message to message as the client does."""

    def __init__(self, state: session.Session) -> None:
        self._state = state

    def encrypt(self, text: bytes) -> bytes:
        """Encrypt the next message."""
        self._state, message = session.encrypt(self._state, text, os.urandom)
        return message

    def decrypt(self, message: bytes) -> bytes:
        """Open a message of the other side."""
        self._state, text = session.decrypt(self._state, message, NOW_MS)
        return text


def our_sides() -> tuple[OurSide, OurSide]:
    """Give both ends of a fresh session that has been answered."""
    alice, bob = make_sessions()
    return OurSide(alice), OurSide(bob)
