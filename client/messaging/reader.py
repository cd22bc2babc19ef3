"""For which of a peer's identities a text was written, and that it goes to no other.

Each text of ours bears the series of the identity that its writer could know of. When the pin
gives way, the series moves on and the text does not: it is encrypted to nobody then, on
whatever path it comes, until a person has answered. The age of a text, or what any clock says,
has no part in that.

Spec: docs/client.md#a-changed-key
"""

from client.messaging.encrypting import Route
from client.store import contacts, conversation, history
from client.store.transaction import Transaction
from protocol.errors import CallerError
from protocol.ids import MessageId, Name


class WrittenForAnother(CallerError):
    """A text was about to be encrypted to another identity than it was written for: a bug."""

    def __init__(self) -> None:
        super().__init__("a text was written for another identity of its reader")


def known_series(tx: Transaction, peer: Name) -> int:
    """Give the series of the identity that whoever writes to ``peer`` now can know of.

    0, which is nobody's, while the notice of a change was told on no terminal: another process
    may have taken that change a moment ago, or days ago with nobody looking.
    """
    return 0 if conversation.untold_notices(tx, peer) else contacts.find(tx, peer).series


def require_meant(tx: Transaction, route: Route, message_id: MessageId) -> None:
    """Let a text be encrypted on ``route`` only if it was written for the identity there.

    Every path to a text's envelope leads through here, the first and each later one.

    Raises:
        WrittenForAnother: it was not, and nobody has answered for it.
    """
    session = route.session
    pin = contacts.find(tx, session.peer.name)
    written_for = history.written_for(tx, pin.name, message_id)
    if (session.peer_identity, pin.series) != (pin.identity, written_for):
        raise WrittenForAnother
