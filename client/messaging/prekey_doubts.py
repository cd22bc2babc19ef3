"""Noticing that the relay hands out prekeys of ours that we cannot answer for.

    the relay's sealing key of ours is not our newest ──┐
    a handshake names prekeys that are not here ────────┴─▶ doubted ─▶ all made anew

Either our disk was put back to an older copy, or the relay's was. In the first
case peers may go on sealing to a key whose private half is lost, and on sessions
that this copy has never seen: so each of them hears from us on a fresh session.

Spec: docs/protocol.md#lost-prekeys, docs/client.md#repair
"""

from typing import Final

from client.messaging.repair import give_up_session
from client.store import conversation, prekeys, receipts_due, sessions, settings
from client.store.prekeys import PrekeyKind
from client.store.transaction import Transaction
from protocol.packing import pack
from protocol.records import SignedSealingKey

PAUSE_MS: Final = 3_600_000
"""Prekeys made anew are not doubted for an hour: whoever names noise costs 25 ms an hour."""


def doubt(tx: Transaction) -> None:
    """Let all prekeys be made anew with the next upload, unless that was done just now."""
    if settings.relay_clock_ms(tx) - settings.prekeys_renewed_ms(tx) >= PAUSE_MS:
        settings.set_prekeys_doubted(tx, True)


def compare(tx: Transaction, on_record: SignedSealingKey | None) -> None:
    """Compare with ours the sealing key that the relay gives to those who write to us.

    Args:
        on_record: what it has under our name; None if it has nothing.
    """
    newest = prekeys.newest(tx, PrekeyKind.SEALING)
    is_confirmed = newest is not None and prekeys.is_uploaded(tx, PrekeyKind.SEALING, newest.key_id)
    if on_record is None:
        if is_confirmed:
            doubt(tx)
    elif not prekeys.has_record(tx, PrekeyKind.SEALING, on_record.key_id, pack(on_record)):
        doubt(tx)
        _begin_anew(tx)
    elif newest is not None and is_confirmed and newest.key_id != on_record.key_id:
        doubt(tx)


def _begin_anew(tx: Transaction) -> None:
    """Let every peer hear from us on a fresh session: what it heard last may be a receipt again."""
    for session in sessions.all_sessions(tx):
        peer = session.peer.name
        give_up_session(tx, peer, session.session_id)
        message_id = conversation.last_received(tx, peer)
        if message_id is not None:
            receipts_due.add(tx, peer, message_id)
