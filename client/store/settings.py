"""Single values: where the relay is, which key it showed, what its clock said; padding.

Spec: docs/formats.md#settings
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from client.store.transaction import Transaction, storable
from protocol.e2ee.padding import Padding

TABLE: Final = (
    """
    CREATE TABLE settings (
        name TEXT PRIMARY KEY,
        value ANY NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)


# The clock is noted at login and every ten minutes after; a busy machine may be late.
_UNHEARD_MS: Final = 3_600_000


class _Setting(StrEnum):
    RELAY_ADDRESS = "relay address"
    RELAY_PIN = "relay pin"
    RELAY_CLOCK_MS = "relay clock ms"
    RELAY_CLOCK_SAID_MS = "relay clock said ms"
    PADDING = "padding"
    PREKEYS_DOUBTED = "prekeys doubted"
    PREKEYS_RENEWED_MS = "prekeys renewed ms"
    OWN_SERIES = "own series"


_CARRIED: Final = (
    _Setting.RELAY_ADDRESS,
    _Setting.RELAY_PIN,
    _Setting.PADDING,
    _Setting.OWN_SERIES,
)


def carried(tx: Transaction) -> list[tuple[str, str | bytes | int]]:
    """Give what a backup takes along: what a person chose, not clocks or doubts of this device."""
    found = ((name.value, _get(tx, name)) for name in _CARRIED)
    return [(name, value) for name, value in found if value is not None]


def restore(tx: Transaction, values: Mapping[str, object], *, new_device: bool) -> None:
    """Take over what :func:`carried` gave; what is set here already stays.

    Args:
        new_device: it counts its messages from 1 again, in a series of its own: they
            must not sort in among those of the device before.
    """
    address, pin = values.get(_Setting.RELAY_ADDRESS), values.get(_Setting.RELAY_PIN)
    if isinstance(address, str) and relay_address(tx) is None:
        set_relay_address(tx, address)
    if isinstance(pin, bytes) and relay_pin(tx) is None and relay_address(tx) == address:
        set_relay_pin(tx, pin)
    mode = values.get(_Setting.PADDING)
    if isinstance(mode, str) and mode in tuple(Padding) and _get(tx, _Setting.PADDING) is None:
        set_padding(tx, Padding(mode))
    if new_device:
        series = values.get(_Setting.OWN_SERIES)
        _set(tx, _Setting.OWN_SERIES, (series if isinstance(series, int) else 1) + 1)


def own_series(tx: Transaction) -> int:
    """Give the run of our own counters: one more with each device that went on with a backup."""
    series: int | None = _get(tx, _Setting.OWN_SERIES)
    return series or 1


def relay_address(tx: Transaction) -> str | None:
    """Give the relay's address as the user named it, or None before the first connection."""
    address: str | None = _get(tx, _Setting.RELAY_ADDRESS)
    return address


def set_relay_address(tx: Transaction, address: str) -> None:
    """Remember the relay's address; the pin of another relay is forgotten with it."""
    if relay_address(tx) != address:
        tx.execute("DELETE FROM settings WHERE name = ?", (_Setting.RELAY_PIN,))
    _set(tx, _Setting.RELAY_ADDRESS, address)


def relay_pin(tx: Transaction) -> bytes | None:
    """Give the relay's fingerprint, 32 bytes, or None while nothing is pinned."""
    pin: bytes | None = _get(tx, _Setting.RELAY_PIN)
    return pin


def set_relay_pin(tx: Transaction, fingerprint: bytes) -> None:
    """Pin the relay's key by its fingerprint, 32 bytes."""
    _set(tx, _Setting.RELAY_PIN, fingerprint)


def relay_clock_ms(tx: Transaction) -> int:
    """Give the relay's time as last heard, 0 before that.

    Ages of keys are judged by it: a local clock that jumps deletes none.
    """
    clock_ms: int | None = _get(tx, _Setting.RELAY_CLOCK_MS)
    return clock_ms or 0


def hear_relay_clock(tx: Transaction, clock_ms: int) -> None:
    """Take the relay's clock from its Welcome or Pong, even if it went back.

    Not the highest ever heard: one wrong hour of the relay would else make
    every later bundle look too old, for good.
    """
    _set(tx, _Setting.RELAY_CLOCK_MS, storable(clock_ms))
    _set(tx, _Setting.RELAY_CLOCK_SAID_MS, storable(clock_ms))


def hear_arrival(tx: Transaction, arrival_ms: int) -> None:
    """Take note of a time in the relay's past, a plausible one: its clock is there, or further."""
    if arrival_ms > relay_clock_ms(tx):
        _set(tx, _Setting.RELAY_CLOCK_MS, plausible_arrival_ms(tx, arrival_ms))


def plausible_arrival_ms(tx: Transaction, arrival_ms: int) -> int:
    """Give ``arrival_ms``, but no time that the relay's clock cannot have reached yet.

    One wrong delivery would else date what is kept by its arrival into a
    future in which it never grows old. What counts is what Welcome and Pong
    said: arrivals that raise the clock a little do not add up.
    """
    said_ms: int = _get(tx, _Setting.RELAY_CLOCK_SAID_MS) or 0
    return min(storable(arrival_ms), said_ms + _UNHEARD_MS)


def padding(tx: Transaction) -> Padding:
    """Give how the sizes of our envelopes are hidden."""
    return Padding(_get(tx, _Setting.PADDING) or Padding.PADME)


def set_padding(tx: Transaction, mode: Padding) -> None:
    """Hide the sizes of our envelopes in this way from now on."""
    _set(tx, _Setting.PADDING, mode.value)


def are_prekeys_doubted(tx: Transaction) -> bool:
    """Tell whether the relay hands out prekeys that we cannot answer for."""
    return bool(_get(tx, _Setting.PREKEYS_DOUBTED))


def set_prekeys_doubted(tx: Transaction, doubted: bool) -> None:
    """Note that it does, or does no more."""
    _set(tx, _Setting.PREKEYS_DOUBTED, doubted)


def prekeys_renewed_ms(tx: Transaction) -> int:
    """Give when all prekeys were made anew, by the relay's clock; 0 if never."""
    renewed_ms: int | None = _get(tx, _Setting.PREKEYS_RENEWED_MS)
    return renewed_ms or 0


def note_prekeys_renewed(tx: Transaction) -> None:
    """Note that the relay has prekeys that were all made anew."""
    set_prekeys_doubted(tx, False)
    _set(tx, _Setting.PREKEYS_RENEWED_MS, relay_clock_ms(tx))


def not_after(tx: Transaction, now_ms: int) -> None:
    """Let a renewal that is dated ahead of ``now_ms`` count from then."""
    if prekeys_renewed_ms(tx) > now_ms:
        _set(tx, _Setting.PREKEYS_RENEWED_MS, storable(now_ms))


def _get(tx: Transaction, name: _Setting) -> Any:
    return tx.value("SELECT value FROM settings WHERE name = ?", (name,))


def _set(tx: Transaction, name: _Setting, value: str | bytes | int) -> None:
    tx.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))
