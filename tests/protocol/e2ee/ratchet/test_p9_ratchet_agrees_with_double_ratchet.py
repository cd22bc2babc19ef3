"""P9: without KEM fields the ratchet exchanges messages with PyPI ``DoubleRatchet``.

Theirs is set up to speak our header, our root-step info and our body; everything
between (steps, chains, skipped keys, their order) is its own.
"""

import asyncio
import os
from dataclasses import dataclass, replace
from hashlib import sha256
from random import Random
from typing import Protocol

import doubleratchet
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from doubleratchet.recommended import (
    HashFunction,
    diffie_hellman_ratchet_curve25519,
    kdf_hkdf,
    kdf_separate_hmacs,
)

from protocol.e2ee.curve import make_curve_pair
from protocol.e2ee.ratchet import ratchet
from protocol.e2ee.ratchet.header import RatchetHeader, split_untrusted
from protocol.e2ee.ratchet.root import RootKey
from protocol.e2ee.ratchet.since_mix import JUST_MIXED
from protocol.e2ee.ratchet.state import RatchetState, initiator_state, responder_state
from protocol.ids import SessionId
from tests.support.randomness import SeededBytes

SHARED_SECRET = b"s" * 32
ASSOCIATED_DATA = b"a" * 32
SESSION_ID = SessionId(ASSOCIATED_DATA[:16])
PREKEY = make_curve_pair(SeededBytes("signed prekey"))


class TheirRootKdf(kdf_hkdf.KDF):
    """HKDF-SHA-256 with the info of a step without KEM parts."""

    @staticmethod
    def _get_hash_function() -> HashFunction:
        return HashFunction.SHA_256

    @staticmethod
    def _get_info() -> bytes:
        return b"glasspost/1/ratchet-root" + sha256(b"").digest()


class TheirChainKdf(kdf_separate_hmacs.KDF):
    """HMAC-SHA-256 with 0x02 for the chain key, 0x01 for the message key."""

    @staticmethod
    def _get_hash_function() -> HashFunction:
        return HashFunction.SHA_256


class TheirAead(doubleratchet.AEAD):
    """ChaCha20-Poly1305 with the nonce in front."""

    @staticmethod
    async def encrypt(plaintext: bytes, key: bytes, associated_data: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + ChaCha20Poly1305(key).encrypt(nonce, plaintext, associated_data)

    @staticmethod
    async def decrypt(ciphertext: bytes, key: bytes, associated_data: bytes) -> bytes:
        try:
            return ChaCha20Poly1305(key).decrypt(ciphertext[:12], ciphertext[12:], associated_data)
        except InvalidTag as error:
            raise doubleratchet.AuthenticationFailedException from error


def _header_bytes(header: doubleratchet.Header) -> bytes:
    return RatchetHeader(
        SESSION_ID,
        header.ratchet_pub,
        header.previous_sending_chain_length,
        header.sending_chain_length,
    ).encode()


class TheirRatchet(doubleratchet.DoubleRatchet):
    """Speaks our header."""

    @staticmethod
    def _build_associated_data(associated_data: bytes, header: doubleratchet.Header) -> bytes:
        return associated_data + _header_bytes(header)


class Side(Protocol):
    """Either implementation, behind bytes."""

    def send(self, text: bytes) -> bytes: ...

    def receive(self, message: bytes) -> bytes: ...


@dataclass
class Ours:
    """Our ratchet."""

    state: RatchetState
    random_bytes: SeededBytes

    def send(self, text: bytes) -> bytes:
        # Theirs knows no KEM keys: ours counts anew, so that none is ever due.
        self.state = replace(self.state, since_mix=JUST_MIXED)
        self.state, message = ratchet.encrypt(
            self.state, SESSION_ID, ASSOCIATED_DATA, None, text, self.random_bytes
        )
        return message

    def receive(self, message: bytes) -> bytes:
        self.state, text = ratchet.decrypt(self.state, ASSOCIATED_DATA, split_untrusted(message), 0)
        return text


@dataclass
class Theirs:
    """PyPI's ratchet; it comes to be with its first message, sent or received."""

    begins: bool
    inner: TheirRatchet | None = None

    def send(self, text: bytes) -> bytes:
        if self.inner is None:
            assert self.begins
            self.inner, encrypted = asyncio.run(
                TheirRatchet.encrypt_initial_message(
                    diffie_hellman_ratchet_curve25519.DiffieHellmanRatchet,
                    TheirRootKdf,
                    TheirChainKdf,
                    b"\x02\x01",
                    2_000,
                    2_000,
                    TheirAead,
                    SHARED_SECRET,
                    PREKEY.public,
                    text,
                    ASSOCIATED_DATA,
                )
            )
        else:
            encrypted = asyncio.run(self.inner.encrypt_message(text, ASSOCIATED_DATA))
        return _header_bytes(encrypted.header) + encrypted.ciphertext

    def receive(self, message: bytes) -> bytes:
        header, _, body = split_untrusted(message)
        encrypted = doubleratchet.EncryptedMessage(
            doubleratchet.Header(header.ratchet_key, header.previous_count, header.index), body
        )
        if self.inner is not None:
            return asyncio.run(self.inner.decrypt_message(encrypted, ASSOCIATED_DATA))
        self.inner, text = asyncio.run(
            TheirRatchet.decrypt_initial_message(
                diffie_hellman_ratchet_curve25519.DiffieHellmanRatchet,
                TheirRootKdf,
                TheirChainKdf,
                b"\x02\x01",
                2_000,
                2_000,
                TheirAead,
                SHARED_SECRET,
                PREKEY.private.expose(),
                encrypted,
                ASSOCIATED_DATA,
            )
        )
        return text


def _pair(we_begin: bool, random_bytes: SeededBytes) -> tuple[Side, Side]:
    """Give initiator and responder, one of each make."""
    root = RootKey(SHARED_SECRET)
    if we_begin:
        return Ours(initiator_state(root, PREKEY.public), random_bytes), Theirs(begins=False)
    return Theirs(begins=True), Ours(responder_state(root, PREKEY.private), random_bytes)


@pytest.mark.parametrize("we_begin", [True, False])
def test_p9_a_conversation_by_turns(we_begin: bool, seed: int) -> None:
    initiator, responder = _pair(we_begin, SeededBytes(seed))
    for turn in range(12):
        for sender, receiver in ((initiator, responder), (responder, initiator)):
            for index in range(turn % 3 + 1):
                text = b"%d %d" % (turn, index)
                assert receiver.receive(sender.send(text)) == text


@pytest.mark.parametrize("we_begin", [True, False])
@pytest.mark.parametrize("history", range(8))
def test_p9_random_histories_with_loss_and_disorder(
    we_begin: bool, history: int, rng: Random
) -> None:
    """Any message at any time, some never: whatever arrives first opens, on either make."""
    sides = _pair(we_begin, SeededBytes(rng.randbytes(8)))
    flying: tuple[list[tuple[bytes, bytes]], ...] = ([], [])
    opened = 0
    may_speak = [True, False]
    for number in range(120):
        who = rng.randrange(2)
        if may_speak[who] and rng.random() < 0.55:
            text = b"%d" % number
            message = sides[who].send(text)
            if rng.random() > 0.1:
                flying[1 - who].append((message, text))
        elif flying[who]:
            message, text = flying[who].pop(rng.randrange(len(flying[who])))
            assert sides[who].receive(message) == text
            may_speak[who] = True
            opened += 1
    assert opened > 20
