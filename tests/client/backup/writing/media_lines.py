"""Files on lines, for backups to take along."""

import io
import random

from client.profile.media_folder import MediaFolder
from client.profile.paths import ProfileFolder
from client.store import media
from client.store.transaction import Transaction


def add_medium(
    tx: Transaction, folder: ProfileFolder, line: int, content: bytes, rng: random.Random
) -> None:
    """Hang a file on a line."""
    sealed = MediaFolder(folder.media).store(
        "holiday.jpg", io.BytesIO(content), len(content), rng.randbytes
    )
    media.attach(tx, line, sealed)
