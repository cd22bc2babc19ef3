"""Encrypt and decrypt: the double ratchet at work.

Both take a state and give the next one. Nothing is undone on failure, because
nothing was changed: the caller keeps the state it has.

Spec: docs/protocol.md#ratchet
"""

from dataclasses import replace

from protocol.e2ee.handshake_header import HandshakeHeader
from protocol.e2ee.ratchet.body import open_body, seal_body
from protocol.e2ee.ratchet.chain import (
    MessageKey,
    ReceivingChain,
    next_message_key,
    skip_to,
    take_message_key,
)
from protocol.e2ee.ratchet.header import RatchetHeader, RatchetMessage
from protocol.e2ee.ratchet.skipped import Place
from protocol.e2ee.ratchet.state import RatchetState
from protocol.e2ee.ratchet.steps import receiving_step, sending_step
from protocol.errors import KemFieldsRefused, TooManySkipped
from protocol.ids import SessionId
from protocol.limits import MAX_FORWARD_JUMP
from protocol.randomness import RandomBytes


def encrypt(
    state: RatchetState,
    session_id: SessionId,
    associated_data: bytes,
    handshake: HandshakeHeader | None,
    plaintext: bytes,
    random_bytes: RandomBytes,
) -> tuple[RatchetState, bytes]:
    """Encrypt ``plaintext`` as the next message of our sending chain.

    Args:
        associated_data: the session's; authenticated with the header, not sent.
        handshake: stands in the header until the peer has answered.

    Returns:
        The next state, to be stored before the message leaves this device, and
        the message.

    Raises:
        NothingReceivedYet: a responder cannot speak first.
        ChainExhausted: nothing more can be sent until the peer has answered.
    Cost: in a chain two HMACs; a sending step about 80 us, and a KEM operation
        now and then.
    """
    chain = state.sending
    if chain is None:
        state, chain = sending_step(state, random_bytes)
    header = RatchetHeader(
        session_id,
        chain.ratchet_key,
        chain.previous_count,
        chain.count,
        chain.kem,
        handshake,
    )
    chain, key = next_message_key(chain)
    header_bytes = header.encode()
    body = seal_body(key, plaintext, associated_data + header_bytes, random_bytes)
    return state.after_sending(chain), header_bytes + body


def decrypt(
    state: RatchetState, associated_data: bytes, message: RatchetMessage, now_ms: int
) -> tuple[RatchetState, bytes]:
    """Open a message of the peer, in whatever order messages come.

    Args:
        message: from :func:`protocol.e2ee.ratchet.header.split_untrusted`.
        now_ms: the relay's time: the age of skipped keys and of the last KEM
            secret is judged by it.

    Returns:
        The next state and the plaintext.

    Raises:
        KeyGone: the message was opened before, or its key has expired.
        TooManySkipped: it would skip more than MAX_FORWARD_JUMP messages.
        DecryptionFailed: it was changed or is not of this session. A message
            whose *chain* is long gone cannot be told from that.
        BadPublicKey: its ratchet key is a point of low order, or its KEM key is
            none.
        KemFieldsRefused: its KEM fields are not those of its chain, or the
            chain does not answer what we attached. A message of a chain long
            gone may look like that, too.
    Cost: at most one X25519 operation, one decapsulation and MAX_FORWARD_JUMP
        chain steps, about 10 ms, whatever the header claims.
    """
    state = expire_skipped(state, now_ms)
    state, key = _message_key(state, message.header, now_ms)
    return state, open_body(key, message.body, associated_data + message.header_bytes)


def expire_skipped(state: RatchetState, now_ms: int) -> RatchetState:
    """Drop skipped keys that have waited for SKIPPED_KEY_LIFE_MS of relay time.

    Decrypting does so by itself; this is for sessions on which nothing comes.
    """
    skipped = state.skipped.expire(now_ms)
    return state if skipped is state.skipped else replace(state, skipped=skipped)


def redate_skipped(state: RatchetState, latest_ms: int) -> RatchetState:
    """Let skipped keys dated ahead of ``latest_ms`` wait from then: their clock was wrong."""
    skipped = state.skipped.not_after(latest_ms)
    return state if skipped is state.skipped else replace(state, skipped=skipped)


def _message_key(
    state: RatchetState, header: RatchetHeader, now_ms: int
) -> tuple[RatchetState, MessageKey]:
    """Find or derive the key that ``header`` asks for; give the state once it has opened."""
    _require_fixed(state.receiving, header)
    place = Place(header.ratchet_key, header.index)
    kept = state.skipped.entries.get(place)
    if kept is not None:
        since_mix = state.since_mix.opened(now_ms)
        skipped = state.skipped.without(place)
        return replace(state, skipped=skipped, since_mix=since_mix), kept.key
    _require_bounded(_skip_count(state.receiving, header))
    chain = state.receiving
    if chain is None or chain.ratchet_key != header.ratchet_key:
        if chain is not None:
            state, _ = _skip_to(state, chain, header.previous_count, now_ms)
        state, chain = receiving_step(state, header)
    state, chain = _skip_to(state, chain, header.index, now_ms)
    chain, key = take_message_key(chain, header.index)
    return state.after_opening(chain, now_ms), key


def _require_fixed(chain: ReceivingChain | None, header: RatchetHeader) -> None:
    """Refuse KEM fields other than those that the chain began with."""
    if chain is not None and chain.ratchet_key == header.ratchet_key and chain.kem != header.kem:
        raise KemFieldsRefused("they are not those of the chain")


def _skip_count(chain: ReceivingChain | None, header: RatchetHeader) -> int:
    """Count the keys that ``header`` would make us keep, in the old chain and the new."""
    if chain is None:
        return header.index
    if chain.ratchet_key == header.ratchet_key:
        return header.index - chain.index
    return max(0, header.previous_count - chain.index) + header.index


def _require_bounded(skip_count: int) -> None:
    if skip_count > MAX_FORWARD_JUMP:
        raise TooManySkipped(skip_count, MAX_FORWARD_JUMP)


def _skip_to(
    state: RatchetState, chain: ReceivingChain, index: int, now_ms: int
) -> tuple[RatchetState, ReceivingChain]:
    """Move ``chain`` on to ``index`` and keep the keys passed over."""
    if index <= chain.index:
        return state, chain
    moved, passed = skip_to(chain, index)
    skipped = state.skipped.keep(chain.ratchet_key, chain.index, passed, now_ms)
    return replace(state, skipped=skipped), moved
