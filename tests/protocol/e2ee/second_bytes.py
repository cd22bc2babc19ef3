"""Checks that the product and a second opinion give and refuse the same bytes.

Each check takes a second opinion as a module, so that a faulty copy fits as well.
"""

from types import ModuleType

import pytest

from protocol.e2ee import content, sealed
from protocol.e2ee.padding import Padding, pad, unpad_untrusted
from protocol.e2ee.prekeys import verify_bundle
from protocol.e2ee.safety_number import safety_number
from protocol.e2ee.sender_tag import require_sender
from protocol.encoding import encode_fields
from protocol.errors import WireError
from protocol.ids import MessageId
from protocol.labels import Label
from protocol.packing import pack
from protocol.records import Account, login_fields, register_fields
from tests.protocol.e2ee.parties import NOW_MS, party
from tests.protocol.e2ee.second_sides import device_of, second_bundle

ALICE, BOB = party("alice"), party("bob")
IDS = [MessageId(bytes([number]) * 16) for number in range(200)]


def envelopes(opinion: ModuleType) -> None:
    """Each opens what the other sealed, of whatever size, and refuses it for another device."""
    bob = device_of(opinion, BOB)
    alice, key = device_of(opinion, ALICE), opinion.unpack(pack(BOB.sealing_key))
    for size in (0, 500, 4_056, 4_064, 4_065, 66_000):
        message = bytes([7]) * size
        payload = ALICE.payload_to(BOB, message)
        for padding in Padding:
            envelope = sealed.seal(
                payload, BOB.address, BOB.identity.public, BOB.sealing_key, padding
            )
            assert opinion.unseal(bob, envelope, alice.identity) == ("alice", 1, message)
        theirs = opinion.seal(alice, ("bob", 1, bob.identity), key, message)
        ours = sealed.seal(
            payload, BOB.address, BOB.identity.public, BOB.sealing_key, Padding.PADME
        )
        assert len(ours) == len(theirs)
        opened = sealed.open_envelope_untrusted(
            theirs, BOB.address, BOB.identity.public, BOB.sealing_private
        )
        assert opened == payload
        require_sender(opened, BOB.device, ALICE.identity.public)
        changed = ours[:-1] + bytes([ours[-1] ^ 1])
        identity = alice.identity
        for refused in (
            (alice, ours, identity),
            (bob, changed, identity),
            (bob, ours, bob.identity),
        ):
            with pytest.raises(opinion.Refused):
                opinion.unseal(*refused)


def paddings(opinion: ModuleType) -> None:
    """The same bytes for every size around a boundary, and back."""
    for size in [*range(4_085, 4_100), *range(8_180, 8_200), *range(10_000, 200_000, 4_999)]:
        payload = b"p" * size
        padded = pad(payload, Padding.PADME)
        assert opinion.padded(payload) == padded
        assert opinion.unpadded(padded) == payload == unpad_untrusted(opinion.padded(payload))
        with pytest.raises(opinion.Refused):
            opinion.unpadded(padded + b"\x01")


KNOWN_KINDS = [[1, kind] for kind in (1, 2, 3, 4)]


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
        [1, 3, IDS[3], 0, 0, [bytes(range(32))]],
        [1, 4, IDS[3], 0, 0, [IDS[0], bytes(32), 2**32 - 1, bytes(range(32))]],
        [1, 99, IDS[3], 0, 0, [None, True, [[b"new"]]]],
        [2, 1, IDS[3], 9, 0, "anything"],
        [1, 200, IDS[3], 0, 0, nested(16)],
        [1, 200, IDS[3], 0, 0, [0] * 4_096],
    ]
    for value in accepted:
        data = opinion.pack(value)
        assert opinion.read_content(data) == value
        ours = content.decode_content_untrusted(data)
        assert content.encode_content(ours) == data
        assert isinstance(ours.body, content.Unknown) == (value[:2] not in KNOWN_KINDS)
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
        [1, 3, IDS[3], 0, 0, [bytes(31)]],
        [1, 3, IDS[3], 1, 0, [bytes(32)]],
        [1, 4, IDS[3], 0, 0, [IDS[0], bytes(32), 2**32, bytes(32)]],
        [1, 4, IDS[3], 0, 0, [IDS[0], bytes(32), 0]],
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
        [1, 200, IDS[3], 0, 0, nested(17)],
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
