"""Root steps: every input counts, classical and hybrid."""

from hashlib import sha256

import pytest

from protocol.e2ee.curve import DhSecret
from protocol.e2ee.kdf import hkdf
from protocol.e2ee.kem import KemSecret
from protocol.e2ee.ratchet.header import RatchetHeader
from protocol.e2ee.ratchet.hybrid import CLASSICAL, KemParts, received_parts
from protocol.e2ee.ratchet.root import RootKey, root_step
from protocol.errors import UnsupportedFeature
from protocol.ids import SessionId

ROOT, AGREEMENT, SECRET = RootKey(b"r" * 32), DhSecret(b"d" * 32), KemSecret(b"k" * 32)


def test_a_classical_step_is_the_page_spelled_out() -> None:
    info = b"glasspost/1/ratchet-root" + sha256(b"").digest()
    output = hkdf(b"r" * 32, b"d" * 32, info, 64)
    root, chain = root_step(ROOT, AGREEMENT, CLASSICAL)
    assert root.expose() + chain.expose() == output


def test_a_hybrid_step_is_the_page_spelled_out() -> None:
    info = b"glasspost/1/ratchet-root-hybrid" + sha256(b"used" + b"ct" + b"new").digest()
    output = hkdf(b"r" * 32, b"d" * 32 + b"k" * 32, info, 64)
    root, chain = root_step(ROOT, AGREEMENT, KemParts(b"used", b"ct", b"new", SECRET))
    assert root.expose() + chain.expose() == output


def test_every_input_counts() -> None:
    steps = [
        root_step(ROOT, AGREEMENT, CLASSICAL),
        root_step(RootKey(b"R" * 32), AGREEMENT, CLASSICAL),
        root_step(ROOT, DhSecret(b"D" * 32), CLASSICAL),
        root_step(ROOT, AGREEMENT, KemParts(attached_key=b"new")),
        root_step(ROOT, AGREEMENT, KemParts(secret=SECRET)),
        root_step(ROOT, AGREEMENT, KemParts(b"used", b"ct", b"", SECRET)),
        root_step(ROOT, AGREEMENT, KemParts(b"used", b"ct", b"new", SECRET)),
        root_step(ROOT, AGREEMENT, KemParts(b"used", b"ct", b"new", KemSecret(b"K" * 32))),
    ]
    outputs = {key.expose() for step in steps for key in step}
    assert len(outputs) == 2 * len(steps)


@pytest.mark.parametrize("field", ["kem_key", "kem_ciphertext"])
def test_kem_fields_are_refused_by_a_build_without_hybrid_steps(field: str) -> None:
    plain = RatchetHeader(SessionId(bytes(16)), bytes(32), 0, 0)
    assert received_parts(plain) is CLASSICAL
    carrying = RatchetHeader(
        plain.session_id,
        plain.ratchet_key,
        0,
        0,
        kem_key=bytes(1_184) if field == "kem_key" else None,
        kem_ciphertext=bytes(1_088) if field == "kem_ciphertext" else None,
    )
    with pytest.raises(UnsupportedFeature):
        received_parts(carrying)
