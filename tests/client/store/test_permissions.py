"""Nobody else on the machine may open the database, its log or its index."""

import os
from pathlib import Path

from client.store.connection import DatabaseKey, create_database, open_database_file

KEY = DatabaseKey(b"k" * 32)


def modes(folder: Path) -> dict[str, int]:
    return {each.name: each.stat().st_mode & 0o777 for each in folder.iterdir()}


def test_all_files_are_private_from_the_start_and_made_so_when_opened(tmp_path: Path) -> None:
    path, names = tmp_path / "profile.db", ("profile.db", "profile.db-shm", "profile.db-wal")
    before = os.umask(0o022)
    try:
        connection = create_database(path, KEY)
        assert modes(tmp_path) == dict.fromkeys(names, 0o600)
        connection.close()
        path.chmod(0o644)
        connection = open_database_file(path, KEY)
        connection.execute("SELECT * FROM sqlite_schema").fetchall()
        assert modes(tmp_path) == dict.fromkeys(names, 0o600)
        connection.close()
    finally:
        os.umask(before)
