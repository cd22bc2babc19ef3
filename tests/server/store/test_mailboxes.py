"""Conformance: mailboxes, exactly once and in order, within their limits."""

import random
from dataclasses import replace

import pytest

from protocol.ids import DeviceAddress
from protocol.limits import ACKNOWLEDGED_ID_LIFE_MS, MAIL_LIFE_MS
from protocol.records import Sender
from server.store import derived
from server.store.interface import RelayStore
from server.store.values import Acknowledgement, Expired, NotStored, Stored, Submission
from tests.server.store.builders import (
    ALICE,
    BOB,
    NO_LIMIT,
    NOBODY,
    SOMEBODY,
    account,
    acknowledge,
    submission,
    submit,
    submit_one,
    waiting,
)
from tests.server.store.conftest import SettableClock


@pytest.fixture
async def store(store: RelayStore) -> RelayStore:
    await store.register(account(ALICE))
    await store.register(account(BOB))
    return store


async def test_mail_waits_as_it_came(
    store: RelayStore, rng: random.Random, clock: SettableClock
) -> None:
    sender = Sender(ALICE.name, 1, bytes(32))
    one = submission(rng, envelope=b"one", vouched=sender)
    two = submission(rng, envelope=b"two")
    first = await submit_one(store, one)
    clock.time_ms += 5
    second = await submit_one(store, two)
    assert (first.sequence, second.sequence) == (1, 2)
    mail = await waiting(store)
    assert [m.sequence for m in mail] == [1, 2]
    assert [m.envelope for m in mail] == [b"one", b"two"]
    assert [m.envelope_id for m in mail] == [one.envelope_id, two.envelope_id]
    assert [m.arrival_ms for m in mail] == [clock.time_ms - 5, clock.time_ms]
    assert [m.vouched for m in mail] == [sender, SOMEBODY]


async def test_mailboxes_are_apart(store: RelayStore, rng: random.Random) -> None:
    same_id = submission(rng, BOB)
    outcomes = await submit(store, same_id, replace(same_id, recipient=ALICE))
    assert [o.sequence for o in outcomes if isinstance(o, Stored)] == [1, 1]
    await acknowledge(store, BOB, 1)
    assert len(await waiting(store, ALICE)) == 1
    assert await waiting(store, BOB) == ()


async def test_a_large_batch_keeps_its_order(store: RelayStore, rng: random.Random) -> None:
    sent = [submission(rng, envelope=b"%d" % n) for n in range(300)]
    await submit(store, *sent)
    assert [m.envelope for m in await waiting(store)] == [s.envelope for s in sent]


# --- exactly once -----------------------------------------------------------


async def test_the_same_submit_again_is_the_same_arrival(
    store: RelayStore, rng: random.Random, clock: SettableClock
) -> None:
    one = submission(rng)
    first = await submit_one(store, one)
    clock.time_ms += 1_000
    assert await submit_one(store, one) == Stored(first.arrival_ms, sequence=None)
    assert len(await waiting(store)) == 1


async def test_the_same_submit_twice_in_a_batch(store: RelayStore, rng: random.Random) -> None:
    one = submission(rng)
    outcomes = await submit(store, one, one, replace(one, envelope=b"other"))
    assert [type(o) for o in outcomes[:2]] == [Stored, Stored]
    assert outcomes[2] is NotStored.CONFLICT
    assert len(await waiting(store)) == 1


async def test_the_id_with_other_bytes_is_a_conflict(store: RelayStore, rng: random.Random) -> None:
    one = submission(rng)
    await submit_one(store, one)
    assert await submit(store, replace(one, envelope=b"other")) == [NotStored.CONFLICT]
    assert [m.envelope for m in await waiting(store)] == [one.envelope]


async def test_the_id_is_known_after_the_acknowledgement(
    store: RelayStore, rng: random.Random, clock: SettableClock
) -> None:
    one = submission(rng)
    first = await submit_one(store, one)
    await acknowledge(store, BOB, 1)
    clock.time_ms += ACKNOWLEDGED_ID_LIFE_MS - 1
    assert await store.expire() == Expired(0, 0)
    assert await submit_one(store, one) == Stored(first.arrival_ms, sequence=None)
    assert await submit(store, replace(one, envelope=b"other")) == [NotStored.CONFLICT]
    assert await waiting(store) == ()


async def test_the_id_is_forgotten_after_its_time(
    store: RelayStore, rng: random.Random, clock: SettableClock
) -> None:
    one = submission(rng)
    await submit_one(store, one)
    await acknowledge(store, BOB, 1)
    clock.time_ms += ACKNOWLEDGED_ID_LIFE_MS
    assert await store.expire() == Expired(0, 1)
    assert (await submit_one(store, one)).sequence == 2


# --- acknowledging ----------------------------------------------------------


async def test_acknowledgements_are_cumulative(store: RelayStore, rng: random.Random) -> None:
    await submit(store, *(submission(rng) for _ in range(5)))
    await acknowledge(store, BOB, 3)
    assert [m.sequence for m in await waiting(store)] == [4, 5]
    await acknowledge(store, BOB, 2)
    await acknowledge(store, BOB, 0)
    assert [m.sequence for m in await waiting(store)] == [4, 5]
    await acknowledge(store, BOB, 1_000)
    assert await waiting(store) == ()


async def test_numbers_are_never_used_again(store: RelayStore, rng: random.Random) -> None:
    await submit_one(store, submission(rng))
    await acknowledge(store, BOB, 1_000)
    assert (await submit_one(store, submission(rng))).sequence == 2
    assert [m.sequence for m in await waiting(store)] == [2]


async def test_one_transaction_acknowledges_for_many(store: RelayStore, rng: random.Random) -> None:
    await submit(store, *(submission(rng, to) for to in (ALICE, BOB, BOB, ALICE)))
    done = [Acknowledgement(BOB, 2), Acknowledgement(ALICE, 1), Acknowledgement(BOB, 1)]
    await store.settle([submission(rng, BOB)], [*done, Acknowledgement(NOBODY, 1)])
    assert [m.sequence for m in await waiting(store, BOB)] == [3]
    assert [m.sequence for m in await waiting(store, ALICE)] == [2]


# --- limits -----------------------------------------------------------------


async def test_nobody_gets_no_mail(store: RelayStore, rng: random.Random) -> None:
    outcomes = await submit(
        store,
        submission(rng, NOBODY),
        submission(rng, DeviceAddress(BOB.name, 2)),
        submission(rng, BOB),
    )
    assert outcomes[:2] == [NotStored.UNKNOWN_ACCOUNT] * 2
    assert isinstance(outcomes[2], Stored)
    assert await waiting(store, NOBODY) == ()


@pytest.fixture
def small_mailboxes(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit, value in (("COUNT", 3), ("BYTES", 100)):
        monkeypatch.setattr(derived, f"MAX_MAILBOX_{limit}", value)
        monkeypatch.setattr(derived, f"MAX_ANONYMOUS_MAILBOX_{limit}", value * 2 // 3)


@pytest.mark.usefixtures("small_mailboxes")
async def test_a_mailbox_holds_so_many(store: RelayStore, rng: random.Random) -> None:
    outcomes = await submit(store, *(submission(rng) for _ in range(4)))
    assert outcomes[3] is NotStored.MAILBOX_FULL
    again = submission(rng)
    await store.settle([], [Acknowledgement(BOB, 1)])
    assert isinstance((await submit(store, again))[0], Stored)
    assert await submit(store, submission(rng)) == [NotStored.MAILBOX_FULL]


@pytest.mark.usefixtures("small_mailboxes")
async def test_a_mailbox_holds_so_many_bytes(store: RelayStore, rng: random.Random) -> None:
    await submit_one(store, submission(rng, envelope=bytes(60)))
    assert await submit(store, submission(rng, envelope=bytes(41))) == [NotStored.MAILBOX_FULL]
    await submit_one(store, submission(rng, envelope=bytes(40)))


@pytest.mark.usefixtures("small_mailboxes")
async def test_p6_a_third_of_a_mailbox_is_kept_for_senders_who_logged_in(
    store: RelayStore, rng: random.Random
) -> None:
    await store.set_token(BOB, b"#" * 32)

    def anonymous(envelope: bytes = b"sealed") -> Submission:
        return replace(submission(rng, envelope=envelope, vouched=None), token_hash=b"#" * 32)

    stored = await submit(store, anonymous(), anonymous())
    assert [type(each) for each in stored] == [Stored, Stored]
    assert await submit(store, anonymous()) == [NotStored.MAILBOX_FULL]
    await submit_one(store, submission(rng))
    await acknowledge(store, BOB, 3)
    assert await submit(store, anonymous(bytes(67))) == [NotStored.MAILBOX_FULL]
    assert isinstance((await submit(store, anonymous(bytes(66))))[0], Stored)
    await submit_one(store, submission(rng, envelope=bytes(34)))


@pytest.mark.usefixtures("small_mailboxes")
async def test_an_acknowledgement_makes_room_in_its_own_transaction(
    store: RelayStore, rng: random.Random
) -> None:
    await submit(store, *(submission(rng) for _ in range(3)))
    (outcome,) = await store.settle([submission(rng)], [Acknowledgement(BOB, 1)])
    assert isinstance(outcome, Stored)


@pytest.mark.usefixtures("small_mailboxes")
async def test_known_mail_is_known_in_a_full_mailbox(store: RelayStore, rng: random.Random) -> None:
    sent = [submission(rng) for _ in range(3)]
    await submit(store, *sent)
    assert isinstance((await submit(store, sent[0]))[0], Stored)


# --- reading ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "most_count", "most_bytes", "expected", "is_end"),
    [
        (0, 10, NO_LIMIT, [1, 2, 3, 4], True),
        (2, 10, NO_LIMIT, [3, 4], True),
        (4, 10, NO_LIMIT, [], True),
        (99, 10, NO_LIMIT, [], True),
        (0, 3, NO_LIMIT, [1, 2, 3], False),
        (1, 3, NO_LIMIT, [2, 3, 4], True),
        (0, 10, 25, [1, 2], False),
        (0, 10, 30, [1, 2, 3], False),
        (0, 10, 40, [1, 2, 3, 4], True),
        (0, 10, 9, [], False),
        (0, 0, NO_LIMIT, [], False),
    ],
)
async def test_a_page_keeps_its_limits(
    store: RelayStore,
    rng: random.Random,
    after: int,
    most_count: int,
    most_bytes: int,
    expected: list[int],
    is_end: bool,
) -> None:
    await submit(store, *(submission(rng, envelope=bytes(10)) for _ in range(4)))
    page = await store.read_mail(BOB, after, most_count, most_bytes)
    assert [m.sequence for m in page.mail] == expected
    assert page.is_end == is_end


async def test_a_mailbox_read_to_its_end_is_at_its_end(
    store: RelayStore, rng: random.Random
) -> None:
    await submit(store, *(submission(rng) for _ in range(3)))
    await acknowledge(store, BOB, 3)
    page = await store.read_mail(BOB, 0, 10, NO_LIMIT)
    assert (page.mail, page.is_end) == ((), True)


# --- expiry -----------------------------------------------------------------


async def test_mail_leaves_after_its_time(
    store: RelayStore, rng: random.Random, clock: SettableClock
) -> None:
    for _ in range(3):
        await submit_one(store, submission(rng))
        clock.time_ms += 1_000
    clock.time_ms += MAIL_LIFE_MS - 2_000
    assert await store.expire() == Expired(2, 0)
    assert [m.sequence for m in await waiting(store)] == [3]
    assert await store.expire() == Expired(0, 0)


async def test_after_expiry_counts_and_numbers_go_on(
    store: RelayStore, rng: random.Random, clock: SettableClock
) -> None:
    old = submission(rng)
    await submit(store, old, submission(rng))
    await acknowledge(store, BOB, 1)
    clock.time_ms += MAIL_LIFE_MS
    await submit_one(store, submission(rng))
    assert await store.expire() == Expired(1, 1)
    assert [m.sequence for m in await waiting(store)] == [3]
    await acknowledge(store, BOB, 3)
    assert await waiting(store) == ()
    assert (await submit_one(store, old)).sequence == 4
