"""Prekeys over the wire, and the push that asks for more."""

import random

from protocol.ids import FetchId
from protocol.limits import MAX_ONE_TIME_PAIRS, ONE_TIME_PAIRS_LOW
from protocol.wire.messages import (
    BundleFetched,
    FetchBundle,
    FetchSealingKey,
    Ping,
    PrekeysLow,
    PrekeysStored,
    Refusal,
    Refused,
    SealingKeyFetched,
    Subscribe,
)
from tests.support.relay_rig import RelayRig, relay_rig


def fetch(rig: RelayRig, name: str = "bob", fetch_id: bytes | None = None) -> FetchBundle:
    chosen = FetchId(fetch_id or rig.rng.randbytes(16))
    return FetchBundle(rig.person(name).name, 1, chosen, None)


async def test_keys_go_from_bob_to_alice(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        alice, bob = await rig.enter("alice"), await rig.enter("bob")
        upload = rig.person("bob").prekeys(1, 2)
        assert await bob.ask(upload) == PrekeysStored(2)
        bundle = (await alice.ask_for(BundleFetched, fetch(rig))).bundle
        assert bundle.identity == rig.person("bob").account.identity
        assert bundle.signed_prekey == upload.signed_prekey
        assert bundle.kem == upload.one_time_pairs[0].kem
        assert bundle.one_time_key == upload.one_time_pairs[0].curve_key
        assert bundle.sealing_key == upload.sealing_key
        sealing = await alice.ask(FetchSealingKey(rig.person("bob").name, 1, None))
        assert sealing == SealingKeyFetched(bundle.identity, upload.sealing_key)


async def test_a_repeated_fetch_gets_the_same_bundle(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        alice, bob = await rig.enter("alice"), await rig.enter("bob")
        await bob.ask(rig.person("bob").prekeys(1, 5))
        same = [await alice.ask(fetch(rig, fetch_id=bytes(16))) for _ in range(2)]
        assert same[0] == same[1] != await alice.ask(fetch(rig))


async def test_a_low_shelf_asks_for_more(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        alice, bob = await rig.enter("alice"), await rig.enter("bob")
        await bob.ask(Subscribe())
        await bob.ask(rig.person("bob").prekeys(1, ONE_TIME_PAIRS_LOW + 1))
        await alice.ask(fetch(rig))
        await bob.ask(Ping())
        assert bob.pushes_so_far() == []
        await alice.ask(fetch(rig))
        assert await bob.next_push() == PrekeysLow(ONE_TIME_PAIRS_LOW - 1)


async def test_an_unread_hint_is_kept_once(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        alice, bob = await rig.enter("alice"), await rig.enter("bob")
        await bob.ask(Subscribe())
        await bob.ask(rig.person("bob").prekeys(1, 3))
        answers = await alice.ask_all([fetch(rig) for _ in range(5)])
        assert {type(answer) for answer in answers} == {BundleFetched}
        await bob.ask(Ping())
        counts = [push.one_time_count for push in bob.pushes_so_far()]  # type: ignore[union-attr]
        assert counts == sorted(counts, reverse=True)
        assert counts[-1] == 0


async def test_refusals(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        alice = await rig.enter("alice")
        sealing = FetchSealingKey(rig.person("alice").name, 1, None)
        assert await alice.ask(fetch(rig, "nobody")) == Refused(Refusal.UNKNOWN_ACCOUNT, None)
        assert await alice.ask(fetch(rig, "alice")) == Refused(Refusal.NO_PREKEYS, None)
        assert await alice.ask(sealing) == Refused(Refusal.NO_PREKEYS, None)
        for first_id in range(0, MAX_ONE_TIME_PAIRS, 100):
            await alice.ask_for(PrekeysStored, rig.person("alice").prekeys(first_id, 100))
        more = rig.person("alice").prekeys(MAX_ONE_TIME_PAIRS, 1)
        assert await alice.ask(more) == Refused(Refusal.TOO_MANY_PREKEYS, None)
