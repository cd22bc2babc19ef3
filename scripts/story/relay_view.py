"""What passed through the relay, as it saw it: told from the decrypted traffic.

The relay knows more than nothing, and the story shows it: who receives, when, how
many bytes, and who sends as long as a connection has logged in.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from protocol.wire.messages import Register, Submit, Subscribed
from scripts.blindness.traffic import Passed, Traffic

EXCERPT_BYTES: Final = 24

# Behind the version and the sealing key's id, which look the same in every envelope.
_EXCERPT_START: Final = 5


@dataclass(frozen=True, slots=True)
class Sighting:
    """An envelope that came to the relay.

    Attributes:
        sender: the name that had logged in on the connection, or None.
        recipient: the name the envelope is for.
        size_bytes: the envelope's length.
        seen_at_s: seconds since the epoch.
        excerpt: some of its bytes.
    """

    sender: str | None
    recipient: str
    size_bytes: int
    seen_at_s: float
    excerpt: bytes


class RelayView:
    """Reads along in the traffic."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._shown_count = 0
        self._shown_ids: set[bytes] = set()

    def new_sightings(self) -> tuple[Sighting, ...]:
        """Give the envelopes submitted since the last call; one that comes again is not new."""
        new = self._traffic.passed[self._shown_count :]
        self._shown_count += len(new)
        return tuple(sighting for passed in new for sighting in self._sightings(passed))

    def waiting_count(self, name: str) -> int:
        """Give how many envelopes waited for ``name`` when it last came to fetch them."""
        passed = (each for each in reversed(self._traffic.passed) if each.login == name)
        counts = (p.message.waiting_count for p in passed if isinstance(p.message, Subscribed))
        return next(counts, 0)

    def identities(self) -> dict[str, bytes]:
        """Give the public identity key of each name that has registered."""
        accounts = [m.account for m in self._messages() if isinstance(m, Register)]
        return {account.name: account.identity for account in accounts}

    def submitted_ids(self) -> list[bytes]:
        """Give the envelope ids of all submits, oldest first."""
        return [m.envelope_id for m in self._messages() if isinstance(m, Submit)]

    def _messages(self) -> Iterator[object]:
        return (passed.message for passed in self._traffic.passed)

    def _sightings(self, passed: Passed) -> Iterator[Sighting]:
        submit = passed.message
        if isinstance(submit, Submit) and submit.envelope_id not in self._shown_ids:
            self._shown_ids.add(submit.envelope_id)
            yield Sighting(
                sender=passed.login,
                recipient=submit.name,
                size_bytes=len(submit.envelope),
                seen_at_s=passed.passed_at_s,
                excerpt=submit.envelope[_EXCERPT_START : _EXCERPT_START + EXCERPT_BYTES],
            )
