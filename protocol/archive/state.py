"""State: the contacts with their pinned keys, and the settings. Uncompressed.

    u8(version = 1) || strict msgpack of State

No key of ours is in it: identity, ratchets, prekeys and profile key stay out of
backups, since putting them back would roll the ratchets back.

Spec: docs/formats.md#state
"""

from dataclasses import dataclass
from typing import Annotated, Final

from protocol.errors import OutOfRange, UnsupportedVersion
from protocol.limits import (
    MAX_SETTING_BYTES,
    MAX_SETTING_KEY_BYTES,
    MAX_STATE_BYTES,
    MAX_STATE_ITEMS,
)
from protocol.packing import (
    U64,
    Binary,
    Bool,
    Key32,
    Many,
    NameText,
    Text,
    pack,
    unpack_untrusted,
)

STATE_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact: the pinned identity, if there is one, and what the user decided about it.

    ``pending_identity`` is another one that the user has not answered to yet;
    ``series`` counts the contact's identities.
    """

    name: NameText
    identity: Key32 | None
    pending_identity: Key32 | None
    verified: Bool
    blocked: Bool
    series: U64


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, as the client stores it; a key that is not known is kept."""

    key: Annotated[str, Text(MAX_SETTING_KEY_BYTES)]
    value: Annotated[bytes, Binary(0, MAX_SETTING_BYTES)]


@dataclass(frozen=True, slots=True)
class State:
    """Everything of a profile that is neither a message nor a key of ours."""

    name: NameText
    contacts: Annotated[tuple[Contact, ...], Many(MAX_STATE_ITEMS)]
    settings: Annotated[tuple[Setting, ...], Many(MAX_STATE_ITEMS)]


def encode_state(state: State) -> bytes:
    """Give the object's content.

    Raises:
        OutOfRange: more of something than would be read back.
    """
    content = bytes([STATE_VERSION]) + pack(state)
    counts = max(len(state.contacts), len(state.settings))
    if len(content) > MAX_STATE_BYTES or counts > MAX_STATE_ITEMS:
        raise OutOfRange(f"a state of {MAX_STATE_ITEMS} items and {MAX_STATE_BYTES} bytes")
    return content


def decode_state_untrusted(content: bytes) -> State:
    """Read an object's content.

    Raises:
        UnsupportedVersion: a newer state.
        WireError: it is malformed.
    """
    if content[:1] != bytes([STATE_VERSION]):
        raise UnsupportedVersion("backup state", content[0] if content else 0)
    return unpack_untrusted(State, content[1:], MAX_STATE_BYTES, MAX_STATE_ITEMS)
