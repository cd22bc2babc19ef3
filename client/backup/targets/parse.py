"""From what a person typed to where a backup lies: values only, nothing is opened.

    PATH, folder:PATH                          a folder
    relay:LOCATOR                              blobs of this profile's relay
    s3:BUCKET/PREFIX?endpoint=...&region=...   a service that Apache OpenDAL speaks
    webdav:https://HOST/PATH                   likewise; see SERVICES
    gdrive:FOLDER                              likewise

A text that begins with ``/``, ``.`` or ``~``, or has no colon, is a path.

Spec: docs/backup.md#targets
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from client.backup.targets.cloud_address import SERVICES, parse_cloud
from client.errors import LocalError
from protocol.archive.locator import Locator, parse_locator
from protocol.errors import BadLocator

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9_-]*):(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FolderAddress:
    """A folder, as an absolute path."""

    path: Path

    def __str__(self) -> str:
        return f"folder:{self.path}"


@dataclass(frozen=True, slots=True)
class RelayPlace:
    """Blobs of a relay; which one is the profile's business."""

    locator: Locator

    def __str__(self) -> str:
        return f"relay:{self.locator}"


@dataclass(frozen=True, slots=True)
class CloudAddress:
    """A service and its options, none of them secret; ``text`` is what was typed."""

    text: str
    service: str
    options: Mapping[str, str]

    def __str__(self) -> str:
        return self.text


TargetAddress = FolderAddress | RelayPlace | CloudAddress


def parse_target(text: str) -> TargetAddress:
    """Read a TARGET; ``str`` of the result reads back to the same.

    Raises:
        LocalError: it is none, or holds what does not belong there.
    """
    found = None if text.startswith(("/", ".", "~")) else _SCHEME.fullmatch(text)
    scheme, rest = (found[1].lower(), found[2]) if found else ("folder", text)
    if scheme == "folder":
        return FolderAddress(_folder(rest))
    if scheme == "relay":
        return RelayPlace(_locator(rest))
    if scheme in SERVICES:
        return CloudAddress(text, scheme, parse_cloud(scheme, rest))
    raise LocalError(
        f"There is no kind of target named {scheme}.",
        why=f"Known are folder, relay, {', '.join(SERVICES)}.",
        hint=f"If it is a path, write folder:{text}",
    )


def _folder(text: str) -> Path:
    if not text or "\0" in text:
        raise LocalError("The folder's path is missing.", hint="Write folder:PATH, or a path.")
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:  # ~somebody whom this system does not know
        raise LocalError(
            "Whose folder that is is not known here.", hint="Write the whole path."
        ) from error


def _locator(text: str) -> Locator:
    try:
        return parse_locator(text)
    except BadLocator as error:
        raise LocalError(
            "This is not where a backup lies on a relay.",
            why=f"It is {error}.",
            hint="Compare it with what was written down: relay: and seven groups of four.",
        ) from error
