"""Keys of messages that were passed over: the network may still bring them.

Kept in order of age, so that both the bound on their number and the bound on
their age take from the front. A table is never changed: each operation gives a
new one.

Spec: docs/protocol.md#skipped-keys
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice, takewhile
from types import MappingProxyType
from typing import Final, NamedTuple

from protocol.e2ee.ratchet.chain import MessageKey
from protocol.limits import MAX_SKIPPED_KEYS, SKIPPED_KEY_LIFE_MS


class Place(NamedTuple):
    """Where a message stands: the ratchet key of its chain, and its index there."""

    ratchet_key: bytes
    position: int


class KeptKey(NamedTuple):
    """A message key, and since when it waits (relay time)."""

    key: MessageKey
    since_ms: int


@dataclass(frozen=True, slots=True)
class SkippedKeys:
    """The skipped keys of one session, the oldest first."""

    entries: MappingProxyType[Place, KeptKey]

    def __len__(self) -> int:
        return len(self.entries)

    def keep(
        self, ratchet_key: bytes, first_index: int, keys: Iterable[MessageKey], now_ms: int
    ) -> "SkippedKeys":
        """Add the keys of a chain from ``first_index`` on.

        Beyond MAX_SKIPPED_KEYS the oldest leave. Should ``now_ms`` go back, the
        keys count from the newest time known: the order stays that of age.
        """
        since_ms = max(now_ms, self._newest_ms())
        added = {
            Place(ratchet_key, index): KeptKey(key, since_ms)
            for index, key in enumerate(keys, first_index)
        }
        if not added:
            return self
        both = {**self.entries, **added}
        surplus = max(0, len(both) - MAX_SKIPPED_KEYS)
        return skipped_keys_of(islice(both.items(), surplus, None))

    def without(self, place: Place) -> "SkippedKeys":
        """Drop the key at ``place``, which must be here."""
        return skipped_keys_of((at, kept) for at, kept in self.entries.items() if at != place)

    def expire(self, now_ms: int) -> "SkippedKeys":
        """Drop the keys that have waited for SKIPPED_KEY_LIFE_MS.

        Args:
            now_ms: the relay's time, never the local clock's: a clock that
                jumps must not delete keys.
        """
        latest = now_ms - SKIPPED_KEY_LIFE_MS
        old = takewhile(lambda kept: kept.since_ms <= latest, self.entries.values())
        count = sum(1 for _ in old)
        return self if count == 0 else skipped_keys_of(islice(self.entries.items(), count, None))

    def not_after(self, now_ms: int) -> "SkippedKeys":
        """Let keys dated ahead of ``now_ms`` wait from then: their clock was wrong."""
        if self._newest_ms() <= now_ms:
            return self
        return skipped_keys_of(
            (at, kept._replace(since_ms=min(kept.since_ms, now_ms)))
            for at, kept in self.entries.items()
        )

    def _newest_ms(self) -> int:
        return self.entries[next(reversed(self.entries))].since_ms if self.entries else 0


def skipped_keys_of(items: Iterable[tuple[Place, KeptKey]]) -> SkippedKeys:
    """Make a table of ``items``, which come in order of age."""
    return SkippedKeys(MappingProxyType(dict(items)))


NO_SKIPPED_KEYS: Final = skipped_keys_of(())
