"""The encryption of one message under its single-use key.

Spec: docs/protocol.md#ratchet-message, RFC 8439
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from protocol.e2ee.ratchet.chain import MessageKey
from protocol.e2ee.ratchet.header import NONCE_BYTES
from protocol.errors import DecryptionFailed
from protocol.randomness import RandomBytes


def seal_body(
    key: MessageKey, plaintext: bytes, associated_data: bytes, random_bytes: RandomBytes
) -> bytes:
    """Encrypt ``plaintext`` and authenticate it together with ``associated_data``.

    The key is used once, so a constant nonce would do; a random one also holds
    when a disk rolled back to an older state makes us use the key again.

    Returns:
        Nonce, ciphertext and tag.
    """
    nonce = random_bytes(NONCE_BYTES)
    return nonce + ChaCha20Poly1305(key.expose()).encrypt(nonce, plaintext, associated_data)


def open_body(key: MessageKey, body: bytes, associated_data: bytes) -> bytes:
    """Decrypt what :func:`seal_body` gave.

    Args:
        body: at least nonce and tag long.

    Raises:
        DecryptionFailed: body or associated data were changed, or the key is
            another one.
    """
    nonce, sealed = body[:NONCE_BYTES], body[NONCE_BYTES:]
    try:
        return ChaCha20Poly1305(key.expose()).decrypt(nonce, sealed, associated_data)
    except InvalidTag as error:
        raise DecryptionFailed("message") from error
