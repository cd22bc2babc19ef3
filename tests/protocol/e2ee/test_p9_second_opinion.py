"""P9: the product agrees with a second implementation that was written from the page alone.

Each check takes a second opinion. The real one must pass all of them; copies with
one planted fault must each fail the check that is to notice it.
"""

import ast
import inspect
import random
from collections.abc import Callable
from types import ModuleType

import pytest

from protocol.e2ee import content, sealed
from protocol.e2ee.padding import Padding, pad, unpad_untrusted
from protocol.e2ee.prekeys import verify_bundle
from protocol.e2ee.safety_number import safety_number
from protocol.e2ee.sealed_payload import PayloadKind, SealedPayload
from protocol.encoding import encode_fields
from protocol.errors import GlasspostError, WireError
from protocol.ids import MessageId
from protocol.labels import Label
from protocol.limits import MAX_FORWARD_JUMP, SKIPPED_KEY_LIFE_MS
from protocol.packing import pack
from protocol.records import Account, login_fields, register_fields
from tests import second_opinion
from tests.protocol.e2ee.parties import NOW_MS, party
from tests.protocol.e2ee.second_sides import (
    REFUSED,
    ProductSide,
    SecondSide,
    Twins,
    device_of,
    product_begins,
    second_begins,
    second_bundle,
)
from tests.support.randomness import SeededBytes

ALICE, BOB = party("alice"), party("bob")
HOUR_MS = 3_600_000
OTHER = {"alice": "bob", "bob": "alice"}
IDS = [MessageId(bytes([number]) * 16) for number in range(200)]
SOURCE = inspect.getsource(second_opinion)

Check = Callable[[ModuleType], None]


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
    """Seeded histories of some hundred messages, with loss, repeats and a restless clock."""
    for seed in range(3):
        print(f"seed {seed}")
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


def envelopes(opinion: ModuleType) -> None:
    """Each opens what the other sealed, of whatever size, and refuses it for another device."""
    bob = device_of(opinion, BOB)
    alice, key = device_of(opinion, ALICE), opinion.unpack(pack(BOB.sealing_key))
    for size in (0, 500, 4_072, 4_080, 4_081, 66_000):
        message = bytes([7]) * size
        payload = SealedPayload(ALICE.address, PayloadKind.RATCHET_MESSAGE, message)
        for padding in Padding:
            envelope = sealed.seal(
                payload, BOB.address, BOB.identity.public, BOB.sealing_key, padding
            )
            assert opinion.unseal(bob, envelope) == ("alice", 1, message)
        theirs = opinion.seal(alice, ("bob", 1, bob.identity), key, message)
        ours = sealed.seal(
            payload, BOB.address, BOB.identity.public, BOB.sealing_key, Padding.PADME
        )
        assert len(ours) == len(theirs)
        opened = sealed.open_envelope_untrusted(
            theirs, BOB.address, BOB.identity.public, BOB.sealing_private
        )
        assert opened == payload
        changed = ours[:-1] + bytes([ours[-1] ^ 1])
        for device, envelope in ((alice, ours), (bob, changed)):
            with pytest.raises(opinion.Refused):
                opinion.unseal(device, envelope)


def paddings(opinion: ModuleType) -> None:
    """The same bytes for every size around a boundary, and back."""
    for size in [*range(4_085, 4_100), *range(8_180, 8_200), *range(10_000, 200_000, 4_999)]:
        payload = b"p" * size
        padded = pad(payload, Padding.PADME)
        assert opinion.padded(payload) == padded
        assert opinion.unpadded(padded) == payload == unpad_untrusted(opinion.padded(payload))
        with pytest.raises(opinion.Refused):
            opinion.unpadded(padded + b"\x01")


def contents(opinion: ModuleType) -> None:
    """Each kind, and what no version knows yet, byte by byte; the same bytes are refused."""
    text = content.Content(IDS[1], 1, NOW_MS, content.Text("grüße 🐟"))
    body = content.Receipt(content.ReceiptStatus.READ, tuple(IDS))
    receipt = content.Content(IDS[2], 0, NOW_MS, body)
    assert content.encode_content(text) == opinion.pack([1, 1, IDS[1], 1, NOW_MS, ["grüße 🐟"]])
    assert content.encode_content(receipt) == opinion.pack([1, 2, IDS[2], 0, NOW_MS, [2, IDS]])
    accepted = [
        [1, 1, IDS[3], 2**64 - 1, 0, [""]],
        [1, 1, IDS[3], 7, 0, ["x" * 65_536]],
        [1, 2, IDS[3], 0, 0, [1, [IDS[0], IDS[0]]]],
        [1, 3, IDS[3], 0, 0, [None, True, [[b"new"]]]],
        [2, 1, IDS[3], 9, 0, "anything"],
        [1, 200, IDS[3], 0, 0, nested(16)],
        [1, 200, IDS[3], 0, 0, [0] * 4_096],
    ]
    for value in accepted:
        data = opinion.pack(value)
        assert opinion.read_content(data) == value
        ours = content.decode_content_untrusted(data)
        assert content.encode_content(ours) == data
        assert isinstance(ours.body, content.Unknown) == (tuple(value[:2]) not in ((1, 1), (1, 2)))
    for data in refused_contents(opinion):
        with pytest.raises(WireError):
            content.decode_content_untrusted(data)
        with pytest.raises(opinion.Refused):
            opinion.read_content(data)


def nested(levels: int) -> list[object]:
    value: list[object] = []
    for _ in range(levels - 1):
        value = [value]
    return value


def refused_contents(opinion: ModuleType) -> list[bytes]:
    values = [
        [1, 1, IDS[3], 0, 0, ["text"]],
        [1, 1, IDS[3], 1, 0, "text"],
        [1, 1, IDS[3], 1, 0, ["x" * 65_537]],
        [1, 1, IDS[3], 1, 0, [b"text"]],
        [1, 1, IDS[3], 1, 0, ["one", "two"]],
        [1, 1, IDS[3][:15], 1, 0, ["text"]],
        [1, 1, IDS[3], True, 0, ["text"]],
        [1, 1, IDS[3], 1, -1, ["text"]],
        [1, 1, IDS[3], 1, 0],
        [256, 1, IDS[3], 1, 0, ["text"]],
        [1, 2, IDS[3], 1, 0, [1, [IDS[0]]]],
        [1, 2, IDS[3], 0, 0, [3, [IDS[0]]]],
        [1, 2, IDS[3], 0, 0, [True, [IDS[0]]]],
        [1, 2, IDS[3], 0, 0, [1, []]],
        [1, 2, IDS[3], 0, 0, [1, [*IDS, IDS[0]]]],
        [1, 3, IDS[3], 0, 0, 1.5],
        [1, 3, IDS[3], 0, 0, {}],
        [1, 3, IDS[3], 0, 0, nested(17)],
        [1, 3, IDS[3], 0, 0, [0] * 4_097],
        "text",
    ]
    good = opinion.pack([1, 1, IDS[3], 1, 0, ["text"]])
    longer_one = good[:1] + b"\xcc\x01" + good[2:]  # 1 in two bytes
    return [*(opinion.pack(value) for value in values), longer_one, good + b"\x00", good[:-1], b""]


def safety_numbers(opinion: ModuleType) -> None:
    for name, other in (("alice", "bob"), ("bob", "alice"), ("alice", "x.y-z_9")):
        one, two = party(name).identity.public, party(other).identity.public
        ours = safety_number(name, one, other, two)
        assert opinion.safety_number((name, one), (other, two)) == ours


def statements(opinion: ModuleType) -> None:
    """What is signed to register, to log in and for prekeys, field by field."""
    nonce, relay_key = bytes(range(32)), bytes(range(32, 64))
    account = Account(ALICE.address.name, 1, ALICE.identity.public, BOB.identity.public)
    ours = encode_fields(Label.REGISTER, *register_fields(account, nonce, relay_key))
    keys = (account.identity, account.account_key)
    assert opinion.register_statement(nonce, relay_key, "alice", 1, *keys) == ours
    ours = encode_fields(Label.LOGIN, *login_fields(ALICE.address, nonce, relay_key, 2))
    assert opinion.login_statement(nonce, relay_key, "alice", 1, 2) == ours
    for one_time in (True, False):
        bundle = BOB.bundle(one_time=one_time)
        assert second_bundle(opinion, BOB, one_time=one_time) == bundle
        verify_bundle(second_bundle(opinion, BOB, one_time=one_time), BOB.address, NOW_MS, None)
        opinion.check_bundle(opinion.unpack(pack(bundle)), "bob", 1, NOW_MS)
        with pytest.raises(opinion.Refused):
            opinion.check_bundle(opinion.unpack(pack(bundle)), "alice", 1, NOW_MS)


CHECKS: list[Check] = [
    handshakes,
    hybrid_by_turns,
    hybrid_by_time,
    disorder,
    limits,
    unusual_peers,
    random_histories,
    envelopes,
    paddings,
    contents,
    safety_numbers,
    statements,
]


@pytest.mark.parametrize("check", CHECKS)
def test_p9_the_second_opinion_agrees(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_opinion, "draw", SeededBytes("second opinion"))
    check(second_opinion)


FAULTS: list[tuple[Check, str, str]] = [
    (handshakes, "1/handshake-transcript", "1/handshake-transcripts"),
    (handshakes, '1/handshake" + th', '1/handshakes" + th'),
    (handshakes, 'b"\\xff" * 32', "bytes(32)"),
    (handshakes, '/ratchet-root"', '/ratchet-roots"'),
    (
        handshakes,
        'mac(chain, b"\\x01"), mac(chain, b"\\x02")',
        "mac(chain, b'1'), mac(chain, b'2')",
    ),
    (
        handshakes,
        "s.heard_at, s.handshake = s.messages + 1, at, b",
        "s.heard_at, _ = s.messages + 1, at, b",
    ),
    (hybrid_by_turns, "/ratchet-root-hybrid", "/ratchet-hybrid"),
    (hybrid_by_turns, "dh + secret", "secret + dh"),
    (hybrid_by_turns, 'b"".join(parts)', 'b"".join(parts[:2])'),
    (hybrid_by_turns, "s.messages >= 50 or", "s.messages >= 51 or"),
    (hybrid_by_turns, "s.messages, s.mixed_at = 0, None", "s.messages, s.mixed_at = 1, None"),
    (hybrid_by_time, "7 * DAY_MS", "8 * DAY_MS"),
    (hybrid_by_time, "s.messages, s.mixed_at = 0, s.heard_at", "s.messages, s.mixed_at = 0, None"),
    (hybrid_by_time, "min(s.mixed_at, at)", "s.mixed_at"),
    (disorder, "s.previous, s.sent, s.our_fields = s.sent, 0", "s.sent, s.our_fields = 0"),
    (disorder, "skip(s, header.previous, at)", "skip(s, header.previous - 1, at)"),
    (disorder, "(header.kem_key, header.ciphertext) == s.their_fields", "not header.kem_key"),
    (limits, "s.received <= 2_000", "s.received <= 2_001"),
    (limits, "passed_over + header.index <= 2_000", "passed_over + header.index <= 2_001"),
    (limits, "[-2_000:]", "[-2_001:]"),
    (limits, "< 35 * DAY_MS", "<= 35 * DAY_MS"),
    (limits, "at = max([at, *(", "_ = max([at, *("),
    (random_histories, "at if s.mixed_at is None", "at - 1 if s.mixed_at is None"),
    (envelopes, "1/sealed-sender", "1/sealed"),
    (envelopes, "0x647A", "0x647B"),
    (paddings, "exponent - exponent.bit_length()", "exponent - exponent.bit_length() - 1"),
    (contents, "<= 65_536", "<= 65_537"),
    (contents, "levels(body) <= 16", "levels(body) <= 17"),
    (safety_numbers, "5_199", "5_200"),
    (statements, "1/register", "1/registration"),
    (statements, "u32(device), u32(version)", "u32(version), u32(device)"),
    (statements, "u32(record[0]), u64(record[1])", "u32(record[0]), u32(record[1] % 2**32)"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("check", "right", "wrong"), FAULTS)
def test_a_planted_disagreement_is_noticed(check: Check, right: str, wrong: str) -> None:
    assert SOURCE.count(right) == 1
    copy = ModuleType("a_faulty_copy")
    exec(compile(SOURCE.replace(right, wrong), "a faulty copy", "exec"), copy.__dict__)
    copy.__dict__["draw"] = SeededBytes("a faulty copy")
    noticed = (AssertionError, pytest.fail.Exception, GlasspostError, copy.__dict__["Refused"])
    with pytest.raises(noticed):
        check(copy)


def test_it_imports_nothing_of_ours() -> None:
    imported = set()
    for node in ast.walk(ast.parse(SOURCE)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add((node.module or "").split(".")[0])
    standard = {"dataclasses", "hashlib", "hmac", "struct", "typing"}
    assert imported == standard | {"cryptography", "msgpack", "nacl"}
    assert "__import__" not in SOURCE
    assert "importlib" not in SOURCE
