"""Our use of each primitive against RFCs and Wycheproof: the library and our seam around it."""

import pytest

from protocol.e2ee.curve import CurvePrivateKey, curve_public_of, dh
from protocol.e2ee.kem import KemSeed, decapsulate, kem_public_of
from protocol.e2ee.ratchet.body import open_body, seal_body
from protocol.e2ee.ratchet.chain import ChainKey, MessageKey, chain_step
from protocol.errors import BadPublicKey, DecryptionFailed
from protocol.kdf import hkdf
from protocol.signing import SigningKey, public_key_of
from tests.protocol.vectors import wycheproof

HEX = bytes.fromhex


def test_hkdf_rfc_5869_case_1() -> None:
    output = hkdf(
        HEX("000102030405060708090a0b0c"), HEX("0b" * 22), HEX("f0f1f2f3f4f5f6f7f8f9"), 42
    )
    assert output.hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )


def test_hkdf_rfc_5869_case_3_without_salt_and_info() -> None:
    assert hkdf(b"", HEX("0b" * 22), b"", 42).hex() == (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )


def test_hkdf_wycheproof() -> None:
    for case in wycheproof("hkdf_sha256_test.json"):
        salt, ikm, info = HEX(case["salt"]), HEX(case["ikm"]), HEX(case["info"])
        if case["result"] == "valid":
            assert hkdf(salt, ikm, info, case["size"]) == HEX(case["okm"]), case["tcId"]
        else:
            with pytest.raises(ValueError, match="derive keys larger"):
                hkdf(salt, ikm, info, case["size"])


def test_x25519_rfc_7748_section_6_1() -> None:
    alice = CurvePrivateKey(HEX("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"))
    bob = CurvePrivateKey(HEX("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"))
    alice_public = HEX("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
    bob_public = HEX("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
    assert curve_public_of(alice) == alice_public
    assert curve_public_of(bob) == bob_public
    shared = HEX("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742")
    assert dh(alice, bob_public).expose() == dh(bob, alice_public).expose() == shared


def test_x25519_wycheproof_refuses_every_zero_result() -> None:
    zero = 0
    for case in wycheproof("x25519_test.json"):
        private, public = CurvePrivateKey(HEX(case["private"])), HEX(case["public"])
        if "ZeroSharedSecret" in case["flags"]:
            zero += 1
            with pytest.raises(BadPublicKey):
                dh(private, public)
        else:
            assert dh(private, public).expose() == HEX(case["shared"]), case["tcId"]
    assert zero == 31


def test_ed25519_rfc_8032_public_keys() -> None:
    """Signatures here are over labelled fields; the RFC's raw ones are the library's matter."""
    seed = HEX("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    public = HEX("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    assert public_key_of(SigningKey(seed)) == public


def test_hmac_chain_step_against_an_independent_computation() -> None:
    """RFC 4231's keys are of other sizes: HMAC is spelled out from RFC 2104 instead."""
    from hashlib import sha256

    def hmac(key: bytes, data: bytes) -> bytes:
        block = key.ljust(64, b"\0")
        inner = sha256(bytes(byte ^ 0x36 for byte in block) + data).digest()
        return sha256(bytes(byte ^ 0x5C for byte in block) + inner).digest()

    raw = bytes(range(32))
    following, message_key = chain_step(ChainKey(raw))
    assert message_key.expose() == hmac(raw, b"\x01")
    assert following.expose() == hmac(raw, b"\x02")


def test_chacha20_poly1305_rfc_8439_section_2_8_2() -> None:
    key = MessageKey(bytes(range(0x80, 0xA0)))
    nonce, associated = HEX("070000004041424344454647"), HEX("50515253c0c1c2c3c4c5c6c7")
    text = (
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip"
        b" for the future, sunscreen would be it."
    )
    body = seal_body(key, text, associated, lambda size: nonce)
    assert body[:12] == nonce
    assert body[12:28].hex() == "d31a8d34648e60db7b86afbc53ef7ec2"
    assert body[-16:].hex() == "1ae10b594f09e26a7e902ecbd0600691"
    assert open_body(key, body, associated) == text


def test_chacha20_poly1305_wycheproof() -> None:
    used = 0
    for case in wycheproof("chacha20_poly1305_test.json"):
        if case["ivSize"] != 96:
            continue  # a body's first 12 bytes are its nonce: no other size can be said
        used += 1
        key, body = MessageKey(HEX(case["key"])), HEX(case["iv"] + case["ct"] + case["tag"])
        if case["result"] == "valid":
            assert open_body(key, body, HEX(case["aad"])) == HEX(case["msg"]), case["tcId"]
        else:
            with pytest.raises(DecryptionFailed):
                open_body(key, body, HEX(case["aad"]))
    assert used == 316


def test_ml_kem_768_wycheproof() -> None:
    for case in wycheproof("mlkem_768_test.json"):
        seed, ciphertext = HEX(case["seed"]), HEX(case["c"])
        if len(seed) != 64:
            with pytest.raises(ValueError, match="takes 64 bytes"):
                KemSeed(seed)
        elif case["result"] == "invalid":
            with pytest.raises(DecryptionFailed):
                decapsulate(KemSeed(seed), ciphertext)
        else:
            assert kem_public_of(KemSeed(seed)) == HEX(case["ek"]), case["tcId"]
            assert decapsulate(KemSeed(seed), ciphertext).expose() == HEX(case["K"]), case["tcId"]
