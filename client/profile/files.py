"""Writing a file so that a crash leaves the old one or the new one, never a mixture.

A rename replaces a name in one step, but only what was synced before is surely
behind the name afterwards; and the rename itself lasts once the folder is synced.
"""

import os
import tempfile
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def write_atomically(path: Path, content: bytes) -> None:
    """Replace ``path`` by a file of mode 0600 with ``content``, durably.

    A crash may leave ``.NAME.*.new`` beside it, which nobody reads.

    Raises:
        OSError: the disk is full or the folder may not be written; ``path`` is as before.
    """
    # A name of its own: two that write at the same time must not share one file.
    descriptor, name = tempfile.mkstemp(".new", f".{path.name}.", path.parent)
    temporary = Path(name)
    try:
        _write_synced(descriptor, content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def make_folders(folder: Path) -> None:
    """Make ``folder`` and what is missing above it; all of it survives a power loss.

    Raises:
        OSError: it cannot be made, or something else has its name.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    for each in missing:
        sync_folder(each.parent)


def sync_folder(folder: Path) -> None:
    """Make what was created, renamed or removed in ``folder`` survive a power loss."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_synced(descriptor: int, content: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
