import random
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from client.store.connection import DatabaseKey, create_database


@pytest.fixture
def key(rng: random.Random) -> DatabaseKey:
    return DatabaseKey(rng.randbytes(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "profile.db"


@pytest.fixture
def connection(path: Path, key: DatabaseKey) -> Iterator[apsw.Connection]:
    """A fresh encrypted database."""
    connection = create_database(path, key)
    yield connection
    connection.close()
