"""Every decoder of foreign bytes: whatever it is fed, one family of errors comes out.

Valid bytes are cut, flipped, stretched and spliced; and arbitrary bytes are fed.
The list is checked against the code: a decoder that is not in it fails the test.
"""

import ast
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import protocol
from protocol.e2ee.content import (
    Content,
    Receipt,
    ReceiptStatus,
    Text,
    decode_content_untrusted,
    encode_content,
)
from protocol.e2ee.handshake_header import HandshakeHeader
from protocol.e2ee.hpke import open_sealed_untrusted, seal_to
from protocol.e2ee.padding import Padding, pad, unpad_untrusted
from protocol.e2ee.ratchet.header import split_untrusted
from protocol.e2ee.retry import retry_request_for_untrusted
from protocol.e2ee.sealed import open_envelope_untrusted, seal, sealing_key_id_untrusted
from protocol.e2ee.sealed_payload import PayloadKind, SealedPayload
from protocol.e2ee.session import encrypt, peek_untrusted
from protocol.errors import PeerError
from protocol.ids import MessageId
from protocol.packing import pack, unpack_untrusted, unpack_value_untrusted
from protocol.records import PrekeyBundle
from tests.protocol.e2ee.hybrid_sides import answered, attached
from tests.protocol.e2ee.parties import NOW_MS, begin, party
from tests.support.randomness import SeededBytes

ALICE, BOB = party("alice"), party("bob")
ID = MessageId(b"i" * 16)


def _ratchet_message() -> bytes:
    alice, _ = begin(SeededBytes("decoders"))
    return encrypt(alice, b"text", SeededBytes("decoders"))[1]


def _open(envelope: bytes) -> SealedPayload:
    return open_envelope_untrusted(envelope, BOB.address, BOB.identity.public, BOB.sealing_private)


MESSAGE = _ratchet_message()
HYBRID_MESSAGES = [each(SeededBytes("decoders"))[2] for each in (attached, answered)]
PAYLOAD = SealedPayload(ALICE.address, PayloadKind.RATCHET_MESSAGE, MESSAGE)
ENVELOPE = seal(PAYLOAD, BOB.address, BOB.identity.public, BOB.sealing_key, Padding.NONE)
TEXT = encode_content(Content(ID, 1, NOW_MS, Text("hello")))
RECEIPT = encode_content(Content(ID, 0, NOW_MS, Receipt(ReceiptStatus.READ, (ID, ID))))

Decoder = Callable[[bytes], Any]

DECODERS: dict[str, tuple[Decoder, list[bytes]]] = {
    "content.decode_content_untrusted": (decode_content_untrusted, [TEXT, RECEIPT]),
    "handshake_header.decode_untrusted": (
        HandshakeHeader.decode_untrusted,
        [MESSAGE[58 : 58 + 1_161]],
    ),
    "hpke.open_sealed_untrusted": (
        lambda data: open_sealed_untrusted(data, BOB.sealing_private, b"info", "secret"),
        [seal_to(BOB.sealing_key.key, b"secret", b"info")],
    ),
    "padding.unpad_untrusted": (unpad_untrusted, [pad(b"payload", Padding.BLOCK)]),
    "ratchet.header.split_untrusted": (split_untrusted, [MESSAGE, *HYBRID_MESSAGES]),
    "sealed.open_envelope_untrusted": (_open, [ENVELOPE]),
    "sealed.sealing_key_id_untrusted": (sealing_key_id_untrusted, [ENVELOPE]),
    "sealed_payload.decode_untrusted": (SealedPayload.decode_untrusted, [PAYLOAD.encode()]),
    "retry.retry_request_for_untrusted": (retry_request_for_untrusted, [MESSAGE]),
    "session.peek_untrusted": (peek_untrusted, [MESSAGE]),
    "packing.unpack_untrusted": (
        lambda data: unpack_untrusted(PrekeyBundle, data, 10_000),
        [pack(BOB.bundle()), pack(BOB.bundle(one_time=False))],
    ),
    "packing.unpack_value_untrusted": (
        lambda data: unpack_value_untrusted(data, 10_000),
        [TEXT, RECEIPT],
    ),
}

names = st.sampled_from(sorted(DECODERS))
places = st.integers(0, 1 << 20)


def _feed(name: str, data: bytes) -> None:
    decoder, _ = DECODERS[name]
    with suppress(PeerError):
        decoder(data)


def _valid(name: str, pick: int) -> bytes:
    samples = DECODERS[name][1]
    return samples[pick % len(samples)]


def test_all_decoders_are_here() -> None:
    """Public functions named ``..._untrusted`` in protocol, without the wire (tested there)."""
    root = Path(protocol.__file__).parent
    found = set()
    for path in [*root.glob("*.py"), *root.glob("e2ee/**/*.py")]:
        module = ".".join(path.relative_to(root).with_suffix("").parts).removeprefix("e2ee.")
        functions = [
            n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef)
        ]
        public = [each.name for each in functions if not each.name.startswith("_")]
        found |= {f"{module}.{name}" for name in public if name.endswith("_untrusted")}
    assert found == set(DECODERS)


@pytest.mark.parametrize("name", DECODERS)
def test_valid_bytes_decode(name: str) -> None:
    decoder, samples = DECODERS[name]
    for sample in samples:
        decoder(sample)


@pytest.mark.parametrize("name", DECODERS)
def test_truncations_raise_nothing_else(name: str) -> None:
    for pick, sample in enumerate(DECODERS[name][1]):
        step = 1 if len(sample) < 300 else 23
        for size in range(0, len(sample), step):
            _feed(name, _valid(name, pick)[:size])


@given(names, st.binary(max_size=2_000))
def test_arbitrary_bytes_raise_nothing_else(name: str, data: bytes) -> None:
    _feed(name, data)


@given(names, places, st.lists(st.tuples(places, st.integers(1, 255)), min_size=1, max_size=8))
def test_changed_bytes_raise_nothing_else(
    name: str, pick: int, changes: list[tuple[int, int]]
) -> None:
    data = bytearray(_valid(name, pick))
    for place, change in changes:
        data[place % len(data)] ^= change
    _feed(name, bytes(data))


@given(names, places, places, st.binary(max_size=40))
def test_bytes_put_in_or_over_raise_nothing_else(
    name: str, pick: int, place: int, extra: bytes
) -> None:
    data = _valid(name, pick)
    at = place % (len(data) + 1)
    _feed(name, data[:at] + extra + data[at:])
    _feed(name, data[:at] + extra + data[at + len(extra) :])
