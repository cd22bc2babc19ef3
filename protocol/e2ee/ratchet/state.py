"""All that one side of a ratchet remembers, as one value.

Spec: docs/protocol.md#ratchet
"""

from dataclasses import dataclass

from protocol.e2ee.curve import CurvePrivateKey
from protocol.e2ee.ratchet.chain import ReceivingChain, SendingChain
from protocol.e2ee.ratchet.root import RootKey
from protocol.e2ee.ratchet.since_mix import JUST_MIXED, SinceMix
from protocol.e2ee.ratchet.skipped import NO_SKIPPED_KEYS, SkippedKeys


@dataclass(frozen=True, slots=True)
class RatchetState:
    """One side of a ratchet, between two messages.

    Args:
        root: mixed into by every root step.
        our_private: our newest ratchet key; None until the initiator first sends.
        their_key: the peer's newest ratchet key; None until the responder has
            opened the first message.
        sending: None while a sending step is owed.
        receiving: None until the first message of the peer.
        previous_count: messages sent on the last sending chain that ended.
        skipped: keys of messages still on their way.
        since_mix: tells when the next KEM key is due.
    """

    root: RootKey
    our_private: CurvePrivateKey | None
    their_key: bytes | None
    sending: SendingChain | None = None
    receiving: ReceivingChain | None = None
    previous_count: int = 0
    skipped: SkippedKeys = NO_SKIPPED_KEYS
    since_mix: SinceMix = JUST_MIXED

    # Every message takes one of these two: spelled out they cost half of dataclasses.replace.

    def after_sending(self, chain: SendingChain) -> "RatchetState":
        """Give this state after a message that leaves the sending chain as ``chain``."""
        return RatchetState(
            self.root,
            self.our_private,
            self.their_key,
            chain,
            self.receiving,
            self.previous_count,
            self.skipped,
            self.since_mix.sent(),
        )

    def after_opening(self, chain: ReceivingChain, now_ms: int) -> "RatchetState":
        """Give this state after a message that leaves the receiving chain as ``chain``."""
        return RatchetState(
            self.root,
            self.our_private,
            self.their_key,
            self.sending,
            chain,
            self.previous_count,
            self.skipped,
            self.since_mix.opened(now_ms),
        )


def initiator_state(root: RootKey, their_signed_prekey: bytes) -> RatchetState:
    """Give the initiator's first state: the peer's ratchet key is its signed prekey."""
    return RatchetState(root, our_private=None, their_key=their_signed_prekey)


def responder_state(root: RootKey, our_signed_prekey: CurvePrivateKey) -> RatchetState:
    """Give the responder's first state: its ratchet key is its signed prekey."""
    return RatchetState(root, our_private=our_signed_prekey, their_key=None)
