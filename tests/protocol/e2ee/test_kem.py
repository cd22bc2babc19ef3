"""ML-KEM-768 at our seam."""

import pytest

from protocol.e2ee.kem import decapsulate, encapsulate, kem_public_of, make_kem_seed
from protocol.errors import BadPublicKey, DecryptionFailed
from tests.support.randomness import SeededBytes


def test_both_sides_come_to_one_secret() -> None:
    seed = make_kem_seed(SeededBytes("kem"))
    ciphertext, secret = encapsulate(kem_public_of(seed))
    assert len(ciphertext) == 1_088
    assert decapsulate(seed, ciphertext) == secret


def test_a_forged_ciphertext_gives_an_unrelated_secret() -> None:
    seed = make_kem_seed(SeededBytes("kem"))
    ciphertext, secret = encapsulate(kem_public_of(seed))
    forged = bytes([ciphertext[0] ^ 1]) + ciphertext[1:]
    assert decapsulate(seed, forged) != secret


@pytest.mark.parametrize("size", [0, 1_087, 1_089])
def test_ciphertexts_of_another_size_are_refused(size: int) -> None:
    with pytest.raises(DecryptionFailed):
        decapsulate(make_kem_seed(SeededBytes("kem")), bytes(size))


@pytest.mark.parametrize(
    "key", [b"", bytes(1_183), b"\xff" * 1_184], ids=["none", "short", "range"]
)
def test_unusable_public_keys_are_refused(key: bytes) -> None:
    with pytest.raises(BadPublicKey):
        encapsulate(key)
