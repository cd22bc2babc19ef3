"""What is too old is forgotten: when the relay's clock and the local one both say so.

Neither a jump of the one nor a lie of the other deletes a key. What is dated ahead of both was
dated by a clock that was wrong, and counts from now: else it would never grow old.

Spec: docs/protocol.md#prekeys, docs/protocol.md#sessions, docs/protocol.md#skipped-keys
"""

from typing import Final

from client.messaging import notices
from client.messaging.encrypting import present_ms
from client.store import (
    account,
    gaps,
    handshakes,
    prekeys,
    profile_keys,
    seen,
    sent,
    sessions,
    settings,
)
from client.store.prekeys import PrekeyKind
from client.store.transaction import Transaction
from client.values import Surroundings
from protocol.e2ee.session import expire_skipped, redate_skipped
from protocol.ids import Name

_AGEING: Final = (account, seen, sent, gaps, sessions)


def tidy(tx: Transaction, surroundings: Surroundings) -> list[Name]:
    """Delete retired prekeys, archived sessions, skipped keys and marks whose time is over.

    A session that does not read back is dropped, with a notice: one damaged row
    must not keep this device from receiving what everybody else says.

    Returns:
        The peers in whose conversations something was said.
    Cost: it reads every session; once an hour is often enough.
    """
    bereft = sessions.drop_unreadable(tx)
    for peer, session_id in bereft.items():
        notices.session_lost(tx, peer, session_id)
    _not_after(tx, present_ms(tx, surroundings))
    now_ms = min(settings.relay_clock_ms(tx), surroundings.now_ms())
    for table in _AGEING:
        table.expire(tx, now_ms)
    for kind, key_id in prekeys.delete_expired(tx, now_ms):
        if kind is PrekeyKind.SIGNED:
            handshakes.forget(tx, key_id)
    for session in sessions.all_sessions(tx):
        shorter = expire_skipped(session, now_ms)
        if shorter is not session:
            sessions.update(tx, shorter)
    return list(bereft)


def _not_after(tx: Transaction, latest_ms: int) -> None:
    for table in (*_AGEING, prekeys, profile_keys, settings):
        table.not_after(tx, latest_ms)
    for session in sessions.all_sessions(tx):
        redated = redate_skipped(session, latest_ms)
        if redated is not session:
            sessions.update(tx, redated)
