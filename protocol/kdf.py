"""HKDF-SHA-256: from raw secrets to keys.

Spec: docs/protocol.md#conventions, RFC 5869
"""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def hkdf(salt: bytes, key_material: bytes, info: bytes, length: int) -> bytes:
    """Derive ``length`` bytes from ``key_material``, bound to ``info``."""
    return HKDF(SHA256(), length, salt, info).derive(key_material)
