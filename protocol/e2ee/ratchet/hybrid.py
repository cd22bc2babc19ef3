"""What a root step mixes in besides Diffie-Hellman: the parts of a KEM exchange.

A party that wants fresh post-quantum secrecy attaches a KEM key to its ratchet
key; the peer answers with a ciphertext in its next chain, and that root step
mixes the secret in. All three public parts are hashed into the step, present or
not, so that nobody can strip or swap them unnoticed.

This build takes classical steps only: all parts are empty, and a header that
carries some is refused.

Spec: docs/protocol.md#ratchet
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from protocol.e2ee.kem import KemSecret
from protocol.e2ee.ratchet.header import RatchetHeader
from protocol.errors import UnsupportedFeature
from protocol.labels import Label


@dataclass(frozen=True, slots=True)
class KemParts:
    """The KEM side of one root step; an absent part is empty.

    ``ciphertext`` and ``attached_key`` stand in the headers of the chain that
    the step creates; ``used_key`` is the one the ciphertext was made for.
    """

    used_key: bytes = b""
    ciphertext: bytes = b""
    attached_key: bytes = b""
    secret: KemSecret | None = None

    def info(self) -> bytes:
        """Give the HKDF ``info`` of the step: its label and a hash of the public parts."""
        label = Label.RATCHET_ROOT if self.secret is None else Label.RATCHET_ROOT_HYBRID
        public = self.used_key + self.ciphertext + self.attached_key
        return label.value + sha256(public).digest()


CLASSICAL: Final = KemParts()
"""A step with nothing but Diffie-Hellman."""


def received_parts(header: RatchetHeader) -> KemParts:
    """Give what the step into the chain of ``header`` mixes in.

    Raises:
        UnsupportedFeature: the header carries KEM fields.
    """
    if header.kem_key is not None or header.kem_ciphertext is not None:
        raise UnsupportedFeature("hybrid root steps")
    return CLASSICAL
