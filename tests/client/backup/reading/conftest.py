from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.backup.reading.profiles import Make, Profile, make_profile


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make profiles that are closed at the end."""
    made: list[Profile] = []

    def one(name: str = "alice") -> Profile:
        made.append(make_profile(tmp_path / f"{name}{len(made)}", name))
        return made[-1]

    yield one
    for profile in made:
        profile.close()
