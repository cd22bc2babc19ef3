"""Who pays what, all or nothing, and for how long one has to wait."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from protocol.ids import DeviceAddress, EnvelopeId, FetchId, Name
from protocol.wire.messages import (
    Acknowledge,
    FetchBundle,
    Hello,
    LookUp,
    Ping,
    ReplaceDevice,
    Request,
    Submit,
    Subscribe,
    Welcome,
)
from server.limits.rate import Rate
from server.limits.source import HERE, Source, source_of
from server.limits.tolls import PRICES, Payer, Tolls
from server.limits.values import DEFAULT, Limits
from tests.support.wire_client import Person

ALICE, BOB = DeviceAddress(Name("alice")), DeviceAddress(Name("bob"))
PLENTY = Rate(1_000_000, 1_000_000)
ALL_OPEN = replace(
    DEFAULT, account=PLENTY, recipient=PLENTY, token=PLENTY, address=PLENTY, registrations=PLENTY
)
SMALL = Rate(1, 10)


def submit(to: DeviceAddress = BOB, token: bytes | None = None) -> Submit:
    return Submit(to.name, to.device, EnvelopeId(bytes(16)), token, b"sealed")


def far(number: int = 1) -> Source:
    return source_of(f"192.0.2.{number}", 1)


def count_paid(tolls: Tolls, request: Request, payer: Payer, tries: int = 50) -> int:
    return sum(tolls.charge(request, payer, 0.0) == 0 for _ in range(tries))


# Who shares a bucket with the one who has emptied it, and who does not.
@pytest.mark.parametrize(
    ("limits", "first", "same", "other"),
    [
        (
            replace(ALL_OPEN, account=SMALL),
            (Payer(far(), ALICE), submit()),
            (Payer(far(2), ALICE), submit(ALICE)),
            (Payer(far(), BOB), submit()),
        ),
        (
            replace(ALL_OPEN, address=SMALL),
            (Payer(far(), ALICE), submit()),
            (Payer(far(), None), submit(ALICE, bytes(16))),
            (Payer(far(2), ALICE), submit()),
        ),
        (
            replace(ALL_OPEN, recipient=SMALL),
            (Payer(far(), None), submit(BOB, b"1" * 16)),
            (Payer(far(2), None), submit(BOB, b"2" * 16)),
            (Payer(far(), ALICE), submit(BOB)),
        ),
        (
            replace(ALL_OPEN, token=SMALL),
            (Payer(far(), None), submit(BOB, b"1" * 16)),
            (Payer(far(2), None), submit(BOB, b"1" * 16)),
            (Payer(far(), None), submit(BOB, b"2" * 16)),
        ),
    ],
    ids=["account", "address", "recipient", "token"],
)
def test_each_bucket_is_shared_by_those_it_is_for(
    limits: Limits,
    first: tuple[Payer, Request],
    same: tuple[Payer, Request],
    other: tuple[Payer, Request],
) -> None:
    tolls = Tolls(limits)
    assert count_paid(tolls, first[1], first[0]) == 10
    assert tolls.charge(same[1], same[0], 0.0) > 0
    assert tolls.charge(other[1], other[0], 0.0) == 0


def test_registrations_have_a_bucket_of_their_own(rng: random.Random) -> None:
    request = Person.called("alice", rng).register(welcome_like(rng))
    tolls = Tolls(replace(ALL_OPEN, registrations=Rate(1 / 120, 3)))
    assert count_paid(tolls, request, Payer(far(), None)) == 3
    assert 119_000 < tolls.charge(request, Payer(far(), None), 0.0) <= 120_001
    assert tolls.charge(Subscribe(), Payer(far(), ALICE), 0.0) == 0
    assert tolls.charge(request, Payer(far(2), None), 0.0) == 0


def replacement_of(target: DeviceAddress) -> ReplaceDevice:
    return ReplaceDevice(target.name, 1, 1, bytes(32), bytes(32), bytes(64), bytes(64))


def test_p6_attempts_to_replace_a_device_are_few_and_the_owner_has_their_own() -> None:
    tolls = Tolls(replace(ALL_OPEN, replacements=Rate(1 / 360, 10)))
    assert count_paid(tolls, replacement_of(BOB), Payer(far(), None)) == 10
    assert 359_000 < tolls.charge(replacement_of(BOB), Payer(far(), None), 0.0) <= 360_001
    assert tolls.charge(replacement_of(BOB), Payer(far(2), None), 0.0) == 0
    assert tolls.charge(replacement_of(ALICE), Payer(far(), None), 0.0) == 0


def test_p6_names_are_not_tried_faster_by_looking_up_than_by_fetching() -> None:
    tolls = Tolls(replace(ALL_OPEN, account=SMALL))
    look_up = LookUp(BOB.name, 1)
    fetch = FetchBundle(BOB.name, 1, FetchId(bytes(16)), None)
    assert count_paid(tolls, look_up, Payer(far(), None)) == 1
    assert count_paid(tolls, look_up, Payer(far(), ALICE)) == 1
    assert count_paid(tolls, fetch, Payer(far(), BOB)) == 1
    assert tolls.charge(look_up, Payer(far(2), None), 0.0) == 0


def welcome_like(rng: random.Random) -> Welcome:
    return Welcome(1, bytes(32), rng.randbytes(32), 0)


def test_a_refused_request_has_paid_nothing() -> None:
    """Else whoever knocks at a full mailbox would lose his account's tokens too."""
    tolls = Tolls(replace(ALL_OPEN, account=Rate(1, 20), recipient=Rate(1, 5)))
    assert count_paid(tolls, submit(BOB), Payer(far(), ALICE), 500) == 5
    assert count_paid(tolls, submit(ALICE), Payer(far(), ALICE), 500) == 5
    assert count_paid(tolls, Subscribe(), Payer(far(), ALICE), 500) == 10


def test_p6_the_time_to_wait_is_true(rng: random.Random) -> None:
    tolls = Tolls(replace(DEFAULT, account=Rate(0.7, 13), address=Rate(3, 11)))
    payer, now = Payer(far(), ALICE), 1_000_000.0
    request = FetchBundle(BOB.name, 1, FetchId(bytes(16)), None)
    waits = 0
    for _ in range(300):
        wait_ms = tolls.charge(request, payer, now)
        if wait_ms:
            waits += 1
            assert tolls.charge(request, payer, now + wait_ms / 1_000 - 0.003) > 0
            now += wait_ms / 1_000
            assert tolls.charge(request, payer, now) == 0
        now += rng.choice([0, 0.2, 10])
    assert waits > 50


@pytest.mark.parametrize("request_", [Ping(), Hello(1, 1), Acknowledge(1)])
def test_what_keeps_a_connection_going_is_free(request_: Request) -> None:
    tolls = Tolls(replace(DEFAULT, account=SMALL, address=SMALL))
    assert count_paid(tolls, request_, Payer(far(), ALICE), 1_000) == 1_000


def here_without_proxy() -> Tolls:
    return Tolls(replace(DEFAULT, account=SMALL, address=SMALL, recipient=SMALL))


def here_behind_a_proxy() -> Tolls:
    return Tolls(replace(DEFAULT, account=SMALL, address=SMALL, recipient=PLENTY, is_proxied=True))


@pytest.mark.parametrize(
    ("tolls", "expected"), [(here_without_proxy, 50), (here_behind_a_proxy, 10)]
)
def test_programs_of_this_machine_pay_only_behind_a_proxy(
    tolls: Callable[[], Tolls], expected: int
) -> None:
    made = tolls()
    assert count_paid(made, submit(), Payer(HERE, ALICE)) == expected
    assert made.charge(submit(), Payer(HERE, BOB), 0.0) == 0


@pytest.mark.parametrize("rate", [DEFAULT.account, DEFAULT.address, DEFAULT.token])
def test_every_price_can_be_paid(rate: Rate) -> None:
    assert max(PRICES.values()) <= rate.burst
    assert DEFAULT.registrations.burst >= 1


def test_p6_buckets_are_bounded_and_forgotten() -> None:
    tolls = Tolls(replace(DEFAULT, most_buckets=30))
    for number in range(3_000):
        account = DeviceAddress(Name(f"p{number}"))
        tolls.charge(submit(account), Payer(far(number % 250), account), 0.0)
        tolls.charge(submit(BOB, number.to_bytes(16, "big")), Payer(far(1), None), 0.0)
    assert tolls.bucket_count <= 4 * 30
    tolls.forget_full(1_000.0)
    assert tolls.bucket_count == 0
