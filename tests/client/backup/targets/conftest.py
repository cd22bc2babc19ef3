"""Every test that asks for ``storage`` runs on each of them."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.client.backup.targets.storages import STORAGES, Storage


@pytest.fixture(params=sorted(STORAGES))
async def storage(
    request: pytest.FixtureRequest, tmp_path: Path, rng: random.Random
) -> AsyncIterator[Storage]:
    async with STORAGES[request.param](tmp_path, rng) as storage, storage.open() as target:
        await target.prepare()
        yield storage
