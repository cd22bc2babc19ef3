"""Chains: each key once, none backwards."""

import pytest

from protocol.e2ee.kem import KemSeed
from protocol.e2ee.ratchet.chain import (
    ChainKey,
    ReceivingChain,
    SendingChain,
    next_message_key,
    skip_to,
    take_message_key,
)
from protocol.e2ee.ratchet.kem_fields import KemFields
from protocol.errors import CallerError, ChainExhausted, KeyGone
from protocol.limits import MAX_CHAIN_MESSAGES

START = ChainKey(bytes(range(32)))
PEER = b"p" * 32


def test_both_directions_give_the_same_keys() -> None:
    sending, receiving = SendingChain(PEER, START, 0), ReceivingChain(PEER, START)
    for index in range(5):
        assert sending.count == receiving.index == index
        sending, ours = next_message_key(sending)
        receiving, theirs = take_message_key(receiving, index)
        assert ours == theirs


def test_keys_never_repeat() -> None:
    _, keys = skip_to(ReceivingChain(PEER, START), 200)
    assert len({key.expose() for key in keys}) == 200


def test_skipping_gives_the_keys_passed_over_in_order() -> None:
    chain = ReceivingChain(PEER, START)
    skipped_chain, passed = skip_to(chain, 3)
    stepped, taken = chain, []
    for index in range(3):
        stepped, key = take_message_key(stepped, index)
        taken.append(key)
    assert passed == taken
    assert skipped_chain == stepped


def test_skipping_to_where_the_chain_is_or_was_changes_nothing() -> None:
    chain, _ = skip_to(ReceivingChain(PEER, START), 3)
    assert skip_to(chain, 3) == (chain, [])
    assert skip_to(chain, 0) == (chain, [])


def test_a_key_is_handed_out_once() -> None:
    chain, _ = take_message_key(ReceivingChain(PEER, START), 0)
    with pytest.raises(KeyGone):
        take_message_key(chain, 0)


def test_chain_values_do_not_change() -> None:
    chain = SendingChain(PEER, START, 7)
    following, _ = next_message_key(chain)
    assert chain == SendingChain(PEER, START, 7)
    assert (following.previous_count, following.count) == (7, 1)
    assert following.key != START


def test_chains_carry_their_kem_fields_on() -> None:
    fields, seed = KemFields(b"k", b"c"), KemSeed(bytes(64))
    sending, _ = next_message_key(SendingChain(PEER, START, 0, kem=fields, kem_seed=seed))
    assert (sending.kem, sending.kem_seed) == (fields, seed)
    receiving, _ = take_message_key(ReceivingChain(PEER, START, kem=fields), 0)
    receiving, _ = skip_to(receiving, 3)
    assert receiving.kem == fields


def test_a_chain_ends_after_as_many_messages_as_its_fields_can_count() -> None:
    chain = SendingChain(PEER, START, 0, MAX_CHAIN_MESSAGES - 1)
    chain, _ = next_message_key(chain)
    assert chain.count == MAX_CHAIN_MESSAGES == 2**32 - 1
    with pytest.raises(ChainExhausted) as caught:
        next_message_key(chain)
    assert isinstance(caught.value, CallerError)
