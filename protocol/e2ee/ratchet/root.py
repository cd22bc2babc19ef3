"""The root key: where each new ratchet key is mixed in.

Spec: docs/protocol.md#ratchet
"""

from protocol.e2ee.curve import DhSecret
from protocol.e2ee.ratchet.chain import ChainKey
from protocol.e2ee.ratchet.hybrid import KemParts
from protocol.kdf import hkdf
from protocol.secret import Secret

_HALF = 32


class RootKey(Secret):
    """Carries all earlier Diffie-Hellman results and KEM secrets into the next root step."""

    __slots__ = ()


def root_step(root: RootKey, agreement: DhSecret, parts: KemParts) -> tuple[RootKey, ChainKey]:
    """Mix a new Diffie-Hellman result, and a KEM secret if there is one, into the root.

    Both results look random to whoever lacks any one of the inputs; neither
    tells about the other.

    Spec: docs/protocol.md#ratchet
    Returns:
        The next root key, and the first key of the chain this step creates.
    Cost: one HKDF, about 4 us.
    """
    kem_secret = b"" if parts.secret is None else parts.secret.expose()
    output = hkdf(root.expose(), agreement.expose() + kem_secret, parts.info(), 2 * _HALF)
    return RootKey(output[:_HALF]), ChainKey(output[_HALF:])
