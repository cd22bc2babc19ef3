"""A folder in which the media of messages are put: docs/formats.md, "Facts", "Objects"."""

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from scripts.backup_reader.archive import Archive, Entry
from scripts.backup_reader.conventions import reading, require
from scripts.backup_reader.messages import Line
from scripts.backup_reader.objects import MEDIA, unseal


class Gallery:
    """A folder that the media of messages are written to."""

    def __init__(self, archive: Archive, entries: list[Entry], folder: Path) -> None:
        self.archive, self.folder = archive, folder
        self.objects = {entry.name: entry for entry in entries if entry.kind == MEDIA}

    def save_all(self, line: Line) -> None:
        """Write the media of a message to files, and name these in its facts."""
        for fact in line.get("facts", []):
            if fact["fact"] == "media":
                what = f"A medium in the message {line['id'].hex()} with {line['chat']}"
                fact["file"] = self.archive.tried(what, self.save, fact)

    def save(self, medium: Line) -> str:
        """Write a medium. What its sender called it is a label, and never a path."""
        self.folder.mkdir(parents=True, exist_ok=True)
        label = re.sub(r"[^\w.-]", "_", medium["label"][-40:])
        path = self.folder / f"{medium['sha256'].hex()[:16]}-{label}"
        part, whole = self.folder / f"{path.name}.part", sha256()
        try:
            with part.open("wb") as out:
                for name in medium["objects"]:
                    for piece in self.pieces(name):
                        whole.update(piece)
                        out.write(piece)
            require(whole.digest() == medium["sha256"], "it is not what was sent")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return str(path)

    def pieces(self, name: bytes) -> Iterator[bytes]:
        """Give the pieces of a media object."""
        require(name in self.objects, f"the manifest has no media/{name.hex()}")
        entry = self.objects[name]
        with reading(str(entry)), self.archive.open_file(entry.path) as file:
            yield from unseal(file, MEDIA, entry.key)
