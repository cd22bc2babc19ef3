"""P4, classical: what a thief of a session's state opens, as numbers of messages.

The thief holds a copy of one side's state, made at one moment, and sees every
message. It is played by the real code, fed with the stolen state.
"""

from dataclasses import replace

from protocol.e2ee.ratchet.chain import ReceivingChain
from protocol.e2ee.session import Session, decrypt, encrypt
from protocol.errors import PeerError
from tests.protocol.e2ee.parties import NOW_MS, established
from tests.support.randomness import SeededBytes

DRAW = SeededBytes("p4")


def _opens(stolen: Session, message: bytes) -> bool:
    try:
        decrypt(stolen, message, NOW_MS)
    except PeerError:
        return False
    return True


def test_p4_a_stolen_state_opens_no_message_received_before() -> None:
    alice, bob = established(DRAW)
    before = []
    for turn in range(6):
        alice, message = encrypt(alice, b"%d" % turn, DRAW)
        bob, _ = decrypt(bob, message, NOW_MS)
        before.append(message)
        if turn % 2:
            bob, answer = encrypt(bob, b"", DRAW)
            alice, _ = decrypt(alice, answer, NOW_MS)
    assert [_opens(bob, message) for message in before] == [False] * 6


def test_p4_a_stolen_state_opens_messages_that_were_on_their_way() -> None:
    """The price of opening late messages: their keys wait in the state."""
    alice, bob = established(DRAW)
    alice, late = encrypt(alice, b"late", DRAW)
    alice, message = encrypt(alice, b"", DRAW)
    bob, _ = decrypt(bob, message, NOW_MS)
    assert _opens(bob, late)


def test_p4_a_stolen_state_opens_nothing_that_its_owner_sent_before() -> None:
    alice, _ = established(DRAW)
    sent = []
    for _ in range(3):
        alice, message = encrypt(alice, b"", DRAW)
        sent.append(message)
    assert [_opens(alice, message) for message in sent] == [False] * 3
    as_receiver = _turned(alice)
    assert [_opens(as_receiver, message) for message in sent] == [False] * 3
    _, following = encrypt(alice, b"", DRAW)
    assert _opens(as_receiver, following)


def test_p4_healing_takes_one_message_of_the_victim_and_one_answer() -> None:
    """Bob's state is stolen when he owes a sending step. Messages the thief opens, in a row:

    all of Alice's present chain; then Bob sends one (with a ratchet key that the
    thief does not have), Alice answers it, and the thief is out.
    """
    alice, bob = established(DRAW)
    alice, message = encrypt(alice, b"", DRAW)
    bob, _ = decrypt(bob, message, NOW_MS)
    stolen, opened = bob, []
    for _ in range(3):
        alice, message = encrypt(alice, b"same chain", DRAW)
        opened.append(_opens(stolen, message))
        bob, _ = decrypt(bob, message, NOW_MS)
    bob, healing = encrypt(bob, b"a new ratchet key", DRAW)
    alice, _ = decrypt(alice, healing, NOW_MS)
    for _ in range(3):
        alice, message = encrypt(alice, b"after it", DRAW)
        opened.append(_opens(stolen, message))
        bob, _ = decrypt(bob, message, NOW_MS)
    assert opened == [True, True, True, False, False, False]


def test_p4_stolen_between_sending_and_answer_one_chain_more_is_open() -> None:
    """Bob's state is stolen after his sending step: the answer to it is still readable."""
    alice, bob = established(DRAW)
    alice, message = encrypt(alice, b"", DRAW)
    bob, _ = decrypt(bob, message, NOW_MS)
    bob, message = encrypt(bob, b"", DRAW)
    alice, _ = decrypt(alice, message, NOW_MS)
    stolen, opened = bob, []
    for _ in range(3):
        alice, message = encrypt(alice, b"", DRAW)
        if _opens(stolen, message):
            stolen, _ = decrypt(stolen, message, NOW_MS)
            opened.append(True)
        else:
            opened.append(False)
        bob, _ = decrypt(bob, message, NOW_MS)
        bob, message = encrypt(bob, b"", DRAW)
        alice, _ = decrypt(alice, message, NOW_MS)
    assert opened == [True, False, False]


def _turned(session: Session) -> Session:
    """Turn a stolen sending chain into a receiving one, as a thief would."""
    sending = session.ratchet.sending
    assert sending is not None
    chain = ReceivingChain(sending.ratchet_key, sending.key, sending.count)
    return replace(session, ratchet=replace(session.ratchet, receiving=chain))
