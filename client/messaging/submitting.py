"""What became of an envelope: the relay took it, or never will.

Any process of the profile may submit a row; the relay takes the same id and
bytes once, so all of them may report it.

Spec: docs/client.md#sending
"""

from client.store import account, history, outbox, settings, specimens
from client.store.transaction import Transaction
from client.values import OutboxItem, OutboxState, Surroundings
from protocol.ids import Name
from protocol.limits import OUTBOX_LIFE_MS

_EXPIRED = "It could not be handed to the relay for 30 days."
_UNANSWERED = "It waited 30 days for an answer about the new key."


def accepted(tx: Transaction, row_id: int, arrival_ms: int) -> None:
    """Note that the relay has an envelope on its disk since ``arrival_ms``; forget the bytes."""
    item = outbox.get(tx, row_id)
    if item is None:
        return
    arrival_ms = settings.plausible_arrival_ms(tx, arrival_ms)
    history.mark_at_relay(tx, account.get(tx).name, item.message_id, arrival_ms)
    specimens.note_submitted(tx, item.to.name, item.message_id, named=not item.anonymous)
    settings.hear_arrival(tx, arrival_ms)
    outbox.delete(tx, row_id)


def give_up(tx: Transaction, row_id: int, failure: str) -> None:
    """Fail one message for good.

    Args:
        failure: why, a sentence for the history.
    """
    item = outbox.get(tx, row_id)
    if item is not None:
        _fail(tx, item, failure)


def give_up_waiting(tx: Transaction, peer: Name, failure: str) -> None:
    """Fail all messages that wait for the keys of ``peer``: there are none."""
    for waiting in outbox.awaiting(tx, peer):
        give_up(tx, waiting.row_id, failure)


def give_up_all(tx: Transaction, peer: Name, failure: str) -> None:
    """Fail all that is not at the relay yet for ``peer``."""
    for item in outbox.of_peer(tx, peer):
        _fail(tx, item, failure)


def give_up_expired(tx: Transaction, surroundings: Surroundings) -> list[Name]:
    """Fail what has waited longer than OUTBOX_LIFE_MS; give the peers concerned.

    Only when the local clock and the relay's both say so: neither a jump of the
    one nor a lie of the other costs a message.
    """
    now_ms = min(surroundings.now_ms(), settings.relay_clock_ms(tx))
    expired = outbox.older_than(tx, now_ms - OUTBOX_LIFE_MS)
    for item in expired:
        held_back = item.state is OutboxState.HELD_BACK
        _fail(tx, item, _UNANSWERED if held_back else _EXPIRED)
    return sorted({item.to.name for item in expired})


def _fail(tx: Transaction, item: OutboxItem, failure: str) -> None:
    own = account.get(tx).name
    history.mark_failed(tx, own, item.message_id, failure, settings.relay_clock_ms(tx))
    outbox.delete(tx, item.row_id)
