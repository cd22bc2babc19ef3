"""P6: what a header claims bounds neither our time nor our memory; our limits do."""

from dataclasses import replace

import pytest

from protocol.e2ee.ratchet import chain
from protocol.e2ee.ratchet.header import split_untrusted
from protocol.e2ee.session import decrypt, encrypt
from protocol.e2ee.stored import pack_session
from protocol.errors import PeerError, TooManySkipped
from protocol.limits import MAX_FORWARD_JUMP, MAX_SKIPPED_KEYS
from tests.protocol.e2ee.parties import NOW_MS, established
from tests.support.randomness import SeededBytes

DRAW = SeededBytes("p6")


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count chain steps."""
    taken: list[int] = []
    real = chain.chain_step

    def counting(key: chain.ChainKey) -> tuple[chain.ChainKey, chain.MessageKey]:
        taken.append(1)
        return real(key)

    monkeypatch.setattr(chain, "chain_step", counting)
    return taken


@pytest.mark.parametrize("previous_count", [0, 1_000, 0xFFFFFFFF])
@pytest.mark.parametrize("index", [0, 1_999, 2_001, 0xFFFFFFFE, 0xFFFFFFFF])
@pytest.mark.parametrize("new_chain", [False, True])
def test_p6_no_header_costs_more_than_the_limit(
    steps: list[int], previous_count: int, index: int, new_chain: bool
) -> None:
    alice, bob = established(DRAW)
    alice, message = encrypt(alice, b"", DRAW)
    bob, _ = decrypt(bob, message, NOW_MS)
    _, message = encrypt(alice, b"", DRAW)
    parts = split_untrusted(message)
    header = replace(parts.header, previous_count=previous_count, index=index)
    if new_chain:
        header = replace(header, ratchet_key=b"\x09" * 32)
    steps.clear()
    with pytest.raises(PeerError):
        decrypt(bob, header.encode() + parts.body, NOW_MS)
    assert len(steps) <= MAX_FORWARD_JUMP + 1


def test_p6_a_refused_jump_costs_no_step(steps: list[int]) -> None:
    alice, bob = established(DRAW)
    _, message = encrypt(alice, b"", DRAW)
    parts = split_untrusted(message)
    steps.clear()
    bomb = replace(parts.header, index=MAX_FORWARD_JUMP + 1).encode() + parts.body
    with pytest.raises(TooManySkipped):
        decrypt(bob, bomb, NOW_MS)
    assert steps == []


def test_p6_a_hostile_peer_cannot_make_a_session_large() -> None:
    """The peer itself skips as much as it can, chain after chain."""
    alice, bob = established(DRAW)
    for _ in range(3):
        for _ in range(1_500):
            alice, _lost = encrypt(alice, b"", DRAW)
        alice, message = encrypt(alice, b"", DRAW)
        bob, _ = decrypt(bob, message, NOW_MS)
        bob, answer = encrypt(bob, b"", DRAW)
        alice, _ = decrypt(alice, answer, NOW_MS)
    assert len(bob.ratchet.skipped) == MAX_SKIPPED_KEYS
    assert len(pack_session(bob)) < 160_000
