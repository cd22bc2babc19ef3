"""Root steps: how a state becomes the next when a ratchet key changes.

The two sides take them by turns. A party answers a new ratchet key of the peer
with a new one of its own, but lazily: only when it has something to send.

Spec: docs/protocol.md#ratchet
"""

from dataclasses import replace

from protocol.e2ee.curve import dh, make_curve_pair
from protocol.e2ee.ratchet.chain import ReceivingChain, SendingChain
from protocol.e2ee.ratchet.header import RatchetHeader
from protocol.e2ee.ratchet.hybrid import CLASSICAL, received_parts
from protocol.e2ee.ratchet.root import root_step
from protocol.e2ee.ratchet.state import RatchetState
from protocol.errors import DecryptionFailed, NothingReceivedYet
from protocol.randomness import RandomBytes


def sending_step(
    state: RatchetState, random_bytes: RandomBytes
) -> tuple[RatchetState, SendingChain]:
    """Draw a new ratchet pair and begin a sending chain with it.

    Returns:
        The next state and the chain that is now in it.

    Raises:
        NothingReceivedYet: a responder has no key of the peer before the
            first message.
    Cost: two X25519 operations.
    """
    if state.their_key is None:
        raise NothingReceivedYet
    pair = make_curve_pair(random_bytes)
    root, chain_key = root_step(state.root, dh(pair.private, state.their_key), CLASSICAL)
    chain = SendingChain(pair.public, chain_key, state.previous_count)
    return replace(state, root=root, our_private=pair.private, sending=chain), chain


def receiving_step(
    state: RatchetState, header: RatchetHeader
) -> tuple[RatchetState, ReceivingChain]:
    """Begin a receiving chain with the new ratchet key of ``header``.

    The sending chain ends: its key is forgotten and a sending step is owed.

    Args:
        header: not authenticated; keep the result only if its message opens.

    Returns:
        The next state and the chain that is now in it.

    Raises:
        BadPublicKey: the ratchet key is a point of low order.
        DecryptionFailed: we have sent nothing that could be answered.
        UnsupportedFeature: the header carries KEM fields.
    Cost: one X25519 operation.
    """
    if state.our_private is None:
        raise DecryptionFailed("message")
    agreement = dh(state.our_private, header.ratchet_key)
    root, chain_key = root_step(state.root, agreement, received_parts(header))
    chain = ReceivingChain(header.ratchet_key, chain_key)
    next_state = replace(
        state,
        root=root,
        their_key=header.ratchet_key,
        sending=None,
        receiving=chain,
        previous_count=state.previous_count if state.sending is None else state.sending.count,
    )
    return next_state, chain
