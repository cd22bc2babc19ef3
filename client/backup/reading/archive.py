"""A backup that is open: a value that all ways of reading take.

Spec: docs/backup.md#reading
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from client.backup.targets.interface import Target
from client.errors import UserError
from protocol.archive.entry import Entry
from protocol.archive.head import Head
from protocol.archive.keyring import Keyring
from protocol.archive.keys import ArchiveRoot
from protocol.archive.layout import ObjectKind
from protocol.archive.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Noticed:
    """What was odd when a backup was opened, and stopped nobody.

    Args:
        behind: sources with an older head.
        refused: sources whose head this archive's key did not sign.
        silent: sources that could not be asked, each with the reason.
        alarm: what a person let pass; None if there was nothing.
    """

    behind: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    silent: Mapping[str, UserError] = field(default_factory=dict)
    alarm: UserError | None = None


@dataclass(frozen=True, slots=True)
class OpenArchive:
    """A backup that is open.

    Args:
        stored_head: the believed head, as it was signed.
    """

    target: Target
    root: ArchiveRoot
    keyring: Keyring
    head: Head
    stored_head: bytes
    manifest: Manifest
    noticed: Noticed = Noticed()

    def of_kind(self, kind: ObjectKind) -> list[Entry]:
        """Give the objects of a kind that belong to this backup, in the manifest's order."""
        return objects_of(self.manifest, kind)


def objects_of(manifest: Manifest, kind: ObjectKind) -> list[Entry]:
    """Give the objects of a kind that a backup consists of, without those that only wait to go."""
    return [each for each in manifest.entries if each.kind == kind and not each.unneeded_since]
