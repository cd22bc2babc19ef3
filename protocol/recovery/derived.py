"""From the OPRF's output to the two things that are made of it, and to nothing else.

    output ──HKDF──▶ slot secret             opens the password's slot of the keyring
           ──HKDF──▶ unlock tag per vault    sets that vault's count of guesses to zero

A tag is bound to its record and its vault, so that no vault can use what another
was told.

Spec: docs/recovery.md#derived-secrets
"""

from typing import Final

from protocol.encoding import encode_fields
from protocol.kdf import hkdf
from protocol.labels import Label
from protocol.recovery.oprf import OprfOutput
from protocol.secret import Secret

TAG_BYTES: Final = 32

_SALT: Final = bytes(32)


class PasswordSecret(Secret):
    """The secret of a keyring's password slot, 32 bytes; its key pair is derived from it."""

    __slots__ = ()


class UnlockTag(Secret):
    """Tells one vault that the password was right, 32 bytes."""

    __slots__ = ()


def password_secret(output: OprfOutput) -> PasswordSecret:
    """Derive the secret of the password's slot."""
    info = encode_fields(Label.RECOVERY_PASSWORD)
    return PasswordSecret(hkdf(_SALT, output.expose(), info, 32))


def unlock_tag(output: OprfOutput, record_id: bytes, vault_key: bytes) -> UnlockTag:
    """Derive the tag of one record at one vault.

    Args:
        record_id: 16 bytes.
        vault_key: the vault's 32-byte Ed25519 key.
    """
    info = encode_fields(Label.UNLOCK_TAG, record_id, vault_key)
    return UnlockTag(hkdf(_SALT, output.expose(), info, TAG_BYTES))
