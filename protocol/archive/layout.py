"""Where things lie in a storage, and what kinds of object there are.

    keyring                                   replaced with each new root
    head                                      replaced with each backup
    manifest/<epoch>-<first 16 bytes of its hash>
    segment/<name>  state/<name>  media/<name>  account/<name>

All but the first two are written once. An epoch has 16 hex digits; a name 64.

Spec: docs/formats.md#the-tree
"""

import re
from enum import IntEnum
from typing import Final

KEYRING_PATH: Final = "keyring"
HEAD_PATH: Final = "head"
NAME_BYTES: Final = 32
_MANIFEST_HASH_BYTES: Final = 16

_PATH: Final = re.compile(
    r"keyring|head|manifest/[0-9a-f]{16}-[0-9a-f]{32}|(?:segment|state|media|account)/[0-9a-f]{64}"
)


class ObjectKind(IntEnum):
    """What an object holds. Numbers are final; the name in lower case is its folder."""

    MANIFEST = 1
    SEGMENT = 2
    STATE = 3
    MEDIA = 4
    ACCOUNT = 5


class SlotKind(IntEnum):
    """What opens a slot. Numbers are final; a newer program's are kept as they are."""

    EMPTY = 0
    DIGITS = 1
    PASSWORD = 2


def object_path(kind: ObjectKind, name: bytes) -> str:
    """Give where the object ``name`` lies; a manifest: :func:`manifest_path`."""
    return f"{kind.name.lower()}/{name.hex()}"


def manifest_path(epoch: int, manifest_hash: bytes) -> str:
    """Give where a manifest lies.

    The hash is part of it, so that a backup that was cut off and began again
    writes beside its first try and not over it.
    """
    return f"manifest/{epoch:016x}-{manifest_hash[:_MANIFEST_HASH_BYTES].hex()}"


def is_object_path(path: str) -> bool:
    """Tell whether a backup has objects under such a path; a storage may show any other."""
    return _PATH.fullmatch(path) is not None
