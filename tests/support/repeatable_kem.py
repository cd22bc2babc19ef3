"""ML-KEM whose ciphertexts can be repeated: what the library draws itself comes from a seed here.

The session id is a hash over such a ciphertext, and of two sessions the lower
id is sent on: with the real one, no two runs of a simulation are the same. Keys
are made and checked as ever; only what a ciphertext carries is not hidden.
"""

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar
from unittest import mock

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey

from protocol.records import KEM_CIPHERTEXT_BYTES

CARRIED_BYTES = 32


class _PublicKey:
    rng: ClassVar[random.Random]

    def __init__(self, public: bytes) -> None:
        self._public = public

    @classmethod
    def from_public_bytes(cls, public: bytes) -> "_PublicKey":
        MLKEM768PublicKey.from_public_bytes(public)
        return cls(public)

    def encapsulate(self) -> tuple[bytes, bytes]:
        carried = self.rng.randbytes(CARRIED_BYTES)
        return _secret(carried, self._public), carried.ljust(KEM_CIPHERTEXT_BYTES, b"\0")


class _PrivateKey:
    def __init__(self, real: MLKEM768PrivateKey) -> None:
        self._real = real

    @classmethod
    def from_seed_bytes(cls, seed: bytes) -> "_PrivateKey":
        return cls(MLKEM768PrivateKey.from_seed_bytes(seed))

    def public_key(self) -> MLKEM768PublicKey:
        return self._real.public_key()

    def decapsulate(self, ciphertext: bytes) -> bytes:
        return _secret(ciphertext[:CARRIED_BYTES], self._real.public_key().public_bytes_raw())


def _secret(carried: bytes, public: bytes) -> bytes:
    return hashlib.sha256(carried + public).digest()


@contextmanager
def repeatable_kem(rng: random.Random) -> Iterator[None]:
    """Let handshakes and hybrid steps draw from ``rng``; HPKE, which shows in no id, does not."""
    public_key = type("_SeededPublicKey", (_PublicKey,), {"rng": rng})
    with mock.patch.multiple(
        "protocol.e2ee.kem", MLKEM768PublicKey=public_key, MLKEM768PrivateKey=_PrivateKey
    ):
        yield
