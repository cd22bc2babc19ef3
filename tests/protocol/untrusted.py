"""Every decoder of foreign bytes, with valid bytes, the errors it documents, and the way back.

The table is checked against the code: a decoder that is not in it fails a test.
"""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import protocol
from protocol.e2ee.content import ContentKind, decode_content_untrusted, encode_content
from protocol.e2ee.handshake_header import HandshakeHeader
from protocol.e2ee.padding import Padding, pad, unpad_untrusted
from protocol.e2ee.ratchet.header import RatchetMessage, split_untrusted
from protocol.e2ee.retry import retry_request_for_untrusted
from protocol.e2ee.sealed import open_envelope_untrusted, seal, sealing_key_id_untrusted
from protocol.e2ee.sealed_payload import SealedPayload
from protocol.e2ee.session import encrypt, peek_untrusted
from protocol.errors import DecryptionFailed, PeerError, UnsupportedVersion, WireError
from protocol.ids import EnvelopeId, Name
from protocol.packing import pack, unpack_untrusted, unpack_value_untrusted
from protocol.records import PrekeyBundle
from protocol.wire.codec import decode_untrusted, encode
from protocol.wire.messages import Message, Submit, Welcome
from tests.protocol.e2ee.every_message import ID, content_of_kind
from tests.protocol.e2ee.hybrid_sides import answered, attached
from tests.protocol.e2ee.parties import NOW_MS, begin, party
from tests.support.mutations import Mutate, change_bytes, change_msgpack
from tests.support.randomness import SeededBytes

ALICE, BOB = party("alice"), party("bob")
MOST_BYTES = 10_000


@dataclass(frozen=True)
class Decoder:
    """One function whose name ends in ``_untrusted``.

    Args:
        errors: all that it may raise.
        encode: gives the bytes that a value came from; None where values do
            not say (the decoder gives a part of what it read).
        mutate: how to make interesting bytes out of the valid ones.
    """

    decode: Callable[[bytes], Any]
    samples: tuple[bytes, ...]
    errors: tuple[type[PeerError], ...] = (WireError,)
    encode: Callable[[Any], bytes] | None = None
    mutate: Mutate = change_bytes

    def feed(self, data: bytes) -> None:
        """Decode anything: a documented error comes out, or a value with these very bytes."""
        try:
            value = self.decode(data)
        except self.errors:
            return
        if self.encode is not None:
            assert self.encode(value) == data


def _ratchet_message() -> bytes:
    alice, _ = begin(SeededBytes("decoders"))
    return encrypt(alice, b"text", SeededBytes("decoders"))[1]


def _open(envelope: bytes) -> SealedPayload:
    return open_envelope_untrusted(envelope, BOB.address, BOB.identity.public, BOB.sealing_private)


def _join(message: RatchetMessage) -> bytes:
    return message.header.encode() + message.body


def _encode_frame(decoded: tuple[int, Message]) -> bytes:
    request_id, message = decoded
    return encode(message, request_id)


def _frames() -> tuple[bytes, ...]:
    submit = Submit(Name("bob"), 1, EnvelopeId(bytes(16)), None, b"sealed")
    return encode(submit, 7), encode(Welcome(1, bytes(32), bytes(32), NOW_MS), 1)


MESSAGE = _ratchet_message()
MESSAGES = (MESSAGE, *(each(SeededBytes("decoders"))[2] for each in (attached, answered)))
PAYLOAD = ALICE.payload_to(BOB, MESSAGE)
EMPTY_PAYLOAD = ALICE.payload_to(BOB, b"")
ENVELOPE = seal(PAYLOAD, BOB.address, BOB.identity.public, BOB.sealing_key, Padding.NONE)
BUNDLES = (pack(BOB.bundle()), pack(BOB.bundle(one_time=False)))
NEWER_CONTENT = b"\x96\x02\x09\xc4\x10" + ID + b"\x01\x02\x91\xc0"
CONTENTS = (*(encode_content(content_of_kind(kind)) for kind in ContentKind), NEWER_CONTENT)

NEWER = (WireError, UnsupportedVersion)

DECODERS: dict[str, Decoder] = {
    "e2ee.content.decode_content_untrusted": Decoder(
        decode_content_untrusted, CONTENTS, encode=encode_content, mutate=change_msgpack
    ),
    "e2ee.handshake_header.decode_untrusted": Decoder(
        HandshakeHeader.decode_untrusted,
        (MESSAGE[58 : 58 + 1_161],),
        encode=HandshakeHeader.encode,
    ),
    "e2ee.padding.unpad_untrusted": Decoder(unpad_untrusted, (pad(b"payload", Padding.BLOCK),)),
    "e2ee.ratchet.header.split_untrusted": Decoder(split_untrusted, MESSAGES, NEWER, encode=_join),
    "e2ee.sealed.open_envelope_untrusted": Decoder(_open, (ENVELOPE,), (*NEWER, DecryptionFailed)),
    "e2ee.sealed.sealing_key_id_untrusted": Decoder(sealing_key_id_untrusted, (ENVELOPE,), NEWER),
    "e2ee.sealed_payload.decode_untrusted": Decoder(
        SealedPayload.decode_untrusted,
        (PAYLOAD.encode(), EMPTY_PAYLOAD.encode()),
        NEWER,
        encode=SealedPayload.encode,
    ),
    "e2ee.retry.retry_request_for_untrusted": Decoder(retry_request_for_untrusted, MESSAGES, NEWER),
    "e2ee.session.peek_untrusted": Decoder(peek_untrusted, MESSAGES, NEWER),
    "packing.unpack_untrusted": Decoder(
        partial(unpack_untrusted, PrekeyBundle, most=MOST_BYTES),
        BUNDLES,
        encode=pack,
        mutate=change_msgpack,
    ),
    "packing.unpack_value_untrusted": Decoder(
        partial(unpack_value_untrusted, most=MOST_BYTES), CONTENTS, mutate=change_msgpack
    ),
    "wire.codec.decode_untrusted": Decoder(
        decode_untrusted, _frames(), encode=_encode_frame, mutate=change_msgpack
    ),
}


def decoders_in_the_code() -> set[str]:
    """Find the public functions of the packages whose names end in ``_untrusted``."""
    found = set()
    root = Path(protocol.__file__).parent
    for package in (root, root.parent / "client", root.parent / "server"):
        for path in package.rglob("*.py"):
            inside = path.relative_to(root if package == root else root.parent)
            module = ".".join(inside.with_suffix("").parts)
            found |= {f"{module}.{name}" for name in _public_functions(path)}
    return {name for name in found if name.endswith("_untrusted")}


def _public_functions(path: Path) -> set[str]:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    names = {each.name for each in nodes if isinstance(each, ast.FunctionDef)}
    return {name for name in names if not name.startswith("_")}
