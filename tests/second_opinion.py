"""A second opinion: the protocol once more, written from docs/protocol.md alone.

Straight down the page and meant to be read beside it. It imports nothing of the product and spells
out even HPKE, so that the page is tried and not a library; it keeps no promise about secrets, speed
or damaged states. Left out is what concerns keeping and choosing, not bytes: which session to send
on, replays, archives, pins, the wire.
"""

import hashlib
import hmac
import struct
from dataclasses import dataclass, field, replace
from typing import Any

import msgpack
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from nacl import bindings
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey
from nacl.utils import random as draw

DAY_MS = 86_400_000


class Refused(Exception):
    """The page says that this opens nothing."""


def need(condition: bool, why: str) -> None:
    if not condition:
        raise Refused(why)


# --- Conventions ---


def u32(number: int) -> bytes:
    return struct.pack(">I", number)


def u64(number: int) -> bytes:
    return struct.pack(">Q", number)


def encode(label: str, *fields: bytes) -> bytes:
    return bytes([len(label)]) + label.encode() + b"".join(u32(len(f)) + f for f in fields)


def mac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


def hkdf(salt: bytes, ikm: bytes, info: bytes, length: int) -> bytes:
    key = mac(salt, ikm)
    first = mac(key, info + b"\x01")
    return (first + mac(key, first + info + b"\x02"))[:length]


def x25519(private: bytes, public: bytes) -> bytes:
    their_key = X25519PublicKey.from_public_bytes(public)
    try:  # the library refuses a result of 32 zero bytes
        return X25519PrivateKey.from_private_bytes(private).exchange(their_key)
    except ValueError as error:
        raise Refused("X25519") from error


def x25519_public(private: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def kem_public(seed: bytes) -> bytes:
    return MLKEM768PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()


def encapsulate(public: bytes) -> tuple[bytes, bytes]:
    secret, ciphertext = MLKEM768PublicKey.from_public_bytes(public).encapsulate()
    return ciphertext, secret


def decapsulate(seed: bytes, ciphertext: bytes) -> bytes:
    return MLKEM768PrivateKey.from_seed_bytes(seed).decapsulate(ciphertext)


def aead_open(key: bytes, nonce: bytes, body: bytes, associated_data: bytes) -> bytes:
    try:
        return ChaCha20Poly1305(key).decrypt(nonce, body, associated_data)
    except InvalidTag as error:
        raise Refused("does not authenticate") from error


def pack(value: Any) -> bytes:
    return bytes(msgpack.packb(value))


def unpack(data: bytes) -> Any:
    try:
        value = msgpack.unpackb(data)
        need(only_known_types(value) and pack(value) == data, "type, or not the one encoding")
    except (ValueError, OverflowError, TypeError) as error:
        raise Refused("msgpack") from error
    return value


def only_known_types(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) <= 4_096 and all(only_known_types(each) for each in value)
    return isinstance(value, bool | str | bytes | None) or (type(value) is int and value >= 0)


def levels(value: Any) -> int:
    return 1 + max(map(levels, value), default=0) if isinstance(value, list) else 0


def is_name(name: bytes) -> bool:
    allowed = b"abcdefghijklmnopqrstuvwxyz0123456789"
    inside = not name.strip(allowed + b"._-")  # strips nothing but these, from either end
    return 1 <= len(name) <= 32 and inside and name[0] in allowed and name[-1] in allowed


# --- Keys, Prekeys ---


@dataclass
class Device:
    """Private keys; the kind of a prekey is the end of its label."""

    name: str
    identity_seed: bytes
    private: dict[tuple[str, int], bytes]  # by kind and id: an ML-KEM seed, an X25519 key, or both
    number: int = 1

    @property
    def identity(self) -> bytes:
        return bytes(SigningKey(self.identity_seed).verify_key)

    @property
    def curve_identity(self) -> bytes:
        return bindings.crypto_sign_ed25519_sk_to_curve25519(self.identity_seed + self.identity)


def curve(identity: bytes) -> bytes:
    try:
        return bindings.crypto_sign_ed25519_pk_to_curve25519(identity)
    except RuntimeError as error:
        raise Refused("identity") from error


def record_statement(kind: str, name: str, device: int, record: list[Any]) -> bytes:
    numbers = [u32(device), u32(record[0]), u64(record[1])]
    return encode("glasspost/1/" + kind, name.encode(), *numbers, record[2])


def record(me: Device, kind: str, key_id: int, issued_at: int) -> list[Any]:
    private = me.private[kind, key_id]
    key = x25519_public(private) if kind == "signed-prekey" else kem_public(private[:64])
    key += x25519_public(private[64:]) if kind == "sealing-key" else b""
    statement = record_statement(kind, me.name, me.number, [key_id, issued_at, key])
    return [key_id, issued_at, key, SigningKey(me.identity_seed).sign(statement).signature]


def bundle(me: Device, kem_kind: str, key_id: int, issued_at: int) -> list[Any]:
    one_time = None if kem_kind[0] == "l" else x25519_public(me.private[kem_kind, key_id][64:])
    newest = dict(sorted(me.private))  # the highest id of each kind
    kinds = [("signed-prekey", newest["signed-prekey"]), (kem_kind, key_id)]
    kinds.append(("sealing-key", newest["sealing-key"]))
    signed, kem, sealing = (record(me, kind, number, issued_at) for kind, number in kinds)
    return [me.identity, signed, kem, one_time, sealing]


def check_bundle(theirs: list[Any], name: str, device: int, now: int) -> None:
    identity, signed, kem, one_time_key, sealing = theirs
    kem_kind = "last-resort-kem-prekey" if one_time_key is None else "one-time-kem-prekey"
    for kind, each in (("signed-prekey", signed), (kem_kind, kem), ("sealing-key", sealing)):
        try:
            VerifyKey(identity).verify(record_statement(kind, name, device, each), each[3])
        except (BadSignatureError, ValueError) as error:
            raise Refused("signature") from error
    need(now - min(signed[1], sealing[1]) <= 45 * DAY_MS, "too old")


# --- Handshake ---


@dataclass
class Session:
    """What a ratchet keeps; absent are `b""` for a key or a chain and `None` for a time."""

    th: bytes
    root: bytes
    our_private: bytes
    their_key: bytes
    owes_step: bool
    handshake: bytes = b""  # the header, while it stands in every message
    sending: bytes = b""
    sent: int = 0
    previous: int = 0
    our_fields: tuple[bytes, bytes] = (b"", b"")  # attached KEM key, KEM ciphertext
    our_seed: bytes = b""
    receiving: bytes = b""
    received: int = 0
    their_fields: tuple[bytes, bytes] = (b"", b"")
    skipped: dict[tuple[bytes, int], tuple[bytes, int]] = field(default_factory=dict)
    messages: int = 0
    mixed_at: int | None = None
    heard_at: int | None = None


Party = tuple[str, int, bytes]  # name, device, identity


def agree(alice: Party, bob: Party, keys: list[Any], secrets: list[bytes]) -> tuple[bytes, bytes]:
    """The transcript's hash and the shared secret, from DH1, DH2, DH3, DH4 if any, SS."""
    ephemeral, signed_id, signed, one_time, kem_id, kem, ciphertext = keys
    fields = [alice[0].encode(), u32(alice[1]), bob[0].encode(), u32(bob[1]), alice[2], bob[2]]
    fields += [ephemeral, u32(signed_id), signed, u32(kem_id) if one_time else b"", one_time]
    fields += [u32(kem_id), kem, ciphertext]
    transcript = encode("glasspost/1/handshake-transcript", b"GP1", *fields)
    th, ikm = hashlib.sha256(transcript).digest(), b"\xff" * 32 + b"".join(secrets)
    return th, hkdf(bytes(32), ikm, b"glasspost/1/handshake" + th, 32)


def initiate(me: Device, theirs: list[Any], name: str, device: int, now: int) -> Session:
    check_bundle(theirs, name, device, now)
    identity, (signed_id, _, signed, _), (kem_id, _, kem, _), one_time, _ = theirs
    private = draw(32)
    ephemeral, (ciphertext, secret) = x25519_public(private), encapsulate(kem)
    dhs = [x25519(me.curve_identity, signed), x25519(private, curve(identity))]
    dhs += [x25519(private, key) for key in (signed, one_time) if key is not None]
    alice, bob = (me.name, me.number, me.identity), (name, device, identity)
    keys = [ephemeral, signed_id, signed, one_time or b"", kem_id, kem, ciphertext]
    th, root = agree(alice, bob, keys, [*dhs, secret])
    header = me.identity + ephemeral + u32(signed_id) + bytes([one_time is not None])
    return Session(th, root, b"", signed, True, handshake=header + u32(kem_id) + ciphertext)


def respond(me: Device, name: str, device: int, header: bytes) -> Session:
    layout = struct.Struct(">32s32sIBI1088s")
    identity, ephemeral, signed_id, kind, kem_id, ciphertext = layout.unpack(header)
    need(kind in (0, 1), "KEM prekey kind")
    place = (("last-resort-kem-prekey", "one-time-kem-prekey")[kind], kem_id)
    need(("signed-prekey", signed_id) in me.private and place in me.private, "prekeys gone")
    signed, seed, pair = me.private["signed-prekey", signed_id], me.private[place][:64], b""
    dh2 = x25519(me.curve_identity, ephemeral)
    dhs = [x25519(signed, curve(identity)), dh2, x25519(signed, ephemeral)]
    if kind == 1:
        pair = x25519_public(me.private[place][64:])
        dhs += [x25519(me.private[place][64:], ephemeral)]
    alice, bob = (name, device, identity), (me.name, me.number, me.identity)
    keys = [ephemeral, signed_id, x25519_public(signed), pair, kem_id, kem_public(seed), ciphertext]
    th, root = agree(alice, bob, keys, [*dhs, decapsulate(seed, ciphertext)])
    return Session(th, root, signed, b"", False)


def accept(me: Device, name: str, device: int, message: bytes, at: int) -> tuple[Session, bytes]:
    """Open a session's first message: only then is anything kept, and the one-time pair dies."""
    handshake = parse(message).handshake
    need(handshake != b"", "no handshake")
    session, plaintext = receive(respond(me, name, device, handshake), message, at)
    if handshake[68] == 1:
        del me.private["one-time-kem-prekey", int.from_bytes(handshake[69:73], "big")]
    return session, plaintext


# --- Ratchet, Hybrid steps ---


def root_step(root: bytes, dh: bytes, secret: bytes, *parts: bytes) -> tuple[bytes, bytes]:
    """The next root and a chain; the parts: KEM key used, ciphertext, KEM key newly attached."""
    label = b"glasspost/1/ratchet-root-hybrid" if secret else b"glasspost/1/ratchet-root"
    both = hkdf(root, dh + secret, label + hashlib.sha256(b"".join(parts)).digest(), 64)
    return both[:32], both[32:]


def chain_step(chain: bytes) -> tuple[bytes, bytes]:
    return mac(chain, b"\x01"), mac(chain, b"\x02")


def is_due(s: Session) -> bool:
    if s.heard_at is None or s.mixed_at is None:
        return s.messages >= 50
    return s.messages >= 50 or s.heard_at - s.mixed_at >= 7 * DAY_MS


def sending_step(s: Session) -> None:
    used, ciphertext, secret, attached = s.their_fields[0], b"", b"", b""
    s.our_seed, s.our_private, s.owes_step = b"", draw(32), False
    if used:
        ciphertext, secret = encapsulate(used)
        s.messages, s.mixed_at = 0, s.heard_at
    if is_due(s):
        s.our_seed = draw(64)
        attached = kem_public(s.our_seed)
    dh = x25519(s.our_private, s.their_key)
    s.root, s.sending = root_step(s.root, dh, secret, used, ciphertext, attached)
    s.previous, s.sent, s.our_fields = s.sent, 0, (attached, ciphertext)


def receiving_step(s: Session, header: "Header", at: int) -> None:
    need(bool(s.our_seed) == bool(header.ciphertext), "an answer missing, or to no question")
    triples = [int.from_bytes(header.kem_key[i : i + 3], "little") for i in range(0, 1_152, 3)]
    need(all(both & 0xFFF < 3_329 and both >> 12 < 3_329 for both in triples), "no ML-KEM key")
    passed_over = max(header.previous - s.received, 0) if s.receiving else 0
    need(passed_over + header.index <= 2_000, "skips too many")
    skip(s, header.previous, at)
    used, secret = b"", b""
    if s.our_seed:
        used, secret = kem_public(s.our_seed), decapsulate(s.our_seed, header.ciphertext)
        s.messages, s.mixed_at = 0, None
    dh = x25519(s.our_private, header.ratchet_key)
    s.root, s.receiving = root_step(s.root, dh, secret, used, header.ciphertext, header.kem_key)
    s.their_key, s.their_fields = header.ratchet_key, (header.kem_key, header.ciphertext)
    s.received, s.owes_step, s.sending, s.our_seed = 0, True, b"", b""


# --- Ratchet message ---


@dataclass(frozen=True)
class Header:
    session_id: bytes
    ratchet_key: bytes
    previous: int
    index: int
    kem_key: bytes
    ciphertext: bytes
    handshake: bytes
    whole: bytes


def parse(message: bytes) -> Header:
    need(len(message) >= 58 and message[0] == 1 and message[1] < 8, "no ratchet message")
    _, flags, session_id, key, previous, index = struct.unpack(">BB16s32sII", message[:58])
    parts, end = [], 58
    for flag, size in ((2, 1_184), (4, 1_088), (1, 1_161)):
        parts.append(message[end : end + size] if flags & flag else b"")
        end += size if flags & flag else 0
    need(index != 0xFFFFFFFF and len(message) >= end + 12 + 16, "index or length")
    return Header(session_id, key, previous, index, parts[0], parts[1], parts[2], message[:end])


def send(session: Session, plaintext: bytes) -> tuple[Session, bytes]:
    s = replace(session)
    if s.owes_step:
        sending_step(s)
    need(s.sending != b"" and s.sent < 0xFFFFFFFF, "nothing received yet, or the chain is full")
    flags = bool(s.handshake) + 2 * bool(s.our_fields[0]) + 4 * bool(s.our_fields[1])
    header = bytes([1, flags]) + s.th[:16] + x25519_public(s.our_private)
    header += u32(s.previous) + u32(s.sent) + s.our_fields[0] + s.our_fields[1] + s.handshake
    message_key, s.sending = chain_step(s.sending)
    nonce = draw(12)
    body = ChaCha20Poly1305(message_key).encrypt(nonce, plaintext, s.th + header)
    s.sent, s.messages = s.sent + 1, s.messages + 1
    return s, header + nonce + body


def receive(session: Session, message: bytes, at: int) -> tuple[Session, bytes]:
    """Open a message that reached the relay then; a failure leaves the given session as it was."""
    s, header = replace(session), parse(message)
    need(header.session_id == s.th[:16], "another session")
    message_key = find_key(s, header, at)
    nonce, body = message[len(header.whole) :][:12], message[len(header.whole) + 12 :]
    plaintext = aead_open(message_key, nonce, body, s.th + header.whole)
    s.mixed_at = at if s.mixed_at is None else min(s.mixed_at, at)
    s.messages, s.heard_at, s.handshake = s.messages + 1, at, b""
    return s, plaintext


# --- Skipped keys ---


def find_key(s: Session, header: Header, at: int) -> bytes:
    is_open = s.receiving != b"" and header.ratchet_key == s.their_key
    same_fields = (header.kem_key, header.ciphertext) == s.their_fields
    need(same_fields or not is_open, "other KEM fields in one chain")
    s.skipped = {place: kept for place, kept in s.skipped.items() if at - kept[1] < 35 * DAY_MS}
    if (header.ratchet_key, header.index) in s.skipped:
        return s.skipped.pop((header.ratchet_key, header.index))[0]
    if not is_open:
        receiving_step(s, header, at)
    need(0 <= header.index - s.received <= 2_000, "key gone, or skips too many")
    skip(s, header.index, at)
    message_key, s.receiving = chain_step(s.receiving)
    s.received += 1
    return message_key


def skip(s: Session, until: int, at: int) -> None:
    at = max([at, *(kept[1] for kept in s.skipped.values())])
    while s.receiving and s.received < until:
        message_key, s.receiving = chain_step(s.receiving)
        s.skipped[s.their_key, s.received] = (message_key, at)
        s.received += 1
    s.skipped = dict(list(s.skipped.items())[-2_000:])


# --- Content ---


def read_content(data: bytes) -> list[Any]:
    """[version, kind, message id, counter, time, body]; `pack` writes it."""
    content = unpack(data)
    need(isinstance(content, list) and len(content) == 6, "six places")
    version, kind, message_id, counter, sent_at, body = content
    need(all(type(each) is int for each in (version, kind, counter, sent_at)), "numbers")
    need(max(version, kind) < 256 and is_id(message_id), "version, kind or id")
    if version != 1 or kind not in (1, 2, 3, 4):
        need(levels(body) <= 16, "nested too deep")
    if (version, kind) == (1, 1):
        is_text = isinstance(body, list) and len(body) == 1 and isinstance(body[0], str)
        need(is_text and len(body[0].encode()) <= 65_536 and counter >= 1, "text")
    if (version, kind) == (1, 2):
        is_pair = isinstance(body, list) and len(body) == 2 and isinstance(body[1], list)
        need(is_pair and type(body[0]) is int and body[0] in (1, 2) and counter == 0, "receipt")
        need(1 <= len(body[1]) <= 200 and all(is_id(each) for each in body[1]), "receipt")
    if (version, kind) == (1, 3):
        is_key = isinstance(body, list) and len(body) == 1 and is_bytes(body[0], 32)
        need(is_key and counter == 0, "profile key")
    if (version, kind) == (1, 4):
        need(isinstance(body, list) and len(body) == 4 and counter == 0, "retry request")
        need(is_id(body[0]) and is_bytes(body[1], 32) and is_bytes(body[3], 32), "retry request")
        need(type(body[2]) is int and body[2] < 1 << 32, "retry request")
    return list(content)


def is_bytes(value: Any, size: int) -> bool:
    return isinstance(value, bytes) and len(value) == size


def is_id(value: Any) -> bool:
    return isinstance(value, bytes) and len(value) == 16


# --- Sealed envelope, Padding ---


def padded(payload: bytes) -> bytes:
    length = max(4_096, 4 + len(payload))
    exponent = length.bit_length() - 1
    step = 1 << (exponent - exponent.bit_length())
    return (u32(len(payload)) + payload).ljust(-(-length // step) * step, b"\0")


def unpadded(data: bytes) -> bytes:
    end = 4 + int.from_bytes(data[:4], "big")
    need(4 <= end <= len(data) and not any(data[end:]), "padding")
    return data[4:end]


def hpke(secrets: bytes, info: bytes) -> tuple[bytes, bytes]:
    """X-Wing's combiner, then the key schedule of RFC 9180: the key and the nonce of message 0.

    The secrets: ML-KEM's, X25519's, the ephemeral X25519 key and the recipient's.
    """
    suite = b"HPKE" + struct.pack(">HHH", 0x647A, 1, 3)
    shared = hashlib.sha3_256(secrets + b"\\.//^\\").digest()

    def extract(salt: bytes, label: bytes, ikm: bytes) -> bytes:
        return mac(salt, b"HPKE-v1" + suite + label + ikm)

    context = b"\0" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    key, expand = extract(shared, b"secret", b""), b"HPKE-v1" + suite
    nonce = mac(key, b"\0\x0c" + expand + b"base_nonce" + context + b"\x01")[:12]
    return mac(key, b"\0\x20" + expand + b"key" + context + b"\x01"), nonce


def info(to: Party, key_id: int) -> bytes:
    return encode("glasspost/1/sealed-sender", to[0].encode(), u32(to[1]), to[2], u32(key_id))


def sender_tag(dh: bytes, sender: Party, recipient: Party, message: bytes) -> bytes:
    """The DH is that of both identities, whichever side computes it."""
    s, r = ([side[0].encode(), u32(side[1])] for side in (sender, recipient))
    tag_info = encode("glasspost/1/sender-tag-key", *s, sender[2], *r, recipient[2])
    covered = encode("glasspost/1/sender-tag", *r, *s, b"\x01", message)
    return mac(hkdf(bytes(32), dh, tag_info, 32), covered)[:16]


def seal(me: Device, to: Party, sealing_key: list[Any], message: bytes) -> bytes:
    us = (me.name, me.number, me.identity)
    tag = sender_tag(x25519(me.curve_identity, curve(to[2])), us, to, message)
    payload = struct.pack(">BBIB", 1, 1, me.number, len(me.name)) + me.name.encode() + tag + message
    kem, curve_key, ephemeral = sealing_key[2][:1_184], sealing_key[2][1_184:], draw(32)
    (ciphertext, secret), public = encapsulate(kem), x25519_public(ephemeral)
    secrets = secret + x25519(ephemeral, curve_key) + public + curve_key
    key, nonce = hpke(secrets, info(to, sealing_key[0]))
    sealed = ChaCha20Poly1305(key).encrypt(nonce, padded(payload), b"")
    return b"\x01" + u32(sealing_key[0]) + ciphertext + public + sealed


def unseal(me: Device, envelope: bytes, identity: bytes) -> tuple[str, int, bytes]:
    """The sender's name and device, and the ratchet message; the identity is the pinned one."""
    need(len(envelope) >= 1_125 + 16 and envelope[0] == 1, "no envelope")
    key_id = int.from_bytes(envelope[1:5], "big")
    need(("sealing-key", key_id) in me.private, "sealing key gone")
    private, public = me.private["sealing-key", key_id], envelope[1_093:1_125]
    secrets = decapsulate(private[:64], envelope[5:1_093]) + x25519(private[64:], public)
    secrets += public + x25519_public(private[64:])
    key, nonce = hpke(secrets, info((me.name, me.number, me.identity), key_id))
    payload = unpadded(aead_open(key, nonce, envelope[1_125:], b""))
    need(len(payload) >= 7 and payload[:2] == b"\x01\x01", "no payload")
    end = 7 + payload[6]
    need(len(payload) >= end + 16 and is_name(payload[7:end]), "no name or no tag")
    name, device = payload[7:end].decode(), int.from_bytes(payload[2:6], "big")
    tag, message, us = (
        payload[end : end + 16],
        payload[end + 16 :],
        (me.name, me.number, me.identity),
    )
    dh = x25519(me.curve_identity, curve(identity))
    need(tag == sender_tag(dh, (name, device, identity), us, message), "another sender")
    return name, device, message


# --- Safety number ---


def safety_number(*sides: tuple[str, bytes]) -> str:
    halves = []
    for name, identity in sides:
        h = hashlib.sha512(bytes(2) + identity + name.encode() + identity).digest()
        for _ in range(5_199):
            h = hashlib.sha512(h + identity).digest()
        groups = [int.from_bytes(h[i : i + 5], "big") % 100_000 for i in range(0, 30, 5)]
        halves.append("".join(f"{each:05d}" for each in groups))
    return "".join(sorted(halves))


# --- Link states ---


def register_statement(nonce: bytes, relay: bytes, name: str, device: int, *keys: bytes) -> bytes:
    return encode("glasspost/1/register", nonce, relay, name.encode(), u32(device), *keys)


def login_statement(nonce: bytes, relay: bytes, name: str, device: int, version: int) -> bytes:
    return encode("glasspost/1/login", nonce, relay, name.encode(), u32(device), u32(version))


# --- Replacing a device ---


@dataclass
class Change:
    """What is signed to replace a device, and against it."""

    relay: bytes
    nonce: bytes
    name: str
    device: int
    generation: int  # as it is on record
    old_identity: bytes
    new_identity: bytes
    account_key: bytes  # the one that comes


def statement_head(c: Change) -> list[bytes]:
    return [c.relay, c.nonce, c.name.encode(), u32(c.device), u64(c.generation + 1)]


def replacement_statement(c: Change, signer: str) -> bytes:
    purpose = {"account": "replace-device", "identity": "replace-device-new"}[signer]
    fields = [*statement_head(c), c.old_identity, c.new_identity, c.account_key]
    return encode("glasspost/1/" + purpose, *fields)


def sign_replacement(c: Change, account_seed: bytes, identity_seed: bytes) -> tuple[bytes, bytes]:
    by_account = SigningKey(account_seed).sign(replacement_statement(c, "account"))
    by_identity = SigningKey(identity_seed).sign(replacement_statement(c, "identity"))
    return by_account.signature, by_identity.signature


def check_replacement(c: Change, account_key: bytes, signatures: tuple[bytes, bytes]) -> None:
    need(c.old_identity != c.new_identity, "the identity may not stay the same")
    try:
        VerifyKey(account_key).verify(replacement_statement(c, "account"), signatures[0])
        VerifyKey(c.new_identity).verify(replacement_statement(c, "identity"), signatures[1])
    except BadSignatureError as error:
        raise Refused("replacement") from error


def veto_statement(c: Change) -> bytes:
    return encode("glasspost/1/veto-replacement", *statement_head(c), c.account_key)


def sign_veto(c: Change, identity_seed: bytes) -> bytes:
    return SigningKey(identity_seed).sign(veto_statement(c)).signature


def check_veto(c: Change, signature: bytes) -> None:
    try:
        VerifyKey(c.old_identity).verify(veto_statement(c), signature)
    except BadSignatureError as error:
        raise Refused("veto") from error
