"""Every refusal has words, also one that nobody here knows."""

import pytest

from protocol.wire.messages import Refusal, Refused
from protocol.wire.refusals import IN_WORDS, in_words, refusal_of


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_has_words(refusal: Refusal) -> None:
    assert refusal_of(Refused(refusal, None)) is refusal
    assert in_words(Refused(refusal, None)) is IN_WORDS[refusal]


@pytest.mark.parametrize("code", [0, 999, 65_535])
def test_a_newer_relay_may_refuse_with_an_unknown_code(code: int) -> None:
    answer = Refused(code, None)
    assert refusal_of(answer) is None
    assert str(code) in in_words(answer).reason
    assert not in_words(answer).may_pass
    assert in_words(Refused(code, 1_000)).may_pass
