"""What is too old is forgotten. Ages are the relay's time, so no local clock deletes a key.

Spec: docs/protocol.md#prekeys, docs/protocol.md#sessions, docs/protocol.md#skipped-keys
"""

from client.messaging import notices
from client.store import gaps, handshakes, prekeys, seen, sent, sessions, settings
from client.store.prekeys import PrekeyKind
from client.store.transaction import Transaction
from protocol.e2ee.session import expire_skipped
from protocol.ids import Name


def tidy(tx: Transaction) -> list[Name]:
    """Delete retired prekeys, archived sessions, skipped keys and marks whose time is over.

    A session that does not read back is dropped, with a notice: one damaged row
    must not keep this device from receiving what everybody else says.

    Returns:
        The peers in whose conversations something was said.
    Cost: it reads every session; once after each login is often enough.
    """
    now_ms = settings.relay_clock_ms(tx)
    bereft = sessions.drop_unreadable(tx)
    for peer, session_id in bereft.items():
        notices.session_lost(tx, peer, session_id)
    for table in (seen, sent, gaps, sessions):
        table.expire(tx, now_ms)
    for kind, key_id in prekeys.delete_expired(tx, now_ms):
        if kind is PrekeyKind.SIGNED:
            handshakes.forget(tx, key_id)
    for session in sessions.all_sessions(tx):
        shorter = expire_skipped(session, now_ms)
        if shorter is not session:
            sessions.update(tx, shorter)
    return list(bereft)
