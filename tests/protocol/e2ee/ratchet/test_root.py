"""Root steps: every input counts, classical and hybrid."""

from hashlib import sha256

from protocol.e2ee.curve import DhSecret
from protocol.e2ee.kem import KemSecret
from protocol.e2ee.ratchet.hybrid import CLASSICAL, KemParts
from protocol.e2ee.ratchet.root import RootKey, root_step
from protocol.kdf import hkdf

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
