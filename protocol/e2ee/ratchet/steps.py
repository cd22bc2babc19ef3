"""Root steps: how a state becomes the next when a ratchet key changes.

The two sides take them by turns. A party answers a new ratchet key of the peer
with a new one of its own, but lazily: only when it has something to send. So
each new chain answers exactly the chain before it, and a KEM key attached to
the one is answered in the other.

Spec: docs/protocol.md#ratchet, docs/protocol.md#hybrid-steps
"""

from dataclasses import replace

from protocol.e2ee.curve import dh, make_curve_pair
from protocol.e2ee.kem import kem_public_of, make_kem_seed
from protocol.e2ee.ratchet.chain import ReceivingChain, SendingChain
from protocol.e2ee.ratchet.header import RatchetHeader
from protocol.e2ee.ratchet.hybrid import answering_parts, receiving_parts
from protocol.e2ee.ratchet.root import root_step
from protocol.e2ee.ratchet.since_mix import JUST_MIXED
from protocol.e2ee.ratchet.state import RatchetState
from protocol.errors import DecryptionFailed, NothingReceivedYet
from protocol.randomness import RandomBytes


def sending_step(
    state: RatchetState, random_bytes: RandomBytes
) -> tuple[RatchetState, SendingChain]:
    """Draw a new ratchet pair and begin a sending chain with it.

    A KEM key that the peer attached is answered, which sets the count back; then
    one of ours is attached if it is due.

    Returns:
        The next state and the chain that is now in it.

    Raises:
        NothingReceivedYet: a responder has no key of the peer before the
            first message.
    Cost: two X25519 operations; about 100 us more to answer, 250 us to attach.
    """
    if state.their_key is None:
        raise NothingReceivedYet
    parts = answering_parts(state.receiving)
    since_mix = state.since_mix if parts.secret is None else state.since_mix.answered()
    kem_seed = make_kem_seed(random_bytes) if since_mix.is_due else None
    if kem_seed is not None:
        parts = parts.attaching(kem_public_of(kem_seed))
    pair = make_curve_pair(random_bytes)
    root, chain_key = root_step(state.root, dh(pair.private, state.their_key), parts)
    chain = SendingChain(
        pair.public, chain_key, state.previous_count, kem=parts.fields, kem_seed=kem_seed
    )
    next_state = replace(
        state, root=root, our_private=pair.private, sending=chain, since_mix=since_mix
    )
    return next_state, chain


def receiving_step(
    state: RatchetState, header: RatchetHeader
) -> tuple[RatchetState, ReceivingChain]:
    """Begin a receiving chain with the new ratchet key of ``header``.

    The sending chain ends: its keys are forgotten, also the one to decapsulate
    with, and a sending step is owed.

    Args:
        header: not authenticated; keep the result only if its message opens.

    Returns:
        The next state and the chain that is now in it.

    Raises:
        BadPublicKey: the ratchet key is a point of low order, or the attached
            KEM key is none.
        DecryptionFailed: we have sent nothing that could be answered.
        KemFieldsRefused: it does not answer what we attached.
    Cost: one X25519 operation, and a decapsulation if we attached a key.
    """
    if state.our_private is None:
        raise DecryptionFailed("message")
    parts = receiving_parts(state.sending, header.kem)
    agreement = dh(state.our_private, header.ratchet_key)
    root, chain_key = root_step(state.root, agreement, parts)
    chain = ReceivingChain(header.ratchet_key, chain_key, kem=header.kem)
    next_state = replace(
        state,
        root=root,
        their_key=header.ratchet_key,
        sending=None,
        receiving=chain,
        previous_count=state.previous_count if state.sending is None else state.sending.count,
        since_mix=state.since_mix if parts.secret is None else JUST_MIXED,
    )
    return next_state, chain
