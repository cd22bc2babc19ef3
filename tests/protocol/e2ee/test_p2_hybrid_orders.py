"""P2: hybrid steps under every loss and every order of short chains, all histories one by one.

Four chains by turns: a key, its answer, a key, its answer. Of each chain any
message may come first, any may be missing when the other side goes on, and those
come after everything else, in both orders. Every message opens, once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import pytest

from protocol.e2ee.session import Session, decrypt, encrypt, peek_untrusted
from protocol.errors import KemFieldsRefused, KeyGone
from tests.protocol.e2ee.hybrid_sides import due
from tests.protocol.e2ee.parties import NOW_MS, established
from tests.support.randomness import SeededBytes

DRAW = SeededBytes("orders")
Mail = tuple[bytes, ...]

CHAIN_LENGTHS = (3, 3, 2, 2)


@dataclass(frozen=True)
class Sides:
    """Both sessions and what is still on its way to each; nothing here ever changes."""

    sender: Session
    receiver: Session
    to_sender: Mail = ()
    to_receiver: Mail = ()

    def turned(self) -> "Sides":
        return Sides(self.receiver, self.sender, self.to_receiver, self.to_sender)


def _arrivals(chain: Mail) -> Iterator[tuple[Mail, Mail]]:
    """Give each order in which some of ``chain`` arrive, at least one, and what is late."""
    for count in range(1, len(chain) + 1):
        for first in permutations(chain, count):
            yield first, tuple(message for message in chain if message not in first)


def _send_chain(sides: Sides, number: int) -> tuple[Sides, Mail]:
    """Let the sender write a chain: every second one has a key to attach, every other answers."""
    sender, attaches = sides.sender, number % 2 == 0
    sender = due(sender) if attaches else sender
    chain = []
    for index in range(CHAIN_LENGTHS[number]):
        sender, message = encrypt(sender, b"%d %d" % (number, index), DRAW)
        attached_key, ciphertext = peek_untrusted(message).kem
        assert (bool(attached_key), bool(ciphertext)) == (attaches, not attaches)
        chain.append(message)
    return Sides(sender, sides.receiver, sides.to_sender, sides.to_receiver), tuple(chain)


def _histories(sides: Sides, number: int = 0) -> Iterator[Sides]:
    """Play chain ``number`` and all after it, in each way."""
    if number == len(CHAIN_LENGTHS):
        yield sides
        return
    sides, chain = _send_chain(sides, number)
    for first, late in _arrivals(chain):
        receiver = _open_all(sides.receiver, first)
        after = Sides(sides.sender, receiver, sides.to_sender, sides.to_receiver + late)
        yield from _histories(after.turned(), number + 1)


def _open_all(session: Session, mail: Mail) -> Session:
    for message in mail:
        index = peek_untrusted(message).index
        session, text = decrypt(session, message, NOW_MS)
        assert text.split()[1] == b"%d" % index
    return session


def test_p2_hybrid_steps_survive_every_order_and_loss_of_short_chains() -> None:
    count = 0
    for sides in _histories(Sides(*established(DRAW))):
        count += 1
        for session, late in (
            (sides.sender, sides.to_sender),
            (sides.receiver, sides.to_receiver),
        ):
            _open_all(session, late)
            done = _open_all(session, late[::-1])
            assert len(done.ratchet.skipped) == 0
    assert count == 15 * 15 * 4 * 4


def test_p2_a_message_of_a_hybrid_chain_opens_once() -> None:
    alice, bob = established(DRAW)
    _, chain = _send_chain(Sides(alice, bob), 0)
    bob = _open_all(bob, (chain[2], chain[0]))
    for used in (chain[2], chain[0]):
        with pytest.raises((KeyGone, KemFieldsRefused)):
            decrypt(bob, used, NOW_MS)
    _open_all(bob, (chain[1],))
