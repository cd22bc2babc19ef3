"""Names and identifiers: small validated values, each of its own type.

Spec: docs/protocol.md#conventions
"""

import re
from dataclasses import dataclass
from typing import NewType

from protocol.errors import InvalidName
from protocol.limits import MAX_NAME_BYTES

Name = NewType("Name", str)
"""An account's name that has passed :func:`parse_name`."""

EnvelopeId = NewType("EnvelopeId", bytes)
"""16 random bytes, unique in a mailbox; drawn when an envelope is sealed."""

MessageId = NewType("MessageId", bytes)
"""16 random bytes inside the encryption; kept when a message is sent again."""

SessionId = NewType("SessionId", bytes)
"""First 16 bytes of the handshake's transcript hash."""

FetchId = NewType("FetchId", bytes)
"""16 random bytes that make fetching a prekey bundle repeatable."""

BlobId = NewType("BlobId", bytes)
"""32 random bytes: who knows them may read the blob."""

IDENTIFIER_BYTES = 16
BLOB_ID_BYTES = 32

_NAME = re.compile(rf"[a-z0-9](?:[a-z0-9._-]{{0,{MAX_NAME_BYTES - 2}}}[a-z0-9])?")


def parse_name(text: str) -> Name:
    """Check that ``text`` is a name.

    Raises:
        InvalidName: it is not 1 to 32 of ``[a-z0-9._-]`` with a letter or
            digit at both ends.
    """
    if _NAME.fullmatch(text) is None:
        raise InvalidName
    return Name(text)


@dataclass(frozen=True, slots=True, order=True)
class DeviceAddress:
    """One device of one account: where an envelope goes."""

    name: Name
    device: int = 1
