"""B5: the totals of guesses are as stated: reached, and never exceeded, whatever is tried."""

import random
from contextlib import suppress
from itertools import combinations, product

import pytest

from protocol.recovery import guesses, oprf, shamir, vault
from protocol.recovery.derived import password_secret
from protocol.recovery.errors import VaultRefusal, VaultRefuses
from protocol.recovery.evaluation import EvaluationRequest
from protocol.recovery.group import Element
from tests.protocol.recovery.cast import Cast, FakeVault, Killed, cast, stretched, wrong_passwords

SHAPES = [(1, 1), (2, 2), (2, 3), (3, 5)]
CHEATS = [(t, n, c) for t, n in SHAPES for c in range(t)]


def _attack(party: Cast, cheating: int, password: str) -> bool:
    """Guess once with the help of the first vaults; False if the others do not suffice.

    The vaults with most guesses left are asked first, and those that claim to have none too.
    """
    record = party.made.record
    asked = oprf.blind(stretched(password), party.draw)
    answers = {
        index: oprf.evaluate(party.made.registrations[index - 1].share, asked.element)
        for index in range(1, cheating + 1)
    }
    left = party.left()
    for index in sorted(left, key=lambda index: -left[index]):
        if index > cheating and len(answers) < record.threshold:
            request = EvaluationRequest(record.part(index).record_id, asked.element.encoding)
            with suppress(VaultRefuses):
                answer = party.vaults[index].evaluate(request)
                answers[index] = Element.decode_untrusted(answer.element)
    if len(answers) < record.threshold:
        return False
    output = oprf.finalize(stretched(password), asked.blind, shamir.combine(answers))
    assert (password_secret(output) == party.made.secret) == (password == "right")
    return True


@pytest.mark.parametrize(("threshold", "count", "cheating"), CHEATS)
def test_b5_the_total_is_reached_and_not_exceeded(
    threshold: int, count: int, cheating: int
) -> None:
    """The last guess of all is the right one, to show that each of them counts."""
    party = cast("totals", threshold, count)
    total = guesses.total_guesses(count, threshold, party.made.record.limit, cheating)
    assert total <= 10
    tried = iter(wrong_passwords())
    for _ in range(total - 1):
        assert _attack(party, cheating, next(tried))
        party.wait_as_told()
    assert _attack(party, cheating, "right")
    for wait in (party.wait_as_told, party.wait):
        wait()
        assert not _attack(party, cheating, "right")


def test_the_default_is_seven_and_ten() -> None:
    assert guesses.largest_limit(3, 2) == 5
    assert guesses.total_guesses(3, 2, 5) == 7
    assert guesses.worst_total(3, 2, 5) == 10


def _most_disjoint_choices(begin: tuple[int, ...], needed: int) -> int:
    """Count guesses by trying all choices of vaults, not by a formula."""
    best = {begin: 0}
    count, most = len(begin), 0
    while best:
        following = {}
        for left, made in best.items():
            for chosen in combinations(range(count), needed):
                after = [each - (at in chosen) for at, each in enumerate(left)]
                if min(after) >= 0:
                    following[tuple(sorted(after))] = made + 1
        most = max(most, *following.values()) if following else most
        best = following
    return most


@pytest.mark.parametrize("shape", [(n, t) for n, t in product(range(1, 6), repeat=2) if t <= n])
def test_b5_the_formulae_are_the_maximum_over_all_strategies(shape: tuple[int, int]) -> None:
    count, threshold = shape
    limit = guesses.largest_limit(count, threshold)
    assert guesses.is_honest(count, threshold, limit)
    assert not guesses.is_honest(count, threshold, limit + 1)
    for cheating in range(threshold):
        most = _most_disjoint_choices((limit,) * (count - cheating), threshold - cheating)
        assert most == guesses.total_guesses(count, threshold, limit, cheating)


def test_b5_what_is_left_is_the_maximum_too() -> None:
    for left in product(range(4), repeat=3):
        for needed in (1, 2, 3):
            most = _most_disjoint_choices(tuple(sorted(left)), needed)
            assert guesses.tries_left(left, needed) == most
    assert guesses.tries_left([], 2) == 0


@pytest.mark.parametrize(("n", "t", "g"), [(3, 0, 1), (3, 4, 1), (3, 2, 0), (3, 2, 6), (0, 0, 1)])
def test_impossible_numbers_are_not_honest(n: int, t: int, g: int) -> None:
    assert not guesses.is_honest(n, t, g)


def _misuse(each: FakeVault, party: Cast, index: int, rng: random.Random) -> None:
    """Do one thing that an attacker can do to a vault, or an accident."""
    registration = party.made.registrations[index - 1]
    element = oprf.blind(stretched("guess"), party.draw).element.encoding
    each.killed_at = rng.choice(["", "", "", "before storing", "before answering"])
    each.now_ms += rng.choice([0, 0, 1_000, 60_000, 600_000])
    match rng.randrange(4):
        case 0:
            each.register(registration)
        case 1:
            each.received.clear()
            each.stored(registration.record_id)
        case _:
            each.evaluate(EvaluationRequest(registration.record_id, element))


@pytest.mark.parametrize("history", range(2))
def test_b5_crashes_and_replays_win_no_guess(history: int, rng: random.Random) -> None:
    party = cast(f"misuse {history}")
    for _ in range(40):
        index = rng.randrange(1, 4)
        with suppress(Killed, VaultRefuses):
            _misuse(party.vaults[index], party, index, rng)
        party.vaults[index].killed_at = ""
    for each in party.vaults.values():
        assert each.answered <= 5


def test_b5_a_crash_between_count_and_answer_costs_the_guess() -> None:
    party = cast("crash")
    each, record_id = party.vaults[1], party.made.record.part(1).record_id
    each.killed_at = "before answering"
    with pytest.raises(Killed):
        party.guess("wrong")
    each.killed_at = ""
    assert each.answered == 0
    assert vault.status(each.stored(record_id), each.now_ms).guesses_left == 4


def test_b5_a_replayed_registration_resets_nothing() -> None:
    party = cast("replay")
    party.opens(party.guess("wrong"))
    receipts = [party.vaults[1].register(party.made.registrations[0]) for _ in range(2)]
    assert party.left()[1] == 4
    assert receipts == [party.vaults[1].log[0]] * 2


def test_b5_an_erased_share_does_not_come_back() -> None:
    party = cast("erased", 1, 1)
    for password in range(party.made.record.limit):
        party.opens(party.guess(str(password)))
        party.wait()
    with pytest.raises(VaultRefuses) as caught:
        party.vaults[1].register(party.made.registrations[0])
    assert caught.value.reason is VaultRefusal.EXHAUSTED
    assert party.left() == {1: 0}
