"""P6 with a real process: sockets, TLS, and the memory and descriptors that the kernel counts.

The bounds are generous; what the structures may hold to the byte is asserted in
the tests beside this one. ``scripts/siege`` prints the figures.
"""

import random
from pathlib import Path

import pytest

from tests.server.hostile.attacks import ATTACKS, Attack
from tests.server.hostile.siege import besiege

pytestmark = pytest.mark.slow

CONNECTIONS = 100
# A connection may hold a frame, a page of mail on its way and one to come, and TLS copies of them:
# about 1 MB. The rest is the committer, SQLite, and what the allocator does not give back.
MOST_GROWTH_BYTES = 100_000_000 + CONNECTIONS * 1_500_000
# One for each connection; one more while its successor knocks; the databases, and trio's own.
MOST_MORE_DESCRIPTORS = 2 * CONNECTIONS + 20


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
async def test_p6_memory_stays_and_the_others_talk(
    tmp_path: Path, rng: random.Random, attack: Attack
) -> None:
    siege = await besiege(tmp_path, attack, CONNECTIONS, rng)
    assert siege.most.resident_bytes - siege.before.resident_bytes < MOST_GROWTH_BYTES
    assert siege.most.descriptors - siege.before.descriptors < MOST_MORE_DESCRIPTORS
