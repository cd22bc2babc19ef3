"""Every byte of every message that clients exchange is named: each kind, each header, sealed."""

import pytest

from client.xray.layers import content_layer, take_picture
from client.xray.spans import Layer, Reader
from protocol.e2ee.content import ContentKind, encode_content
from protocol.e2ee.padding import Padding
from protocol.e2ee.sealed import seal
from protocol.e2ee.session import Session, encrypt
from tests.client.xray.covering import assert_covered, meanings
from tests.protocol.e2ee.every_message import (
    content_of_kind,
    session_with_everything,
    sessions_by_header,
)
from tests.protocol.e2ee.parties import party
from tests.support.randomness import SeededBytes

ALICE, BOB = party("alice"), party("bob")
PARTS_IN_HEADER = {
    "handshake with a one-time pair": "handshake: KEM ciphertext",
    "handshake with the last resort": "handshake: KEM ciphertext",
    "KEM key": "attached KEM key",
    "KEM ciphertext": "KEM ciphertext",
}


def picture(session: Session, kind: ContentKind) -> dict[str, Layer]:
    """Encrypt and seal as a client does, and take it apart."""
    content = encode_content(content_of_kind(kind))
    _, message = encrypt(session, content, SeededBytes("xray"))
    payload = ALICE.payload_to(BOB, message)
    envelope = seal(payload, BOB.address, BOB.identity.public, BOB.sealing_key, Padding.PADME)
    layers = take_picture(envelope, payload.encode(), content).layers
    return {layer.name: layer for layer in layers}


def session_of(header: str) -> Session:
    return {**sessions_by_header(), "everything": session_with_everything()}[header]


@pytest.mark.parametrize("kind", ContentKind)
@pytest.mark.parametrize("header", [*sessions_by_header(), "everything"])
def test_every_byte_has_a_name(header: str, kind: ContentKind) -> None:
    layers = picture(session_of(header), kind)
    assert len(layers) == 5
    for layer in layers.values():
        assert_covered(layer)
        assert "not understood" not in meanings(layer)
    (hidden,) = [
        span for span in layers["ratchet message"].spans if span.name.startswith("ciphertext of")
    ]
    assert hidden.size == len(layers["content"].data)
    assert hidden.reader is Reader.NOBODY


@pytest.mark.parametrize(("header", "part"), PARTS_IN_HEADER.items())
def test_what_a_header_carries_is_named(header: str, part: str) -> None:
    layer = picture(session_of(header), ContentKind.TEXT)["ratchet message"]
    assert part in meanings(layer)
    plain = picture(session_of("plain"), ContentKind.TEXT)["ratchet message"]
    assert part not in meanings(plain)


@pytest.mark.parametrize("kind", ContentKind)
def test_every_kind_of_content_has_its_name(kind: ContentKind) -> None:
    words = kind.name.lower().replace("_", " ")
    layer = content_layer(encode_content(content_of_kind(kind)))
    assert meanings(layer)["kind"] == f"{kind.value}: {words}"
