"""Object files of media: whole or not there, and nobody's files go."""

import io
import random
from pathlib import Path

import pytest

from client.profile import media_folder
from client.profile.media_folder import MediaFolder
from client.store.media import Medium
from protocol.errors import ContentSizeDiffers, ObjectNotOpened, TooLong

CONTENT = b"a photograph" * 20_000


@pytest.fixture
def folder(tmp_path: Path) -> MediaFolder:
    return MediaFolder(tmp_path / "media")


def store(folder: MediaFolder, rng: random.Random, content: bytes = CONTENT) -> Medium:
    return folder.store("photo.jpg", io.BytesIO(content), len(content), rng.randbytes)


def files(folder: MediaFolder) -> set[str]:
    return {file.name for file in folder.path.iterdir()} if folder.path.exists() else set()


def test_content_comes_back(folder: MediaFolder, rng: random.Random) -> None:
    medium = store(folder, rng)
    (part,) = medium.parts
    assert b"".join(folder.blocks(part)) == CONTENT
    assert files(folder) == {part.file}
    assert (folder.path / part.file).stat().st_mode & 0o777 == 0o600
    assert b"photograph" not in (folder.path / part.file).read_bytes()


def test_an_empty_file_has_one_part(folder: MediaFolder, rng: random.Random) -> None:
    (part,) = store(folder, rng, b"").parts
    assert b"".join(folder.blocks(part)) == b""


def test_a_large_file_is_cut(
    folder: MediaFolder, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_folder, "MAX_OBJECT_BYTES", 100_000)
    medium = store(folder, rng)
    assert [part.content_bytes for part in medium.parts] == [100_000, 100_000, 40_000]
    assert b"".join(b"".join(folder.blocks(part)) for part in medium.parts) == CONTENT
    monkeypatch.setattr(media_folder, "MAX_MEDIA_PARTS", 2)
    with pytest.raises(TooLong):
        store(folder, rng)


def test_a_file_that_ends_early_leaves_nothing(folder: MediaFolder, rng: random.Random) -> None:
    with pytest.raises(ContentSizeDiffers):
        folder.store("photo.jpg", io.BytesIO(b"short"), 100, rng.randbytes)
    assert files(folder) == set()


def test_files_of_nobody_go(folder: MediaFolder, rng: random.Random) -> None:
    kept, lost = store(folder, rng).parts[0], store(folder, rng).parts[0]
    (folder.path / f"{lost.file}.new").write_bytes(b"cut off")
    assert folder.sweep(frozenset({kept.file})) == 2
    assert files(folder) == {kept.file}


def test_a_changed_file_does_not_open(folder: MediaFolder, rng: random.Random) -> None:
    (part,) = store(folder, rng).parts
    path = folder.path / part.file
    stored = bytearray(path.read_bytes())
    stored[20] ^= 1
    path.write_bytes(stored)
    with pytest.raises(ObjectNotOpened):
        list(folder.blocks(part))
