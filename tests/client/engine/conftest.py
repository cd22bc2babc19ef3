"""What the tests of sealed sending look into."""

import pytest

from tests.client.engine.sealed_rig import RecordingStore
from tests.support.relay_rig import FakeClock


@pytest.fixture
def store() -> RecordingStore:
    """Give a relay's store that remembers what it was given."""
    return RecordingStore(FakeClock())
