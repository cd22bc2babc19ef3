"""Golden bytes: what was written once still comes out, and still opens."""

import pytest

from protocol.e2ee.curve import CurvePrivateKey
from protocol.e2ee.handshake import HandshakePrekeys, respond
from protocol.e2ee.handshake_header import HandshakeHeader
from protocol.e2ee.identity import IdentityKeyPair, LocalDevice
from protocol.e2ee.kem import KemSeed
from protocol.e2ee.padding import Padding
from protocol.e2ee.prekey_secrets import SealingPrivateKey
from protocol.e2ee.sealed import open_envelope_untrusted
from protocol.e2ee.stored import unpack_session
from protocol.ids import DeviceAddress, parse_name
from tests.protocol.e2ee.golden_files import COMPUTED, FOLDER, OPENED, Golden, load

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


def test_golden_stored_sessions_are_read() -> None:
    golden = load("ratchet.json")
    alice = unpack_session(_hex(golden, "alice_stored"))
    bob = unpack_session(_hex(golden, "bob_stored"))
    assert alice.session_id == bob.session_id == _hex(golden, "associated_data")[:16]
    assert len(bob.ratchet.skipped) == 1
