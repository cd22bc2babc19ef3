"""P8: values, machines and refusals of recovery print no share, tag, password or output."""

import traceback
from collections.abc import Callable
from dataclasses import replace

import pytest

from protocol.errors import GlasspostError
from protocol.recovery.derived import UnlockTag
from protocol.recovery.errors import BadProof, OutOfTurn, RecordRefused, VaultRefuses
from protocol.recovery.evaluation import EvaluationRequest, UnlockRequest, verified_element
from protocol.recovery.group import Element
from protocol.recovery.record import PasswordRecord
from protocol.recovery.stretching import Password
from tests.protocol.recovery.cast import Cast, cast, stretched


def _secrets(party: Cast) -> list[bytes]:
    held = [each.share for each in party.made.registrations]
    tags = [each.tag for each in party.made.registrations]
    return [each.expose() for each in (*held, *tags, party.made.secret, stretched("right"))]


def _assert_absent(party: Cast, text: str) -> None:
    for raw in _secrets(party):
        part = raw[:10]
        assert part.hex() not in text
        assert repr(part)[2:-1] not in text
        assert str(int.from_bytes(raw, "little")) not in text


def test_p8_values_and_machines_print_no_secret() -> None:
    party = cast("p8")
    recovery = party.guess("right")
    stored = party.vaults[1].stored(party.made.record.part(1).record_id)
    shown = [party.made, stored, vars(recovery), recovery.slot_opened(), Password(b"right pw")]
    _assert_absent(party, repr(shown))
    assert "right pw" not in repr(shown)
    with pytest.raises(AssertionError):
        _assert_absent(party, repr(party.made.registrations[0].share.expose()))


@pytest.mark.parametrize("fault", ["tag", "element", "conflict", "proof", "early", "record"])
def test_p8_tracebacks_of_refusals_show_no_secret(fault: str) -> None:
    party = cast("p8")
    first, record_id = party.vaults[1], party.made.record.part(1).record_id
    registration = party.made.registrations[0]
    recovery = party.guess("right")
    recovery.slot_refused()
    asked = Element.decode_untrusted(registration.public_share)
    answer = first.evaluate(EvaluationRequest(record_id, asked.encoding))
    forged = replace(party.made.record, limit=9)
    calls: dict[str, Callable[[], object]] = {
        "tag": lambda: first.unlock(UnlockRequest(record_id, UnlockTag(bytes(32)))),
        "element": lambda: first.evaluate(EvaluationRequest(record_id, bytes(32))),
        "conflict": lambda: first.register(replace(registration, limit=1)),
        "proof": lambda: verified_element(asked, asked, replace(answer, proof=bytes(64))),
        "early": recovery.slot_opened,
        "record": lambda: PasswordRecord.decode_untrusted(forged.encode()),
    }
    with pytest.raises((VaultRefuses, BadProof, OutOfTurn, RecordRefused)) as caught:
        calls[fault]()
    _assert_absent(party, _shown(caught.value))


def _shown(error: GlasspostError) -> str:
    """Give the traceback with all locals of the product's frames, not of the tests'."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    frames = [each for each in shown.stack if "/protocol/recovery/" in each.filename]
    inner = [each for each in frames if "/tests/" not in each.filename]
    assert inner
    return str([each.locals for each in inner]) + str(error)
