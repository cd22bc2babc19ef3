"""Prekeys: on disk first, uploaded once, rotated, retired, and forgotten in time."""

import random
from dataclasses import replace

import pytest

from client.messaging import prekey_upkeep
from client.store import prekeys, settings
from client.store.prekeys import MAX_ONE_TIME_PRIVATES, MEDIUM_LIVED, PrekeyKind
from protocol.e2ee.prekeys import verify_bundle
from protocol.ids import FetchId
from protocol.limits import (
    ONE_TIME_PAIRS_COUNT,
    ONE_TIME_PAIRS_LOW,
    PREKEY_ROTATION_MS,
    RETIRED_PREKEY_LIFE_MS,
)
from protocol.wire.codec import encode
from protocol.wire.messages import UploadPrekeys
from tests.support.clients import Client, FakeRelay, talk


def due(client: Client, shelf_count: int) -> UploadPrekeys | None:
    return client.write(lambda tx: prekey_upkeep.due_upload(tx, shelf_count, client.surroundings))


def must(upload: UploadPrekeys | None) -> UploadPrekeys:
    assert upload is not None
    return upload


def confirm(client: Client, upload: UploadPrekeys) -> None:
    client.write(lambda tx: prekey_upkeep.uploaded(tx, upload))


def private_ids(client: Client, kind: PrekeyKind) -> list[int]:
    rows = client.connection.execute("SELECT key_id FROM prekeys WHERE kind = ?", (kind,))
    return [key_id for (key_id,) in rows]


def test_a_fresh_account_uploads_a_full_shelf_that_verifies(
    alice: Client, relay: FakeRelay
) -> None:
    shelf = relay.shelves[alice.name]
    assert len(shelf.pairs) == ONE_TIME_PAIRS_COUNT
    bundle = shelf.bundle(FetchId(bytes(16)))
    verify_bundle(bundle, alice.device.address, relay.clock.now_ms, None)
    assert len(encode(must(shelf.upload), 1)) < 150_000


def test_nothing_is_due_while_all_is_well(alice: Client) -> None:
    assert due(alice, ONE_TIME_PAIRS_LOW) is None


def test_a_low_shelf_is_refilled_without_new_medium_lived_keys(
    alice: Client, relay: FakeRelay
) -> None:
    first = must(relay.shelves[alice.name].upload)
    refill = must(due(alice, ONE_TIME_PAIRS_LOW - 1))
    assert len(refill.one_time_pairs) == ONE_TIME_PAIRS_COUNT - ONE_TIME_PAIRS_LOW + 1
    assert (refill.signed_prekey, refill.last_resort, refill.sealing_key) == (
        first.signed_prekey,
        first.last_resort,
        first.sealing_key,
    )


def test_what_was_not_confirmed_is_uploaded_again_but_no_pair_twice(alice: Client) -> None:
    alice.hear_clock()
    alice.write(lambda tx: settings.hear_relay_clock(tx, alice.relay.clock.now_ms * 2))
    lost = must(due(alice, 0))
    again = must(due(alice, 0))
    assert again.signed_prekey == lost.signed_prekey
    assert again.sealing_key == lost.sealing_key
    ids = {pair.kem.key_id for pair in lost.one_time_pairs}
    assert not ids & {pair.kem.key_id for pair in again.one_time_pairs}
    confirm(alice, again)
    assert due(alice, 100) is None


def test_p3_private_halves_are_stored_before_anybody_hears_of_them(alice: Client) -> None:
    upload = must(due(alice, 0))
    alice.reopen()
    stored = set(private_ids(alice, PrekeyKind.ONE_TIME))
    assert {pair.kem.key_id for pair in upload.one_time_pairs} <= stored


def test_ids_are_never_given_twice(alice: Client) -> None:
    first = must(due(alice, 0))
    alice.connection.execute("DELETE FROM prekeys WHERE kind = 'one-time'")
    second = must(due(alice, 0))
    newest = max(pair.kem.key_id for pair in first.one_time_pairs)
    assert min(pair.kem.key_id for pair in second.one_time_pairs) == newest + 1


def test_keys_rotate_and_retired_ones_live_35_days(
    friends: tuple[Client, Client], relay: FakeRelay
) -> None:
    alice, _ = friends
    relay.clock.now_ms += PREKEY_ROTATION_MS
    alice.come_online()
    for kind in MEDIUM_LIVED:
        assert private_ids(alice, kind) == [1, 2]
    relay.clock.now_ms += RETIRED_PREKEY_LIFE_MS
    alice.hear_clock()
    alice.tidy()
    assert private_ids(alice, PrekeyKind.SEALING) == [1, 2]
    relay.clock.now_ms += 1
    alice.hear_clock()
    alice.tidy()
    for kind in MEDIUM_LIVED:
        assert private_ids(alice, kind) == [2]


def test_keys_made_under_a_wrong_clock_are_replaced_when_it_is_put_right(
    alice: Client, relay: FakeRelay
) -> None:
    right_ms = relay.clock.now_ms
    alice.write(lambda tx: settings.hear_relay_clock(tx, right_ms + 100 * 365 * 24 * 3_600_000))
    confirm(alice, must(due(alice, 100)))
    alice.hear_clock()
    assert must(due(alice, 100)).signed_prekey.issued_at_ms == right_ms


def test_a_key_is_not_retired_before_its_successor_is_with_the_relay(alice: Client) -> None:
    late_ms = alice.relay.clock.now_ms + PREKEY_ROTATION_MS
    alice.write(lambda tx: settings.hear_relay_clock(tx, late_ms))
    upload = must(due(alice, 100))
    assert alice.connection.execute("SELECT count(retired_at_ms) FROM prekeys").get == 0
    confirm(alice, upload)
    assert alice.connection.execute("SELECT count(retired_at_ms) FROM prekeys").get == 3


def test_a_jump_of_the_local_clock_deletes_and_makes_nothing(
    friends: tuple[Client, Client], relay: FakeRelay
) -> None:
    alice, bob = friends
    before = alice.dump()
    relay.clock.now_ms += 400 * 24 * 3_600_000  # Alice's own clock: the relay's was not heard
    alice.tidy()
    assert due(alice, 100) is None
    assert alice.dump() == before
    assert alice.texts(bob) == ["hello alice"]


def test_p6_lost_uploads_do_not_pile_up_without_end(alice: Client) -> None:
    for _ in range(12):
        due(alice, 0)
    assert alice.read(lambda tx: prekeys.count(tx, PrekeyKind.ONE_TIME)) == MAX_ONE_TIME_PRIVATES


def test_lost_uploads_never_cost_the_private_half_of_a_pair_on_the_shelf(
    alice: Client, relay: FakeRelay
) -> None:
    on_shelf = {pair.kem.key_id for pair in relay.shelves[alice.name].pairs}
    for _ in range(11):
        due(alice, 0)
    lost = must(due(alice, 0))
    assert not lost.one_time_pairs  # no room is left
    assert on_shelf <= set(private_ids(alice, PrekeyKind.ONE_TIME))
    confirm(alice, lost)
    assert on_shelf <= set(private_ids(alice, PrekeyKind.ONE_TIME))
    refill = must(due(alice, 0))
    assert len(refill.one_time_pairs) == ONE_TIME_PAIRS_COUNT


def test_pairs_that_were_refused_are_forgotten_alone(alice: Client) -> None:
    before = private_ids(alice, PrekeyKind.ONE_TIME)
    refused = must(due(alice, 17))
    alice.write(lambda tx: prekey_upkeep.pairs_refused(tx, refused))
    assert private_ids(alice, PrekeyKind.ONE_TIME) == before


def test_handshakes_are_remembered_as_long_as_they_could_be_replayed(
    friends: tuple[Client, Client], relay: FakeRelay
) -> None:
    _, bob = friends

    def remembered() -> object:
        return bob.connection.execute("SELECT count(*) FROM handshakes").get

    assert remembered() == 1
    relay.clock.now_ms += PREKEY_ROTATION_MS
    bob.come_online()
    bob.tidy()
    assert remembered() == 1
    relay.clock.now_ms += RETIRED_PREKEY_LIFE_MS + 1
    bob.come_online()
    bob.tidy()
    assert remembered() == 0


def test_a_relay_clock_that_lies_deletes_no_key(
    friends: tuple[Client, Client], relay: FakeRelay
) -> None:
    alice, _ = friends
    relay.clock.now_ms += PREKEY_ROTATION_MS
    alice.come_online()  # the first keys are retired
    right_ms = relay.clock.now_ms
    alice.write(lambda tx: settings.hear_relay_clock(tx, right_ms + RETIRED_PREKEY_LIFE_MS + 1))
    alice.tidy()
    for kind in MEDIUM_LIVED:
        assert private_ids(alice, kind) == [1, 2]


def test_what_was_retired_under_a_wrong_clock_grows_old_all_the_same(
    friends: tuple[Client, Client], relay: FakeRelay
) -> None:
    alice, _ = friends
    wrong_ms = relay.clock.now_ms + 100 * 365 * 24 * 3_600_000
    alice.write(lambda tx: settings.hear_relay_clock(tx, wrong_ms))
    confirm(alice, must(due(alice, 100)))
    alice.hear_clock()
    alice.tidy()
    relay.clock.now_ms += RETIRED_PREKEY_LIFE_MS + 1
    alice.hear_clock()
    alice.tidy()
    for kind in MEDIUM_LIVED:
        assert private_ids(alice, kind) == [2]


def test_a_delivery_dated_ahead_moves_the_clock_little_and_ages_like_any_other(
    friends: tuple[Client, Client], relay: FakeRelay
) -> None:
    alice, bob = friends
    before_ms = bob.read(settings.relay_clock_ms)
    alice.send(bob, "from the year 2127")
    alice.flush()
    (sent,) = relay.mail[bob.name]
    bob.receive(replace(sent, arrival_ms=sent.arrival_ms + 100 * 365 * 24 * 3_600_000))
    assert bob.texts(alice)[-1] == "from the year 2127"
    assert bob.read(settings.relay_clock_ms) <= before_ms + 3_600_000
    relay.clock.now_ms += 61 * 24 * 3_600_000
    bob.hear_clock()
    bob.tidy()
    assert bob.connection.execute("SELECT count(*) FROM seen").get == 0


@pytest.mark.parametrize("days", [59, 61])
def test_marks_of_what_was_seen_live_60_days(
    friends: tuple[Client, Client], relay: FakeRelay, days: int
) -> None:
    _, bob = friends
    relay.clock.now_ms += days * 24 * 3_600_000
    bob.hear_clock()
    bob.tidy()
    count = bob.connection.execute("SELECT count(*) FROM seen").get
    assert (count > 0) is (days < 60)


def test_the_active_session_outlives_a_long_silence(
    friends: tuple[Client, Client], relay: FakeRelay, rng: random.Random
) -> None:
    alice, bob = friends
    relay.clock.now_ms += 300 * 24 * 3_600_000
    for client in friends:
        client.come_online()
        client.tidy()
    text = f"long time no see {rng.random()}"
    alice.send(bob, text)
    talk(alice, bob)
    assert bob.texts(alice)[-1] == text
