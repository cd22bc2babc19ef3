"""P9: what docs/recovery.md says byte by byte, computed by hand, is what the code computes.

Nothing of the product computes here: integers, hashlib, hmac, msgpack and PyNaCl's signatures.
The group alone is taken from the product, which the vectors of RFC 9496 and 9497 vouch for.
"""

import hashlib
import hmac
import struct

import msgpack
from nacl.signing import SigningKey as NaclKey
from nacl.signing import VerifyKey

from protocol.recovery import group, oprf
from protocol.recovery.possession import PossessionQuestion, prove_possession
from protocol.recovery.scalar import OprfKey, scalar_of
from tests.protocol.recovery.cast import OWNER, SALT, cast, stretched

L = 2**252 + 27742317777372353535851937790883648493


def encode(label: str, *fields: bytes) -> bytes:
    name = f"glasspost/1/{label}".encode()
    framed = b"".join(struct.pack(">I", len(each)) + each for each in fields)
    return bytes([len(name)]) + name + framed


def hkdf(material: bytes, info: bytes) -> bytes:
    pseudorandom = hmac.digest(bytes(32), material, "sha256")
    return hmac.digest(pseudorandom, info + b"\x01", "sha256")


PARTY = cast("by hand")
MADE = PARTY.made
SHARES = [int.from_bytes(each.share.expose(), "little") for each in MADE.registrations]
KEY = (2 * SHARES[0] - SHARES[1]) % L


def _output() -> bytes:
    value = stretched("right")
    key = OprfKey(KEY.to_bytes(32, "little"))
    blinded = oprf.blind(value, PARTY.draw)
    answer = oprf.evaluate(key, blinded.element)
    return oprf.finalize(value, blinded.blind, answer).expose()


OUTPUT = _output()


def test_p9_the_shares_lie_on_a_line() -> None:
    assert (2 * SHARES[1] - SHARES[0]) % L == SHARES[2]


def test_p9_the_derived_secrets() -> None:
    assert MADE.secret.expose() == hkdf(OUTPUT, encode("recovery-password"))
    for part, registration in zip(MADE.record.parts, MADE.registrations, strict=True):
        info = encode("unlock-tag", part.record_id, part.vault.key)
        assert registration.tag.expose() == hkdf(OUTPUT, info)


def test_p9_the_password_record() -> None:
    parts = [
        [[each.vault.name, each.vault.address, each.vault.key], each.record_id, each.public_share]
        for each in MADE.record.parts
    ]
    fields = [[SALT, 67_108_864, 3], 2, 5, parts]
    assert MADE.record.encode() == b"\x01" + msgpack.packb(fields)


def test_p9_the_registration_and_its_receipt() -> None:
    for index, (each, vault) in enumerate(
        zip(MADE.registrations, PARTY.vaults.values(), strict=True), 1
    ):
        packed = msgpack.packb(
            [
                each.record_id,
                index,
                SHARES[index - 1].to_bytes(32, "little"),
                [part.public_share for part in MADE.record.parts],
                2,
                5,
                each.tag.expose(),
                bytes(NaclKey(OWNER.expose()).verify_key),
            ]
        )
        digest = hashlib.sha256(encode("vault-registration", packed)).digest()
        receipt = vault.register(each)
        signed = encode(
            "vault-event",
            each.record_id,
            struct.pack(">Q", 0),
            struct.pack(">Q", receipt.time_ms),
            b"\x01",
            b"\x00",
            digest,
            bytes(32),
        )
        VerifyKey(vault.place.key).verify(signed, receipt.signature)


def test_p9_the_proof_of_possession() -> None:
    share, part = MADE.registrations[0].share, MADE.record.parts[0]
    question = PossessionQuestion(part.vault.key, part.record_id, b"n" * 32)
    proof = prove_possession(share, question, lambda size: b"\x07".ljust(size, b"\0")).encode()
    commitment = group.multiply_generator(scalar_of(7)).encoding
    hashed = encode(
        "share-possession",
        part.vault.key,
        part.record_id,
        b"n" * 32,
        part.public_share,
        commitment,
    )
    challenge = int.from_bytes(hashlib.sha512(hashed).digest(), "little") % L
    response = (7 - challenge * SHARES[0]) % L
    assert proof == challenge.to_bytes(32, "little") + response.to_bytes(32, "little")
