"""Who a device is: one long-lived Ed25519 pair.

Its public half is what contacts pin and compare. Diffie-Hellman uses its X25519
form, only inside computations; see :mod:`protocol.e2ee.curve`.

Spec: docs/protocol.md#keys
"""

from dataclasses import dataclass
from typing import Self

from protocol.e2ee.curve import CurvePrivateKey, identity_to_curve_private
from protocol.ids import DeviceAddress
from protocol.randomness import RandomBytes
from protocol.signing import SigningKey, public_key_of

SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class IdentityKeyPair:
    """A device's identity: private signing key and 32-byte public key."""

    private: SigningKey
    public: bytes

    @classmethod
    def generate(cls, random_bytes: RandomBytes) -> Self:
        """Draw a new identity."""
        return cls.from_seed(random_bytes(SEED_BYTES))

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """Give the identity of a stored 32-byte seed (``private.expose()``)."""
        private = SigningKey(seed)
        return cls(private, public_key_of(private))

    def curve_private(self) -> CurvePrivateKey:
        """Give the X25519 form of the private key, for Diffie-Hellman only."""
        return identity_to_curve_private(self.private)


@dataclass(frozen=True, slots=True)
class LocalDevice:
    """This device: where others reach it, and who it is."""

    address: DeviceAddress
    identity: IdentityKeyPair
