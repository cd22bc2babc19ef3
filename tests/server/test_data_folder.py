"""The relay's folder: new parents are as durable as the key in it."""

import os
from pathlib import Path

import pytest

from server.data_folder import locked_folder


def test_p3_new_folders_are_synced_where_they_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def recorded(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", recorded)
    for _ in range(2):
        with locked_folder(tmp_path / "deep" / "relay", "relay") as folder:
            assert folder.path.stat().st_mode & 0o777 == 0o700
        assert sorted(synced) == [str(tmp_path), str(tmp_path / "deep")]
