"""A vault's messages carry the values of recovery, field by field."""

from typing import Any

import pytest
from hypothesis import given

from protocol.packing import record_of, repacked
from protocol.recovery.errors import VaultRefusal
from protocol.recovery.evaluation import EvaluationAnswer, EvaluationRequest, UnlockRequest
from protocol.recovery.owner import Deletion, HeadPlacement
from protocol.recovery.registration import Registration
from protocol.wire.messages import (
    DeleteRecord,
    Evaluate,
    Evaluated,
    PlaceHead,
    Refusal,
    RegisterRecord,
    Unlock,
)
from tests.protocol.recovery.cast import cast
from tests.support.wire_strategies import messages

TWINS = [
    (RegisterRecord, Registration),
    (Evaluate, EvaluationRequest),
    (Evaluated, EvaluationAnswer),
    (Unlock, UnlockRequest),
    (PlaceHead, HeadPlacement),
    (DeleteRecord, Deletion),
]


def fields(cls: type[Any]) -> list[tuple[str, str]]:
    return [(name, shape.describe()) for name, shape in record_of(cls).parts]


@pytest.mark.parametrize(("message", "value"), TWINS)
def test_both_have_the_same_fields_in_the_same_shapes(message: type[Any], value: type[Any]) -> None:
    assert fields(message) == fields(value)


def test_a_registration_survives_the_way() -> None:
    registration = cast("wire").made.registrations[0]
    message = repacked(RegisterRecord, registration)
    assert message.share == registration.share.expose()
    back = repacked(Registration, message)
    assert back == registration
    assert back.digest() == registration.digest()


@given(messages(RegisterRecord, Unlock))
def test_p8_secrets_on_their_way_do_not_print(message: RegisterRecord | Unlock) -> None:
    shown = repr(message)
    assert "tag=" not in shown
    assert "share=" not in shown.replace("public_share", "")


def test_every_refusal_of_a_vault_has_its_code() -> None:
    codes = {each.name: each.value for each in Refusal if each.name.startswith("VAULT_")}
    assert codes == {f"VAULT_{each.name}": 32 + each for each in VaultRefusal}
