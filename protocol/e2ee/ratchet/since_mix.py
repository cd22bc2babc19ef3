"""How long ago a KEM secret was last mixed in, and so when the next key is due.

Each side counts for itself, in messages and in relay time; the other never
learns the count. The handshake's secret is the first.

Spec: docs/protocol.md#hybrid-steps
"""

from typing import Final, NamedTuple

from protocol.limits import HYBRID_INTERVAL_MESSAGES, HYBRID_INTERVAL_MS


class SinceMix(NamedTuple):
    """What this side has counted since the last mix.

    Args:
        message_count: messages sent and opened.
        mixed_at_ms: relay time of the mix; None until a message was opened
            after a mix whose time is not known.
        heard_at_ms: relay time of the last message opened. It stands for "now":
            so sending needs no clock, and a local one can delay nothing.
    """

    message_count: int = 0
    mixed_at_ms: int | None = None
    heard_at_ms: int | None = None

    @property
    def is_due(self) -> bool:
        """Whether the next sending step attaches a key."""
        return self.message_count >= HYBRID_INTERVAL_MESSAGES or self._elapsed_ms >= (
            HYBRID_INTERVAL_MS
        )

    @property
    def _elapsed_ms(self) -> int:
        if self.mixed_at_ms is None or self.heard_at_ms is None:
            return 0
        return self.heard_at_ms - self.mixed_at_ms

    def sent(self) -> "SinceMix":
        """Count a message of ours."""
        return SinceMix(self.message_count + 1, self.mixed_at_ms, self.heard_at_ms)

    def opened(self, now_ms: int) -> "SinceMix":
        """Count a message of the peer.

        A relay's clock that once ran ahead must not put the next mix off: the
        mix is never later than what is heard.
        """
        known_ms = now_ms if self.mixed_at_ms is None else self.mixed_at_ms
        return SinceMix(self.message_count + 1, min(known_ms, now_ms), now_ms)

    def answered(self) -> "SinceMix":
        """Begin anew: our sending step mixes a secret in, at the time last heard."""
        return SinceMix(0, self.heard_at_ms, self.heard_at_ms)


JUST_MIXED: Final = SinceMix()
"""Right after a receiving step that mixed, or a handshake: the next message brings the time."""
