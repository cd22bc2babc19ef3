"""Checks that the product and a second opinion keep up a conversation.

Each check takes a second opinion as a module, so that a faulty copy fits as well.
"""

import random
from types import ModuleType

from protocol.limits import MAX_FORWARD_JUMP, SKIPPED_KEY_LIFE_MS
from tests.protocol.e2ee.parties import NOW_MS, party
from tests.protocol.e2ee.second_sides import (
    REFUSED,
    ProductSide,
    SecondSide,
    Twins,
    product_begins,
    second_begins,
)
from tests.support.randomness import SeededBytes

BOB = party("bob")
HOUR_MS = 3_600_000
OTHER = {"alice": "bob", "bob": "alice"}


def handshakes(opinion: ModuleType) -> None:
    """Either side begins, with a one-time pair and without; both answer and go on."""
    for begin in (product_begins, second_begins):
        for one_time in (True, False):
            alice, bob = begin(opinion, SeededBytes("handshakes"), one_time=one_time)
            for number in range(10):
                again = alice.send(b"repeats the handshake")
                assert again[1] == (1 if number == 0 else 0)
                assert bob.receive(again, NOW_MS) == b"repeats the handshake"
                assert alice.receive(bob.send(b"back %d" % number), NOW_MS) == b"back %d" % number


def hybrid_by_turns(opinion: ModuleType) -> None:
    """Keys are attached to the messages that the page names, and the next one answers."""
    twins, attached, answered = Twins(opinion, True, 1), [], []
    for number in range(2, 210):
        who = ("alice", "bob")[(number + 1) % 2]
        messages = twins.send(who, b"%d" % number)
        attached += [number] if messages[0][1] & 2 else []
        answered += [number] if messages[0][1] & 4 else []
        assert twins.receive(OTHER[who], messages, NOW_MS) == b"%d" % number
    assert attached == [51, 102, 153, 204]
    assert answered == [52, 103, 154, 205]


def hybrid_by_time(opinion: ModuleType) -> None:
    """A conversation of few words attaches a key after seven days, by either side."""
    twins, now_ms, flags = Twins(opinion, True, 2), NOW_MS, []
    for number in range(39):
        now_ms += (-84 if number == 6 else 42) * HOUR_MS  # once the relay's clock goes back
        who = ("bob", "alice")[number % 2]
        messages = twins.send(who, b"rarely")
        flags.append(messages[0][1] & 6)
        assert twins.receive(OTHER[who], messages, now_ms) == b"rarely"
    assert flags.count(2) == flags.count(4) == 7
    assert {index % 2 for index, each in enumerate(flags) if each == 2} == {0, 1}


def disorder(opinion: ModuleType) -> None:
    """Chains arrive backwards and with gaps, also those that carry KEM fields."""
    twins, carrying, late = Twins(opinion, False, 3), 0, []
    for turn in range(30):
        who = ("bob", "alice")[turn % 2]
        chain = [(b"%d" % index, twins.send(who, b"%d" % index)) for index in range(8)]
        carrying += chain[0][1][0][1] & 6 != 0
        late += [(OTHER[who], *chain.pop(0 if turn % 3 else -1))]  # two turns later
        chain.pop(3)  # lost
        for plaintext, messages in reversed(chain):
            assert twins.receive(OTHER[who], messages, NOW_MS + turn) == plaintext
            assert twins.receive(OTHER[who], messages, NOW_MS + turn) == REFUSED
        if turn > 1:
            to, plaintext, messages = late.pop(0)
            assert twins.receive(to, messages, NOW_MS + turn) == plaintext
    assert carrying >= 6


def limits(opinion: ModuleType) -> None:
    """Both skip 2,000 keys and not one more, keep the newest, and drop them at the same time."""
    twins = Twins(opinion, True, 4)
    sent = [twins.send("bob", b"%d" % index) for index in range(MAX_FORWARD_JUMP + 5)]
    assert twins.receive("alice", sent[MAX_FORWARD_JUMP + 1], NOW_MS) == REFUSED
    assert twins.receive("alice", sent[MAX_FORWARD_JUMP], NOW_MS) == b"2000"
    assert twins.receive("alice", sent[MAX_FORWARD_JUMP + 4], NOW_MS - 7) == b"2004"
    assert twins.receive("alice", sent[2], NOW_MS) == REFUSED
    assert twins.receive("alice", sent[3], NOW_MS) == b"3"
    last_ms = NOW_MS + SKIPPED_KEY_LIFE_MS
    assert twins.receive("alice", sent[MAX_FORWARD_JUMP + 2], last_ms - 1) == b"2002"
    assert twins.receive("alice", sent[MAX_FORWARD_JUMP + 3], last_ms) == REFUSED
    both_chains(opinion)


def both_chains(opinion: ModuleType) -> None:
    """The old chain and the new one together: 1,199 keys and 801, and no more."""
    twins = Twins(opinion, True, 5)
    old = [twins.send("bob", b"%d" % index) for index in range(MAX_FORWARD_JUMP + 3)]
    assert twins.receive("alice", old[0], NOW_MS) == b"0"
    assert twins.receive("alice", old[MAX_FORWARD_JUMP + 2], NOW_MS) == REFUSED
    assert twins.receive("alice", old[803], NOW_MS) == b"803"
    assert twins.receive("bob", twins.send("alice", b"turn"), NOW_MS) == b"turn"
    new = [twins.send("bob", b"%d" % index) for index in range(803)]
    assert twins.receive("alice", new[802], NOW_MS) == REFUSED
    assert twins.receive("alice", new[801], NOW_MS) == b"801"
    assert twins.receive("alice", old[802], NOW_MS) == REFUSED
    assert twins.receive("alice", old[804], NOW_MS) == b"804"


def unusual_peers(opinion: ModuleType) -> None:
    """What no honest peer does and the page lets pass: the product opens and answers it."""
    for begin in (product_begins, product_begins_with_the_signed_prekey, second_begins):
        one, other = begin(opinion, SeededBytes("unusual"), one_time=True)
        peer, ours = (one, other) if isinstance(one, SecondSide) else (other, one)
        assert isinstance(peer, SecondSide)
        for text in (b"one chain", b"another, though the first is not answered"):
            peer.session.owes_step = True
            assert ours.receive(peer.send(text), NOW_MS) == text
        assert peer.receive(ours.send(b"answers the newest"), NOW_MS) == b"answers the newest"


def product_begins_with_the_signed_prekey(
    opinion: ModuleType, random_bytes: SeededBytes, *, one_time: bool
) -> tuple[ProductSide, SecondSide]:
    """Begin, and let Bob answer under a ratchet key that is his signed prekey once more."""
    alice, bob = product_begins(opinion, random_bytes, one_time=one_time)
    usual = vars(opinion)["draw"]
    vars(opinion)["draw"] = lambda size: BOB.signed_private.expose()[:size]
    message = bob.send(b"not a new key")
    vars(opinion)["draw"] = usual
    assert message[18:50] == BOB.signed_prekey.key
    assert alice.receive(message, NOW_MS) == b"not a new key"
    return alice, bob


def random_histories(opinion: ModuleType) -> None:
    """Seeded histories of some hundred messages, begun with a one-time pair and without."""
    for seed in range(2):
        random_history(opinion, seed)


def random_history(opinion: ModuleType, seed: int) -> None:
    """Play one history, with loss, repeats and a restless clock."""
    steps, twins = random.Random(seed), Twins(opinion, seed % 2 == 0, seed)
    mail: dict[str, list[tuple[bytes, tuple[bytes, bytes]]]] = {"alice": [], "bob": []}
    now_ms, opened, refused, kem_messages = NOW_MS, 0, 0, 0
    for number in range(600):
        now_ms += steps.choice([0, 1, HOUR_MS, HOUR_MS, 40 * HOUR_MS, -HOUR_MS])
        who = steps.choice(["alice", "bob"])
        messages = twins.send(who, b"%d" % number)
        kem_messages += messages[0][1] & 6 != 0
        if steps.random() < 0.9:
            mail[OTHER[who]].append((b"%d" % number, messages))
        for to in ("alice", "bob"):
            if not mail[to] or steps.random() < 0.4:
                continue
            at = steps.randrange(min(3, len(mail[to])))
            plaintext, messages = mail[to][at] if steps.random() < 0.1 else mail[to].pop(at)
            got = twins.receive(to, messages, now_ms)
            assert got in (plaintext, REFUSED)
            opened, refused = opened + (got != REFUSED), refused + (got == REFUSED)
    print(f"{opened} opened, {refused} refused, {kem_messages} with KEM fields")
    assert opened > 300
    assert refused > 20
    assert kem_messages > 10
