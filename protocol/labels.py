"""Domain-separation labels: one purpose, one label, one table.

Spec: docs/protocol.md#labels
"""

from enum import Enum
from typing import Final

SUITE: Final = b"GP1"


class Label(bytes, Enum):
    """Says for what a key is used, so that no output serves two purposes."""

    SIGNED_PREKEY = b"glasspost/1/signed-prekey"
    ONE_TIME_KEM_PREKEY = b"glasspost/1/one-time-kem-prekey"
    LAST_RESORT_KEM_PREKEY = b"glasspost/1/last-resort-kem-prekey"
    SEALING_KEY = b"glasspost/1/sealing-key"
    REGISTER = b"glasspost/1/register"
    LOGIN = b"glasspost/1/login"
    HANDSHAKE_TRANSCRIPT = b"glasspost/1/handshake-transcript"
    HANDSHAKE = b"glasspost/1/handshake"
    RATCHET_ROOT = b"glasspost/1/ratchet-root"
    RATCHET_ROOT_HYBRID = b"glasspost/1/ratchet-root-hybrid"
    SEALED_SENDER = b"glasspost/1/sealed-sender"
    PROFILE_KEY = b"glasspost/1/profile-key"
