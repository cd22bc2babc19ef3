"""The delivery token: who has it may write to a device without saying who they are.

The relay keeps a token's SHA-256 only, so that its disk lets nobody write.

Spec: docs/protocol.md#delivery-token
"""

import hashlib
from dataclasses import dataclass
from typing import Annotated, ClassVar

from protocol.packing import Binary, Key32

Token = Annotated[bytes, Binary(16, 16)]


def token_hash(token: bytes) -> bytes:
    """Give what the relay keeps of a token: its SHA-256."""
    return hashlib.sha256(token).digest()


@dataclass(frozen=True, slots=True)
class SetToken:
    """Client: from now on my token is the one with this SHA-256, and no other."""

    TAG: ClassVar[int] = 41
    token_hash: Key32


@dataclass(frozen=True, slots=True)
class TokenSet:
    """Relay: it is on disk; the former one opens nothing any more."""

    TAG: ClassVar[int] = 42
