"""Writing a file so that a crash leaves the old one or the new one, never a mixture.

A rename replaces a name in one step, but only what was synced before is surely
behind the name afterwards; and the rename itself lasts once the folder is synced.
"""

import os
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def write_atomically(path: Path, content: bytes) -> None:
    """Replace ``path`` by a file of mode 0600 with ``content``, durably.

    Raises:
        OSError: the disk is full or the folder may not be written; ``path`` is as before.
    """
    temporary = path.with_name(f".{path.name}.new")
    try:
        _write_synced(temporary, content)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make what was created, renamed or removed in ``folder`` survive a power loss."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_synced(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        # A leftover of an earlier crash may have another mode.
        os.fchmod(descriptor, PRIVATE_FILE)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
