"""Whether the name is this profile's: a profile may wait for it, or have lost it.

    registered ── a login is refused: DEVICE_REPLACED ──▶ replaced: reads, and connects no more
    waiting ── the takeover is carried out ─────────────▶ registered
    replaced ── `register` succeeds: a relay put back ──▶ registered

Spec: docs/client.md#replacing-the-device
"""

from client.errors import RefusedByRelay, UserError
from client.moments import day_and_clock
from client.store import account, takeover
from client.store.transaction import Transaction
from protocol.ids import Name


class NotOurs(RefusedByRelay):
    """The name of this profile belongs to another device."""


class NameLost(NotOurs):
    """Another device has taken over the name of this profile."""


class TakeoverWaits(NotOurs):
    """This profile is about to take over its name, and the relay has not let it yet."""


def why_not_ours(tx: Transaction) -> UserError | None:
    """Give the reason for which this profile does not connect, or None if it does."""
    begun, own = takeover.begun(tx), account.get(tx)
    if begun is not None:
        return takeover_waits(own.name, begun.until_ms)
    return name_lost(own.name) if own.replaced else None


def require_ours(tx: Transaction) -> None:
    """Refuse what can only be done under the name.

    Raises:
        NameLost: another device has it now.
        TakeoverWaits: another device has it still.
    """
    if (reason := why_not_ours(tx)) is not None:
        raise reason


def require_no_takeover(tx: Transaction) -> None:
    """Refuse to register what waits to take over.

    Raises:
        TakeoverWaits: it does.
    """
    if (begun := takeover.begun(tx)) is not None:
        raise takeover_waits(account.get(tx).name, begun.until_ms)


def mark_lost(tx: Transaction) -> UserError:
    """Note that another device has the name now, and give the words for it."""
    account.mark_replaced(tx)
    takeover.settle(tx)
    return name_lost(account.get(tx).name)


def name_lost(name: Name) -> NameLost:
    """Say that another device has taken over."""
    return NameLost(
        f"Another device has taken over the name {name}.",
        why="It had the account key; this profile connects no more, and nothing queued here goes"
        " out.",
        hint="If that was you, use the other device; what was said can be read here. If it was not,"
        " warn your friends, and register another name.",
    )


def takeover_waits(name: Name, until_ms: int | None) -> TakeoverWaits:
    """Say until when, if the relay has said (its time)."""
    if until_ms is None:
        why, when = "It was begun here, and has not been carried out.", ""
    else:
        until = day_and_clock(until_ms)
        why = f"Its device was online lately, and may object until {until}."
        when = " after that"
    return TakeoverWaits(
        f"The name {name} still belongs to another device.",
        why=why,
        hint=f"Run the same command again{when}: glasspost takeover FILE",
    )
