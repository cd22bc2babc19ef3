"""Replacements of bob's device, and how they are asked for."""

from protocol.limits import (
    TAKEOVER_HOLD_MS,
)
from server.store.interface import (
    RelayStore,
)
from server.store.values import HeldReplacement, Replacement, StoredAccount, Veto
from tests.server.store.builders import (
    BOB,
)

OLD, NEW, THIRD = bytes([1]) * 32, b"n" * 32, b"3" * 32
OLD_KEY, NEW_KEY = bytes([2]) * 32, b"k" * 32
TOKEN = b"t" * 32
WANTED = Replacement(BOB, OLD, 1, NEW, NEW_KEY)
VETO = Veto(BOB, OLD, 1, b"v" * 32)


async def swap(store: RelayStore, wanted: Replacement = WANTED) -> StoredAccount:
    """Replace without a hold."""
    done = await store.replace_device(wanted, 0)
    assert isinstance(done, StoredAccount)
    return done


async def hold(store: RelayStore, wanted: Replacement = WANTED) -> HeldReplacement:
    """Replace a device that is online now."""
    await store.mark_online([wanted.device])
    held = await store.replace_device(wanted, TAKEOVER_HOLD_MS)
    assert isinstance(held, HeldReplacement)
    return held
