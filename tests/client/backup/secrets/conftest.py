"""What tests of secrets share."""

import pytest

from client.backup.secrets import guessing
from protocol.recovery.oprf import OprfInput
from protocol.recovery.stretching import Password, Stretching
from tests.protocol.recovery.cast import SALT, stretched


@pytest.fixture
def cheap_stretching(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare each guess Argon2id's price."""

    def cheap(password: Password, stretching: Stretching) -> OprfInput:
        assert stretching.salt == SALT
        return stretched(password.expose().decode())

    monkeypatch.setattr(guessing, "stretch", cheap)
