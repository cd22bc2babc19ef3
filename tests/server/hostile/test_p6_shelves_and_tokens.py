"""P6: accounts that fetch, upload, subscribe, acknowledge and guess without end."""

import random

import pytest

from protocol.ids import EnvelopeId, FetchId, Name
from protocol.limits import (
    ACCOUNT_WORK_AT_ONCE,
    ADDRESS_WORK_AT_ONCE,
    MAX_ONE_TIME_PAIRS,
    ONE_TIME_ID_SPAN,
    ONE_TIME_PAIRS_COUNT,
)
from protocol.wire.messages import (
    Acknowledge,
    BundleFetched,
    FetchBundle,
    PrekeysStored,
    Refused,
    SetToken,
    Submit,
    Subscribe,
    Subscribed,
    TokenSet,
    token_hash,
)
from server.limits.tolls import PRICES
from server.limits.values import DEFAULT
from server.store.memory import MemoryStore
from tests.server.hostile.bystanders import house, under_attack
from tests.server.hostile.counting import in_slices, tally
from tests.support.relay_rig import RelayRig, relay_rig
from tests.support.wire_client import submit_to

BOB = Name("bob")


async def away(rig: RelayRig) -> None:
    """Let bob upload a full shelf and go."""
    bob = await rig.enter("bob", house(3))
    await bob.ask_for(PrekeysStored, rig.person("bob").prekeys(1, ONE_TIME_PAIRS_COUNT))
    await bob.aclose()


def remembered_fetches(rig: RelayRig) -> int:
    assert isinstance(rig.store, MemoryStore)
    return len(rig.store._owners[BOB].shelf.fetched)


def fetches(rng: random.Random, count: int) -> list[FetchBundle]:
    return [FetchBundle(BOB, 1, FetchId(rng.randbytes(16)), None) for _ in range(count)]


# --- shelves ----------------------------------------------------------------


async def test_p6_a_drained_shelf_stops_no_first_contact(
    autojump_clock: object, rng: random.Random
) -> None:
    async with relay_rig(rng) as rig, under_attack(rig, DEFAULT):
        await away(rig)
        at_once = ACCOUNT_WORK_AT_ONCE // PRICES[FetchBundle]
        for number in range(3):
            mallory = await rig.enter(f"mallory{number}", house(9))
            count = await in_slices(mallory, fetches(rng, 200))
            assert count["BundleFetched"] <= at_once + 2
            assert count["BundleFetched"] + count["RATE_LIMITED"] == 200
        assert await rig.store.count_one_time_pairs(rig.person("bob").address) == 0
        friend = await rig.enter("friend", house(4))
        (fetch,) = fetches(rng, 1)
        bundle = (await friend.ask_for(BundleFetched, fetch)).bundle
        assert bundle.one_time_key is None
        # What is remembered for those who ask again is bounded by what bob has uploaded.
        assert remembered_fetches(rig) == ONE_TIME_PAIRS_COUNT


async def test_p6_a_refused_fetch_is_served_when_it_was_promised(
    autojump_clock: object, rng: random.Random
) -> None:
    async with relay_rig(rng) as rig, under_attack(rig, DEFAULT):
        await away(rig)
        mallory = await rig.enter("mallory", house(9))
        answers = await mallory.ask_all(fetches(rng, 32))
        while not isinstance(answers[-1], Refused):
            answers = await mallory.ask_all(fetches(rng, 32))
        wait_ms = answers[-1].retry_after_ms
        assert wait_ms is not None
        assert 0 < wait_ms <= 1_000 * PRICES[FetchBundle] / DEFAULT.account.per_second + 1


@pytest.mark.parametrize("step", [ONE_TIME_PAIRS_COUNT, ONE_TIME_ID_SPAN])
async def test_p6_uploads_without_end_keep_a_shelf_at_its_size(
    autojump_clock: object, rng: random.Random, step: int
) -> None:
    """Ids one behind the other, or so far apart that the former pairs leave."""
    async with relay_rig(rng) as rig, under_attack(rig, DEFAULT):
        mallory = await rig.enter("mallory", house(9))
        me = rig.person("mallory")
        uploads = [me.prekeys(1 + number * step, ONE_TIME_PAIRS_COUNT) for number in range(8)]
        count = await in_slices(mallory, uploads)
        assert set(count) <= {"PrekeysStored", "TOO_MANY_PREKEYS"}
        assert await rig.store.count_one_time_pairs(me.address) <= MAX_ONE_TIME_PAIRS


# --- subscriptions and acknowledgements -------------------------------------


async def test_p6_subscribing_again_and_again_holds_one_subscription(
    autojump_clock: object, rng: random.Random
) -> None:
    """Two connections of one device pull at it: each displaces the other, nothing piles up."""
    async with relay_rig(rng) as rig, under_attack(rig, DEFAULT):
        pair = [await rig.enter("mallory", house(9)) for _ in range(2)]
        for _ in range(200):
            for each in pair:
                await each.ask_for(Subscribed, Subscribe())
        assert len(rig.relay._services.subscriptions) == 3  # with the two who talk
        count = await in_slices(pair[0], [Subscribe()] * 1_500)
        assert set(count) == {"Subscribed", "RATE_LIMITED"}


async def test_p6_acknowledging_what_was_never_delivered_deletes_nothing(
    autojump_clock: object, rng: random.Random
) -> None:
    async with relay_rig(rng) as rig, under_attack(rig, DEFAULT):
        mallory = await rig.enter("mallory", house(9))
        await mallory.ask_all([submit_to(rig.person("mallory"), b"x", rng) for _ in range(5)])
        claims = [Acknowledge(rng.randrange(1 << 40)) for _ in range(200)] + [Acknowledge(2**63)]
        assert set(await in_slices(mallory, claims)) == {"BAD_ACKNOWLEDGEMENT"}
        await mallory.ask_for(Subscribed, Subscribe())
        late = [Acknowledge(6 + number) for number in range(200)]
        assert set(await in_slices(mallory, late)) == {"BAD_ACKNOWLEDGEMENT"}
        assert await rig.store.count_waiting(rig.person("mallory").address) == 5


# --- tokens and names -------------------------------------------------------


async def test_p6_guessing_tokens_is_paid_for_and_tells_nothing(
    autojump_clock: object, rng: random.Random
) -> None:
    """A wrong token, no token set, and nobody of that name: one answer for all."""
    async with relay_rig(rng) as rig, under_attack(rig, DEFAULT):
        await away(rig)
        bob = await rig.enter("bob", house(3))
        await bob.ask_for(TokenSet, SetToken(token_hash(b"t" * 16)))
        names = [BOB, Name("nobody"), rig.person("one").name]
        nobody = await rig.greeted(house(9))
        guesses = [
            Submit(rng.choice(names), 1, EnvelopeId(rng.randbytes(16)), rng.randbytes(16), b"x")
            for _ in range(ADDRESS_WORK_AT_ONCE + 500)
        ]
        count = await in_slices(nobody, guesses)
        assert set(count) <= {"BAD_TOKEN", "RATE_LIMITED"}
        assert count["RATE_LIMITED"] > 0
        assert await rig.store.count_waiting(rig.person("bob").address) == 0


async def test_p6_asking_for_names_is_done_at_the_rate_of_an_account(
    autojump_clock: object, rng: random.Random
) -> None:
    async with relay_rig(rng) as rig, under_attack(rig, DEFAULT):
        mallory = await rig.enter("mallory", house(9))
        asked = [
            FetchBundle(Name(f"guess{number}"), 1, FetchId(rng.randbytes(16)), None)
            for number in range(400)
        ]
        count = await in_slices(mallory, asked)
        assert count["UNKNOWN_ACCOUNT"] <= ACCOUNT_WORK_AT_ONCE // PRICES[FetchBundle] + 10


async def test_p6_changing_ones_token_without_end_is_slowed_down(
    autojump_clock: object, rng: random.Random
) -> None:
    async with relay_rig(rng) as rig, under_attack(rig, DEFAULT):
        mallory = await rig.enter("mallory", house(9))
        count = await in_slices(mallory, [SetToken(rng.randbytes(32)) for _ in range(1_500)])
        assert set(count) == {"TokenSet", "RATE_LIMITED"}
        assert tally([await mallory.ask(Acknowledge(1))]) == {"BAD_ACKNOWLEDGEMENT": 1}
