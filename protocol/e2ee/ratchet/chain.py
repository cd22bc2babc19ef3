"""Chains: one direction of a conversation, one key per message.

    chain key 0 ──HMAC 0x02──▶ chain key 1 ──HMAC 0x02──▶ chain key 2 ─ ...
        │                          │                          │
     HMAC 0x01                  HMAC 0x01                  HMAC 0x01
        ▼                          ▼                          ▼
    message key 0             message key 1              message key 2

A chain only moves forward: who steals chain key 2 learns nothing about the
message keys before it. Sending and receiving chains are different types, so
that one cannot be used as the other.

Spec: docs/protocol.md#ratchet
"""

import hmac
from dataclasses import dataclass

from protocol.errors import KeyGone
from protocol.secret import Secret


class ChainKey(Secret):
    """Gives the next message key and the next chain key."""

    __slots__ = ()


class MessageKey(Secret):
    """Encrypts one message, once."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class SendingChain:
    """Our direction under one of our ratchet keys.

    Args:
        ratchet_key: our public ratchet key, repeated in each header.
        count: messages sent so far, so the index of the next.
        previous_count: messages sent on the sending chain before this one.
    """

    ratchet_key: bytes
    key: ChainKey
    previous_count: int
    count: int = 0


@dataclass(frozen=True, slots=True)
class ReceivingChain:
    """The peer's direction under one of its ratchet keys.

    Args:
        ratchet_key: the peer's public ratchet key, as its headers show it.
        index: the index that comes next.
    """

    ratchet_key: bytes
    key: ChainKey
    index: int = 0


def chain_step(key: ChainKey) -> tuple[ChainKey, MessageKey]:
    """Move a chain on by one message."""
    raw = key.expose()
    message_key = MessageKey(hmac.digest(raw, b"\x01", "sha256"))
    return ChainKey(hmac.digest(raw, b"\x02", "sha256")), message_key


def next_message_key(chain: SendingChain) -> tuple[SendingChain, MessageKey]:
    """Give the key of the next message to send, and the chain after it."""
    key, message_key = chain_step(chain.key)
    following = SendingChain(chain.ratchet_key, key, chain.previous_count, chain.count + 1)
    return following, message_key


def skip_to(chain: ReceivingChain, index: int) -> tuple[ReceivingChain, list[MessageKey]]:
    """Move on until ``index`` comes next, and give the keys passed over.

    Args:
        index: where to stop; the caller bounds how far ahead. One that the
            chain has passed changes nothing.
    Cost: two HMACs per key, about 3.5 us.
    """
    key = chain.key
    passed: list[MessageKey] = []
    for _ in range(chain.index, index):
        key, message_key = chain_step(key)
        passed.append(message_key)
    return ReceivingChain(chain.ratchet_key, key, chain.index + len(passed)), passed


def take_message_key(chain: ReceivingChain, index: int) -> tuple[ReceivingChain, MessageKey]:
    """Give the key at ``index``, which must come next, and the chain after it.

    Raises:
        KeyGone: the chain has passed ``index``.
    """
    if index < chain.index:
        raise KeyGone
    key, message_key = chain_step(chain.key)
    return ReceivingChain(chain.ratchet_key, key, index + 1), message_key
