"""What is too old is forgotten. Ages are the relay's time, so no local clock deletes a key.

Spec: docs/protocol.md#prekeys, docs/protocol.md#sessions, docs/protocol.md#skipped-keys
"""

from client.store import gaps, handshakes, prekeys, seen, sent, sessions, settings
from client.store.prekeys import PrekeyKind
from client.store.transaction import Transaction
from protocol.e2ee.session import expire_skipped


def tidy(tx: Transaction) -> None:
    """Delete retired prekeys, archived sessions, skipped keys and marks whose time is over.

    Cost: it reads every session; once after each login is often enough.
    """
    now_ms = settings.relay_clock_ms(tx)
    for table in (seen, sent, gaps, sessions):
        table.expire(tx, now_ms)
    for kind, key_id in prekeys.delete_expired(tx, now_ms):
        if kind is PrekeyKind.SIGNED:
            handshakes.forget(tx, key_id)
    for session in sessions.all_sessions(tx):
        shorter = expire_skipped(session, now_ms)
        if shorter is not session:
            sessions.update(tx, shorter)
