"""The sealed envelope: a padded payload is sealed to a recipient, and opened by it."""

from typing import Final

from nacl.public import PrivateKey, SealedBox

from protocol.e2ee.padding import Padding, pad
from protocol.e2ee.sealed import open_envelope_untrusted, seal
from protocol.e2ee.sealed_payload import TAG_BYTES, PayloadKind, SealedPayload
from protocol.ids import DeviceAddress, parse_name
from scripts.benchmarks.figures import Contender, Row, Workload
from scripts.benchmarks.parties import make_party
from scripts.benchmarks.timing import OURS

_REMARK: Final = "SealedBox is X25519 alone; ours seals to ML-KEM-768 and X25519"

_MESSAGE: Final = bytes(256)


def rows() -> tuple[Row, ...]:
    """Give the one row."""
    what = "seal + open a short message, padded to 4,096 bytes"
    theirs = (Contender("PyNaCl", _sealed_box),)
    return (Row("seal", what, Contender(OURS, _ours), theirs, _REMARK),)


def _payload() -> SealedPayload:
    alice = DeviceAddress(parse_name("alice"))
    return SealedPayload(alice, PayloadKind.RATCHET_MESSAGE, bytes(TAG_BYTES), _MESSAGE)


def _ours() -> Workload:
    bob, payload = make_party("bob"), _payload()
    address, identity = bob.device.address, bob.device.identity.public
    key = bob.bundle.sealing_key

    def work(count: int) -> None:
        for _ in range(count):
            envelope = seal(payload, address, identity, key, Padding.PADME)
            opened = open_envelope_untrusted(envelope, address, identity, bob.sealing_private)
            if opened != payload:
                raise AssertionError("another payload came out")

    return work


def _sealed_box() -> Workload:
    private = PrivateKey.generate()
    sealing, opening = SealedBox(private.public_key), SealedBox(private)
    padded = pad(_payload().encode(), Padding.PADME)

    def work(count: int) -> None:
        for _ in range(count):
            if opening.decrypt(sealing.encrypt(padded)) != padded:
                raise AssertionError("another payload came out")

    return work
