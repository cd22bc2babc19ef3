"""Sessions of PyPI DoubleRatchet (Python), with its recommended algorithms."""

from typing import Any, Final

from doubleratchet import DoubleRatchet, EncryptedMessage, Header
from doubleratchet.recommended import (
    HashFunction,
    aead_aes_hmac,
    diffie_hellman_ratchet_curve25519,
    kdf_hkdf,
    kdf_separate_hmacs,
)

from protocol.limits import MAX_SKIPPED_KEYS
from scripts.benchmarks.coroutines import finish

_SHARED_SECRET: Final = bytes(range(32))
_OWN_PRIVATE: Final = bytes(range(32, 64))
_ASSOCIATED_DATA: Final = bytes(32)


class _Curve(diffie_hellman_ratchet_curve25519.DiffieHellmanRatchet):
    """Curve25519, as ours."""


class _RootKdf(kdf_hkdf.KDF):
    @staticmethod
    def _get_hash_function() -> HashFunction:
        return HashFunction.SHA_256

    @staticmethod
    def _get_info() -> bytes:
        return b"root"


class _ChainKdf(kdf_separate_hmacs.KDF):
    @staticmethod
    def _get_hash_function() -> HashFunction:
        return HashFunction.SHA_256


class _Aead(aead_aes_hmac.AEAD):
    @staticmethod
    def _get_hash_function() -> HashFunction:
        return HashFunction.SHA_256

    @staticmethod
    def _get_info() -> bytes:
        return b"message"


class _Ratchet(DoubleRatchet):
    @staticmethod
    def _build_associated_data(associated_data: bytes, header: Header) -> bytes:
        counts = (header.previous_sending_chain_length, header.sending_chain_length)
        return associated_data + header.ratchet_pub + b"".join(n.to_bytes(4, "big") for n in counts)


_CHOICES: Final[dict[str, Any]] = {
    "diffie_hellman_ratchet_class": _Curve,
    "root_chain_kdf": _RootKdf,
    "message_chain_kdf": _ChainKdf,
    "message_chain_constant": b"\x02\x01",
    "dos_protection_threshold": MAX_SKIPPED_KEYS,
    "max_num_skipped_message_keys": MAX_SKIPPED_KEYS,
    "aead": _Aead,
    "shared_secret": _SHARED_SECRET,
    "associated_data": _ASSOCIATED_DATA,
}


class DoubleRatchetSide:
    """One end of a session; its messages have no form of bytes."""

    def __init__(self, ratchet: DoubleRatchet) -> None:
        self._ratchet = ratchet

    def encrypt(self, text: bytes) -> EncryptedMessage:
        """Encrypt the next message."""
        return finish(self._ratchet.encrypt_message(text, _ASSOCIATED_DATA))

    def decrypt(self, message: EncryptedMessage) -> bytes:
        """Open a message of the other side."""
        return finish(self._ratchet.decrypt_message(message, _ASSOCIATED_DATA))


def doubleratchet_sides() -> tuple[DoubleRatchetSide, DoubleRatchetSide]:
    """Give both ends of a fresh session that has been answered."""
    public = _Curve._derive_pub(_OWN_PRIVATE)
    ours, first = finish(
        _Ratchet.encrypt_initial_message(**_CHOICES, recipient_ratchet_pub=public, message=b"first")
    )
    theirs, _ = finish(
        _Ratchet.decrypt_initial_message(**_CHOICES, own_ratchet_priv=_OWN_PRIVATE, message=first)
    )
    alice, bob = DoubleRatchetSide(ours), DoubleRatchetSide(theirs)
    alice.decrypt(bob.encrypt(b"answer"))
    return alice, bob
