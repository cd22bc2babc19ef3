"""Golden bytes: what was written once still comes out, and still opens."""

import hmac
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from protocol.e2ee.curve import CurvePrivateKey
from protocol.e2ee.handshake import HandshakePrekeys, respond
from protocol.e2ee.handshake_header import HandshakeHeader
from protocol.e2ee.identity import IdentityKeyPair, LocalDevice
from protocol.e2ee.kem import KemSeed
from protocol.e2ee.padding import Padding
from protocol.e2ee.prekey_secrets import SealingPrivateKey
from protocol.e2ee.sealed import open_envelope_untrusted
from protocol.e2ee.sender_tag import require_sender
from protocol.e2ee.session import decrypt
from protocol.e2ee.stored import unpack_session
from protocol.ids import DeviceAddress, parse_name
from tests.protocol.e2ee.golden_files import COMPUTED, FOLDER, OPENED, Golden, load
from tests.protocol.e2ee.parties import NOW_MS

ALICE = DeviceAddress(parse_name("alice"))


def _hex(golden: Golden, key: str) -> bytes:
    return bytes.fromhex(golden[key])


def _bob(golden: Golden) -> LocalDevice:
    identity = IdentityKeyPair.from_seed(_hex(golden, "identity_seed"))
    return LocalDevice(DeviceAddress(parse_name(golden["name"])), identity)


def test_no_golden_file_is_without_a_test() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*COMPUTED, *OPENED}


@pytest.mark.parametrize("name", COMPUTED)
def test_computed_bytes_are_as_they_were(name: str) -> None:
    assert COMPUTED[name]() == load(name)


@pytest.mark.parametrize("case", ["one_time", "last_resort"])
def test_a_golden_handshake_is_answered(case: str) -> None:
    golden = load("handshake.json")
    one_time = case == "one_time"
    seed = _hex(golden, "one_time_seed" if one_time else "last_resort_seed")
    prekeys = HandshakePrekeys(
        CurvePrivateKey(_hex(golden, "signed_prekey_private")),
        KemSeed(seed),
        CurvePrivateKey(_hex(golden, "one_time_private")) if one_time else None,
    )
    header = HandshakeHeader.decode_untrusted(_hex(golden[case], "header"))
    result = respond(_bob(golden), ALICE, header, prekeys)
    assert result.shared_secret.expose() == _hex(golden[case], "shared_secret")
    assert result.associated_data == _hex(golden[case], "associated_data")
    assert result.session_id == _hex(golden[case], "session_id")


@pytest.mark.parametrize("padding", Padding)
def test_a_golden_envelope_opens(padding: Padding) -> None:
    golden = load("envelope.json")
    bob = _bob(golden)
    payload = open_envelope_untrusted(
        bytes.fromhex(golden["envelopes"][padding.value]),
        bob.address,
        bob.identity.public,
        SealingPrivateKey.from_bytes(_hex(golden, "sealing_private")),
    )
    assert payload.sender == ALICE
    assert payload.encode() == _hex(golden, "payload")
    require_sender(payload, bob, _hex(golden, "sender_identity"))


@pytest.mark.parametrize("case", ["answer", "answer_and_key"])
def test_a_golden_answer_opens(case: str) -> None:
    golden = load("hybrid.json")
    alice, text = decrypt(
        unpack_session(_hex(golden, "stored")), _hex(golden[case], "message"), NOW_MS
    )
    assert text == _hex(golden[case], "text")
    assert alice.ratchet.root.expose() == _hex(golden[case], "root")


@pytest.mark.parametrize("case", ["answer", "answer_and_key"])
def test_a_golden_hybrid_step_is_the_page_spelled_out(case: str) -> None:
    """From the bytes of the file alone, with other code than ours wherever there is some."""
    golden = load("hybrid.json")
    message = _hex(golden[case], "message")
    new_key = message[58:1_242] if message[1] & 2 else b""
    ciphertext = message[58 + len(new_key) :][:1_088]
    seed = MLKEM768PrivateKey.from_seed_bytes(_hex(golden, "kem_seed"))
    private = X25519PrivateKey.from_private_bytes(_hex(golden, "ratchet_private"))
    agreement = private.exchange(X25519PublicKey.from_public_bytes(message[18:50]))
    used_key = _hex(golden, "attached_key")
    assert used_key == seed.public_key().public_bytes_raw()
    info = b"glasspost/1/ratchet-root-hybrid" + sha256(used_key + ciphertext + new_key).digest()
    material = agreement + seed.decapsulate(ciphertext)
    derived = HKDF(SHA256(), 64, _hex(golden, "root"), info).derive(material)
    assert derived == _hex(golden[case], "root") + _hex(golden[case], "chain")
    text = _hex(golden[case], "text")
    body_size = 12 + len(text) + 16
    header, body = message[:-body_size], message[-body_size:]
    key = hmac.digest(derived[32:], b"\x01", "sha256")
    associated_data = _hex(golden, "associated_data") + header
    assert ChaCha20Poly1305(key).decrypt(body[:12], body[12:], associated_data) == text


def test_golden_stored_sessions_are_read() -> None:
    golden = load("ratchet.json")
    alice = unpack_session(_hex(golden, "alice_stored"))
    bob = unpack_session(_hex(golden, "bob_stored"))
    assert alice.session_id == bob.session_id == _hex(golden, "associated_data")[:16]
    assert len(bob.ratchet.skipped) == 1
