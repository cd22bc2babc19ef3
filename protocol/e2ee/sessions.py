"""Which of several sessions with a peer to send on.

Two people may begin at the same moment, and a device may begin anew: then there
are several sessions, all of which still receive. Both sides must come to send
on the same one without asking each other.

Spec: docs/protocol.md#sessions
"""

from collections.abc import Sequence
from dataclasses import dataclass

from protocol.e2ee.session import Role
from protocol.ids import SessionId


@dataclass(frozen=True, slots=True)
class SessionActivity:
    """What has happened on one session, in this device's order of events.

    Args:
        began: when we opened or accepted it.
        last_received: when we last decrypted on it, None if never. Both are of
            one scale: row numbers or times.
    """

    session_id: SessionId
    our_role: Role
    began: int
    last_received: int | None = None

    @property
    def unanswered(self) -> bool:
        """We opened it, and nothing has come back on it."""
        return self.our_role is Role.INITIATOR and self.last_received is None

    @property
    def latest(self) -> int:
        """When something last happened on it."""
        return self.began if self.last_received is None else self.last_received


def preferred(candidates: Sequence[SessionActivity]) -> SessionId:
    """Choose the session to send on.

    The one last heard on, or the one we have opened since. If the peer began
    one while ours was unanswered, both sides take the lower session id.

    Args:
        candidates: the sessions with one peer device under one identity, at
            least one.
    """
    newest = max(candidates, key=lambda each: (each.latest, each.session_id))
    crossed = [each for each in candidates if _crossed(each, newest)]
    return min([newest, *crossed], key=lambda each: each.session_id).session_id


def _crossed(ours: SessionActivity, theirs: SessionActivity) -> bool:
    """Tell whether the peer began ``theirs`` while ``ours`` was unanswered."""
    return ours.unanswered and theirs.our_role is Role.RESPONDER and theirs.began > ours.began
