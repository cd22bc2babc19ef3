"""A second reader of backups, written from docs/formats.md alone: straight lines, no code of ours.

It imports nothing of the product. Where it and the product disagree, one of them
or the page is wrong.
"""

import hashlib
import hmac
import struct
from collections.abc import Mapping
from typing import Any

import msgpack
import zstandard
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FOLDERS = {1: "manifest", 2: "segment", 3: "state", 4: "media", 5: "account"}
DAMM = (
    "0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
    "3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
)  # fmt: skip

Tree = Mapping[str, bytes]
"""The files of a backup by their path."""


def _encode(label: str, *fields: bytes) -> bytes:
    parts = b"".join(struct.pack(">I", len(field)) + field for field in fields)
    return bytes([len(label)]) + label.encode() + parts


def _hkdf(salt: bytes, key: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(key)


def _derive(root: bytes, label: str) -> bytes:
    return _hkdf(bytes(32), root, _encode(label), 32)


def slot_secret(rows: list[str]) -> bytes:
    """Check 8 rows of digits, and give the slot's secret."""
    for number, row in enumerate(rows, 1):
        state = 0
        for digit in f"{number}{row}":
            state = int(DAMM[state][int(digit)])
        assert state == 0, f"row {number}"
    free = "".join(row[:7] for row in rows)
    return _hkdf(bytes(32), free.encode(), b"glasspost/1/recovery-digits", 32)


def open_root(keyring: bytes, kind: int, secret: bytes) -> bytes:
    """Open the first slot of a kind."""
    assert hashlib.sha256(keyring[:-32]).digest() == keyring[-32:]
    slots = [keyring[48 + 4_096 * number :][:4_096] for number in range(4)]
    number = next(number for number, slot in enumerate(slots) if slot[0] == kind)
    info = _encode("glasspost/1/slot-key", bytes([kind]), keyring[16:32])
    pair = _hkdf(bytes(32), secret, info, 96)
    private = hpke.MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(pair[:64]),
        X25519PrivateKey.from_private_bytes(pair[64:]),
    )
    public = keyring[:48] + b"".join(slot[:2_928] for slot in slots)
    suite = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
    info = _encode("glasspost/1/slot-seal", bytes([number]), public)
    return suite.decrypt(slots[number][2_928:], private, info)


def open_object(stored: bytes, kind: int, key: bytes) -> bytes:
    """Give an object's content."""
    header, chunks = (
        stored[:96],
        [stored[at : at + 65_552] for at in range(96, len(stored), 65_552)],
    )
    assert header[:10] == b"glparch\n\1" + bytes([kind])
    info = _encode("glasspost/1/archive-object", header[:56])
    derived = _hkdf(header[16:48], key, info, 64)
    assert hmac.compare_digest(derived[32:], header[56:88])
    padded = b"".join(
        ChaCha20Poly1305(derived[:32]).decrypt(
            number.to_bytes(11) + bytes([number == len(chunks) - 1]), chunk, header
        )
        for number, chunk in enumerate(chunks)
    )
    assert len(padded) == int.from_bytes(header[48:56])
    size = int.from_bytes(padded[:8])
    assert not any(padded[8 + size :])
    return padded[8 : 8 + size]


def open_manifest(tree: Tree, root: bytes) -> bytes:
    """Check the head, and give the content of the manifest that it names."""
    keyring_hash = hashlib.sha256(tree["keyring"]).digest()
    heads = [tree["head"][at : at + 224] for at in range(0, len(tree["head"]), 224)]
    head = heads[-1] if heads[-1][128:160] == keyring_hash else heads[0]
    signer = Ed25519PrivateKey.from_private_bytes(_derive(root, "glasspost/1/archive-head-key"))
    signed = _encode("glasspost/1/archive-head", head[:160])
    signer.public_key().verify(head[160:], signed)
    assert keyring_hash == head[128:160]
    epoch, digest = int.from_bytes(head[32:40]), head[80:112]
    stored = tree[f"manifest/{epoch:016x}-{digest[:16].hex()}"]
    assert hashlib.sha256(stored).digest() == digest
    assert len(stored) == int.from_bytes(head[112:120])
    return open_object(stored, 1, _derive(root, "glasspost/1/archive-manifest"))


def read_segment(content: bytes) -> list[dict[str, Any]]:
    """Give the messages of a segment."""
    assert content[0] == 1
    plain = msgpack.unpackb(zstandard.ZstdDecompressor().decompress(content[1:]))
    conversation, count = plain[:2]

    def numbers(planes: bytes) -> list[int]:
        many = len(planes) // 8
        return [int.from_bytes(planes[index::many]) for index in range(many)]

    columns = {
        "position": numbers(plain[2]),
        "kind": plain[3],
        "state": plain[4],
        "flags": plain[5],
        "id": [plain[6][16 * index :][:16].hex() for index in range(count)],
        "series": numbers(plain[7]),
        "counter": numbers(plain[8]),
        "order": numbers(plain[9]),
        "sent": numbers(plain[10]),
        "arrival": numbers(plain[11]),
        "text": plain[12],
    }
    facts = list(zip(numbers(plain[13]), plain[14], plain[15], strict=True))
    rows = zip(*columns.values(), strict=True)
    messages = [dict(zip(columns, row, strict=True)) for row in rows]
    for message in messages:
        about = [(kind, body.hex()) for at, kind, body in facts if at == message["position"]]
        message |= {"conversation": conversation, "facts": about}
    return messages


def read_backup(tree: Tree, kind: int, secret: bytes) -> dict[str, list[Any]]:
    """Open a whole backup: by folder, what its objects hold."""
    root = open_root(tree["keyring"], kind, secret)
    manifest = open_manifest(tree, root)
    assert len(manifest) == 64 + 192 * int.from_bytes(manifest[4:8])
    found: dict[str, list[Any]] = {"segment": [], "state": [], "media": [], "account": []}
    for at in range(64, len(manifest), 192):
        entry = manifest[at : at + 192]
        folder = FOLDERS[entry[0]]
        content = open_object(tree[f"{folder}/{entry[8:40].hex()}"], entry[0], entry[40:72])
        assert hashlib.sha256(content).digest() == entry[72:104]
        found[folder] += read_segment(content) if folder == "segment" else [content]
    return found
