"""The five layers of a message, from the outside in, cut by the tables of docs/protocol.md.

    envelope ── sealed padded payload ──▶ padded payload ── payload ──▶ sealed payload
             ── ratchet message ──▶ ratchet message ── ciphertext ──▶ content

Nothing is decrypted here: the client keeps an envelope with what was in it, because the keys are
gone by the time somebody asks.
"""

from dataclasses import dataclass
from typing import Final

import msgpack

from client.xray.cutter import Cutter
from client.xray.spans import Layer, Reader
from client.xray.tokens import is_array, tokens
from protocol.records import KEM_CIPHERTEXT_BYTES, KEM_PUBLIC_BYTES

_ENCAPSULATED_BYTES: Final = KEM_CIPHERTEXT_BYTES + 32
_TAG_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_FLAG_HANDSHAKE, _FLAG_KEM_KEY, _FLAG_KEM_CIPHERTEXT = 1, 2, 4
_CONTENT_KINDS: Final = {1: "text", 2: "receipt", 3: "profile key", 4: "retry request"}
_PREKEY_KINDS: Final = {0: "last resort", 1: "one-time pair"}


@dataclass(frozen=True, slots=True)
class Picture:
    """A message taken apart; layers that are not kept any more are left out."""

    layers: tuple[Layer, ...]


def take_picture(envelope: bytes, payload: bytes, content: bytes) -> Picture:
    """Cut a message into its layers.

    Args:
        envelope: what the relay stored; empty if it is not kept.
        payload: the sealed payload without its padding; empty if it is not kept.
        content: the packed content; empty if it is not known.
    """
    layers = []
    if envelope:
        layers.append(envelope_layer(envelope))
    if envelope and payload:
        layers.append(padded_layer(envelope, payload))
    if payload:
        sealed, message = sealed_layer(payload)
        layers += [sealed, ratchet_layer(message)]
    if content:
        layers.append(content_layer(content))
    return Picture(tuple(layers))


def envelope_layer(envelope: bytes) -> Layer:
    """Cut what the relay stores. Spec: docs/protocol.md#sealed-envelope."""
    cutter = Cutter("envelope", envelope, Reader.RELAY, "sealed-envelope")
    cutter.number(1, "version")
    cutter.number(4, "sealing key id")
    cutter.readable_by(Reader.RECIPIENT)
    cutter.cut(KEM_CIPHERTEXT_BYTES, "HPKE encapsulated key (ML-KEM-768)")
    cutter.cut(32, "HPKE encapsulated key (X25519)")
    cutter.cut(max(0, cutter.left - _TAG_BYTES), "sealed padded payload")
    cutter.cut(_TAG_BYTES, "tag")
    return cutter.finish()


def padded_layer(envelope: bytes, payload: bytes) -> Layer:
    """Cut what is sealed in ``envelope``: the zeros are known, so it can be written down again.

    Spec: docs/protocol.md#padding
    """
    size = len(envelope) - 1 - 4 - _ENCAPSULATED_BYTES - _TAG_BYTES
    padded = (len(payload).to_bytes(4, "big") + payload).ljust(size, b"\0")
    cutter = Cutter("padded payload", padded, Reader.RECIPIENT, "padding")
    cutter.number(4, "length of the payload")
    cutter.cut(len(payload), "sealed payload", section="sealed-envelope")
    cutter.cut(cutter.left, "padding", "zeros")
    return cutter.finish()


def sealed_layer(payload: bytes) -> tuple[Layer, bytes]:
    """Cut the sealed payload; also gives the ratchet message in it."""
    cutter = Cutter("sealed payload", payload, Reader.RECIPIENT, "sealed-envelope")
    cutter.number(1, "version")
    cutter.cut(1, "kind", "ratchet message" if payload[1:2] == b"\1" else "unknown")
    cutter.number(4, "sender device")
    size = cutter.number(1, "length of the sender name")
    cutter.cut(size, "sender name", cutter.rest[:size].decode(errors="replace"))
    cutter.cut(_TAG_BYTES, "sender's tag", section="sender-tag")
    message = cutter.cut(cutter.left, "ratchet message", section="ratchet-message")
    return cutter.finish(), message


def ratchet_layer(message: bytes) -> Layer:
    """Cut a ratchet message. Spec: docs/protocol.md#ratchet-message."""
    cutter = Cutter("ratchet message", message, Reader.RECIPIENT, "ratchet-message")
    cutter.number(1, "version")
    flags = _cut_flags(cutter)
    cutter.cut(16, "session id", section="handshake")
    cutter.cut(32, "ratchet key (X25519)", section="ratchet")
    cutter.number(4, "previous chain length", "ratchet")
    cutter.number(4, "index in its chain", "ratchet")
    if flags & _FLAG_KEM_KEY:
        cutter.cut(KEM_PUBLIC_BYTES, "attached KEM key", section="hybrid-steps")
    if flags & _FLAG_KEM_CIPHERTEXT:
        cutter.cut(KEM_CIPHERTEXT_BYTES, "KEM ciphertext", section="hybrid-steps")
    if flags & _FLAG_HANDSHAKE:
        _cut_handshake(cutter)
    cutter.cut(_NONCE_BYTES, "nonce")
    cutter.readable_by(Reader.NOBODY)
    cutter.cut(max(0, cutter.left - _TAG_BYTES), "ciphertext of the content")
    cutter.cut(_TAG_BYTES, "tag")
    return cutter.finish()


def _cut_flags(cutter: Cutter) -> int:
    names = {
        _FLAG_HANDSHAKE: "handshake header",
        _FLAG_KEM_KEY: "KEM key",
        _FLAG_KEM_CIPHERTEXT: "KEM ciphertext",
    }
    flags = int.from_bytes(cutter.rest[:1], "big")
    carried = ", ".join(name for flag, name in names.items() if flags & flag)
    cutter.cut(1, "flags", f"{flags}: {carried or 'none'}")
    return flags


def _cut_handshake(cutter: Cutter) -> None:
    """Cut the 1,161 bytes that let a sleeping recipient open the session."""
    where = "handshake"
    cutter.cut(32, "handshake: identity (Ed25519)", section=where)
    cutter.cut(32, "handshake: ephemeral key (X25519)", section=where)
    cutter.number(4, "handshake: signed prekey id", where)
    kind = int.from_bytes(cutter.rest[:1], "big")
    cutter.cut(1, "handshake: KEM prekey kind", _PREKEY_KINDS.get(kind, "unknown"), where)
    cutter.number(4, "handshake: KEM prekey id", where)
    cutter.cut(KEM_CIPHERTEXT_BYTES, "handshake: KEM ciphertext", section=where)


def content_layer(content: bytes) -> Layer:
    """Cut what was written, value by value. Spec: docs/protocol.md#content."""
    cutter = Cutter("content", content, Reader.RECIPIENT, "content")
    names = iter(("array", "version", "kind", "message id", "counter", "sent at", "body"))
    kind = ""
    for token in tokens(content):
        name = next(names, kind or "body")
        meaning = _meaning(token)
        if name == "kind":
            kind = _CONTENT_KINDS.get(token[0], "")
            meaning = f"{meaning}: {kind or 'not known here'}"
        cutter.cut(len(token), name, meaning, "conventions" if is_array(token) else "")
    return cutter.finish()


def _meaning(token: bytes) -> str:
    if is_array(token):
        return f"array of {token[0] & 0x0F}" if token[0] <= 0x9F else "array"
    try:
        value = msgpack.unpackb(token)
    except (ValueError, msgpack.UnpackException):
        return ""
    return "" if isinstance(value, bytes) else str(value)
