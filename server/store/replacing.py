"""What every engine decides in the same way when a device is to be replaced. Pure functions.

                replace (online lately)              replace again, in time
    nothing ───────────────────────────▶ held until ─────────────────────────▶ replaced
       │  ▲                                 │  │
       │  └────── veto; nobody asked ───────┘  └─ a different one is refused
       └──────────── replace (not online lately, or no holds) ───────────────▶ replaced

Signatures have been verified before; here the account is compared as it is in the
transaction that changes it, so of two requests at once only one fits.

Spec: docs/protocol.md#replacing-a-device
"""

from dataclasses import replace

from protocol.limits import MAX_FORMER_IDENTITIES, ONLINE_MARK_MS, RECENTLY_ONLINE_MS
from server.store.interface import BadReplacement
from server.store.values import HeldReplacement, Replacement, StoredAccount, Veto


def hold_of(
    account: StoredAccount, wanted: Replacement, hold_ms: int, now_ms: int
) -> HeldReplacement | None:
    """Give the hold that stands before ``wanted``, an old or a new one; None if nothing does.

    Raises:
        BadReplacement: it does not fit the account, or a different one is held.
    """
    _require_fit(account, wanted.old_identity, wanted.generation)
    if wanted.new_identity == account.identity:
        raise BadReplacement
    held = account.held(now_ms)
    if held is None:
        until_ms = now_ms + (hold_ms if _was_online_lately(account, now_ms) else 0)
        held = HeldReplacement(wanted.new_identity, wanted.new_account_key, until_ms)
    if (held.new_identity, held.new_account_key) != (wanted.new_identity, wanted.new_account_key):
        raise BadReplacement
    return held if now_ms < held.until_ms else None


def replaced(account: StoredAccount, wanted: Replacement) -> StoredAccount:
    """Give the account with another identity; nothing is noted of the new device yet."""
    former = [each for each in account.former_identities if each != wanted.new_identity]
    return StoredAccount(
        account.address,
        wanted.new_identity,
        wanted.new_account_key,
        account.generation + 1,
        former_identities=(*former, account.identity)[-MAX_FORMER_IDENTITIES:],
    )


def vetoed(account: StoredAccount, veto: Veto, now_ms: int) -> StoredAccount:
    """Give the account without the held replacement, under another account key.

    Raises:
        BadReplacement: the veto does not fit the account, or nothing is held.
    """
    _require_fit(account, veto.identity, veto.generation)
    if account.held(now_ms) is None:
        raise BadReplacement
    return replace(
        account,
        account_key=veto.new_account_key,
        generation=account.generation + 1,
        noted=None,
    )


def online_mark(now_ms: int) -> int:
    """Give what is written down of a time at which a device was online: its hour."""
    return now_ms - now_ms % ONLINE_MARK_MS


def _require_fit(account: StoredAccount, identity: bytes, generation: int) -> None:
    if (account.identity, account.generation) != (identity, generation):
        raise BadReplacement


def _was_online_lately(account: StoredAccount, now_ms: int) -> bool:
    last_ms = account.last_online_ms
    return last_ms is not None and now_ms - last_ms <= RECENTLY_ONLINE_MS
