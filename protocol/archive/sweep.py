"""Which stored objects may go: those that no retained backup has needed for an epoch.

An object waits one epoch before it is deleted. Whoever began to restore from the
backup before this one, or has not heard of the newest head yet, finds all of it.

Spec: docs/formats.md#retention
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from protocol.archive.layout import HEAD_PATH, KEYRING_PATH


@dataclass(frozen=True, slots=True)
class Sweep:
    """What to do with what a storage lists.

    Args:
        delete: paths that may go once this epoch's head is in place.
        waiting: by path, the epoch since which it is not needed; the next
            manifest carries it.
    """

    delete: frozenset[str]
    waiting: Mapping[str, int]


def sweep(
    listed: Iterable[str], needed: frozenset[str], waiting: Mapping[str, int], epoch: int
) -> Sweep:
    """Divide the stored objects that nothing needs.

    Args:
        listed: every path in the storage, orphans of broken uploads included.
        needed: the paths that the manifests of all retained backups name, and
            those manifests' own.
        waiting: as the manifest before carried it.
        epoch: of the backup that is being made.
    """
    kept = needed | {HEAD_PATH, KEYRING_PATH}
    unneeded = [path for path in listed if path not in kept]
    since = {path: waiting.get(path, epoch) for path in unneeded}
    delete = frozenset(path for path, first in since.items() if first < epoch)
    return Sweep(delete, {path: first for path, first in since.items() if path not in delete})
