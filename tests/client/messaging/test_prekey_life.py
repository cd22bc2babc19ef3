"""Months in the life of prekeys: rotated, used, used up, retired, forgotten; and what mail meets.

Days are virtual. Whoever is online does at each rotation what an engine does hourly.
"""

import random
from collections import deque

import pytest

from client.messaging import prekey_upkeep
from client.messaging.outcomes import Junk, Received, Unreadable
from client.messaging.receiving import receive
from client.store import prekeys
from client.store.prekeys import MEDIUM_LIVED, PrekeyKind
from client.store.transaction import Transaction
from protocol.limits import (
    MAIL_LIFE_MS,
    ONE_TIME_PAIRS_COUNT,
    ONE_TIME_PAIRS_LOW,
    PREKEY_ROTATION_MS,
    RETIRED_PREKEY_LIFE_MS,
)
from tests.client.messaging.envelopes import payload_of, sealed_anew
from tests.client.messaging.repairs import gap_lines, lose_sessions
from tests.client.messaging.strangers import FirstMessage, fetch, first_message
from tests.support.clients import Client, FakeRelay, talk

DAY_MS = 24 * 3_600_000
THREE_MONTHS = 45  # rotations
CROWD = 150


def time_passes(relay: FakeRelay, online: Client, milliseconds: int = PREKEY_ROTATION_MS) -> None:
    relay.clock.now_ms += milliseconds
    online.come_online()
    online.tidy()


def weeks_pass(relay: FakeRelay, online: Client, days: int) -> None:
    """Let an even or odd number of days pass, rotation by rotation."""
    for _ in range(days // 2):
        time_passes(relay, online)
    time_passes(relay, online, days % 2 * DAY_MS)


def key_ids(client: Client, kind: PrekeyKind) -> list[int]:
    rows = client.connection.execute("SELECT key_id FROM prekeys WHERE kind = ?", (kind,))
    return sorted(key_id for (key_id,) in rows)


def text_of(client: Client, peer: str) -> object:
    query = "SELECT text FROM history WHERE sender = ? AND kind = 'text'"
    return client.connection.execute(query, (peer,)).get


# --- months -----------------------------------------------------------------


def test_p2_for_three_months_each_first_message_opens_as_long_as_mail_lives(
    bob: Client, relay: FakeRelay, rng: random.Random
) -> None:
    """Strangers write all the time; each message comes as late as the relay may bring it."""
    on_the_way: deque[FirstMessage] = deque()
    for number in range(THREE_MONTHS):
        bundle = fetch(relay, bob, rng)
        on_the_way.append(first_message(f"s{number}", bob, bundle, f"text {number}", rng))
        if len(on_the_way) > MAIL_LIFE_MS // PREKEY_ROTATION_MS:
            late = on_the_way.popleft()
            assert isinstance(bob.receive(late.arriving(relay.clock.now_ms)), Received)
        time_passes(relay, bob)
    came = range(THREE_MONTHS - len(on_the_way))
    assert [text_of(bob, f"s{number}") for number in came] == [f"text {n}" for n in came]


def test_p6_months_leave_as_many_private_halves_as_their_lives_say(
    bob: Client, relay: FakeRelay, rng: random.Random
) -> None:
    for _ in range(THREE_MONTHS):
        fetch(relay, bob, rng)
        fetch(relay, bob, rng)
        time_passes(relay, bob)
    for kind in MEDIUM_LIVED:
        ids = key_ids(bob, kind)
        assert ids[-1] == 1 + THREE_MONTHS
        assert len(ids) <= RETIRED_PREKEY_LIFE_MS // PREKEY_ROTATION_MS + 2
        assert ids == list(range(ids[0], ids[-1] + 1))
    made = max(key_ids(bob, PrekeyKind.ONE_TIME))
    # 90 were taken: one refill, begun below 20 and up to 100.
    assert made == ONE_TIME_PAIRS_COUNT + (ONE_TIME_PAIRS_COUNT - ONE_TIME_PAIRS_LOW + 2)
    assert relay.shelves[bob.name].highest_id == made


# --- late mail --------------------------------------------------------------


def just_before_a_rotation(bob: Client, relay: FakeRelay) -> None:
    """Let the keys on the shelf be the last moment before they are replaced."""
    relay.clock.now_ms += PREKEY_ROTATION_MS - 1
    bob.come_online()


@pytest.mark.parametrize("days", [29, 35])
def test_p2_a_first_message_sealed_just_before_a_rotation_opens_so_late(
    bob: Client, relay: FakeRelay, rng: random.Random, days: int
) -> None:
    just_before_a_rotation(bob, relay)
    late = first_message("carol", bob, fetch(relay, bob, rng), "late", rng)
    time_passes(relay, bob, 1)
    weeks_pass(relay, bob, days)
    assert isinstance(bob.receive(late.arriving(relay.clock.now_ms)), Received)
    assert text_of(bob, "carol") == "late"


def test_after_35_days_nobody_can_open_it_any_more(
    bob: Client, relay: FakeRelay, rng: random.Random
) -> None:
    just_before_a_rotation(bob, relay)
    late = first_message("carol", bob, fetch(relay, bob, rng), "too late", rng)
    time_passes(relay, bob, 1)
    weeks_pass(relay, bob, 36)
    assert isinstance(bob.receive(late.arriving(relay.clock.now_ms)), Junk)


def test_p2_a_contact_whose_prekeys_are_gone_is_asked_and_the_text_comes_again(
    friends: tuple[Client, Client], relay: FakeRelay
) -> None:
    """The seal is fresh, the handshake inside 36 days old: a gap that one can see, and repair."""
    alice, bob = friends
    lose_sessions(alice)
    message_id = alice.send(bob, "late")
    alice.fetch_keys()
    payload = payload_of(alice, message_id)
    weeks_pass(relay, bob, RETIRED_PREKEY_LIFE_MS // DAY_MS + 3)
    alice.hear_clock()
    assert isinstance(bob.receive(sealed_anew(bob, payload, alice.sender)), Unreadable)
    assert len(gap_lines(bob, alice)) == 1
    talk(bob, alice)
    assert bob.texts(alice)[-1] == "late"
    assert gap_lines(bob, alice) == []


def test_p2_a_seal_that_nobody_opens_any_more_shows_as_missing_and_as_not_delivered(
    friends: tuple[Client, Client], relay: FakeRelay
) -> None:
    """Sealed, then five weeks without a network: neither side takes it for delivered."""
    alice, bob = friends
    alice.send(bob, "five weeks in the outbox")
    weeks_pass(relay, bob, RETIRED_PREKEY_LIFE_MS // DAY_MS + 3)
    alice.flush()
    alice.hear_clock()
    assert [type(outcome) for outcome in bob.receive_all()] == [Junk]
    alice.send(bob, "next")
    talk(alice, bob)
    newest = bob.history(alice)[-1]
    assert (newest.text, newest.missing_before) == ("next", 1)
    states = {entry.text: entry.state.name for entry in alice.history(bob) if entry.outgoing}
    assert states["five weeks in the outbox"] == "AT_RELAY"
    assert states["next"] == "DELIVERED"


# --- a crowd ----------------------------------------------------------------


def test_p2_a_crowd_of_strangers_reaches_somebody_who_is_away(
    bob: Client, relay: FakeRelay, rng: random.Random
) -> None:
    """100 pairs for 150 strangers: the others do with the last-resort key, and three DHs."""
    bundles = [fetch(relay, bob, rng) for _ in range(CROWD)]
    without = [bundle for bundle in bundles if bundle.one_time_key is None]
    assert len(without) == CROWD - ONE_TIME_PAIRS_COUNT
    mail = [
        first_message(f"s{number}", bob, bundle, f"text {number}", rng)
        for number, bundle in enumerate(bundles)
    ]
    relay.clock.now_ms += PREKEY_ROTATION_MS
    bob.come_online()
    deliveries = [each.arriving(relay.clock.now_ms) for each in mail]
    outcomes = bob.write(lambda tx: [receive(tx, each, bob.surroundings) for each in deliveries])
    assert {type(outcome) for outcome in outcomes} == {Received}
    assert [text_of(bob, f"s{n}") for n in range(CROWD)] == [f"text {n}" for n in range(CROWD)]
    # Back again, there are pairs and another last-resort key; the former still opens what comes.
    fresh = relay.shelves[bob.name]
    assert len(fresh.pairs) == ONE_TIME_PAIRS_COUNT
    assert fresh.upload is not None
    assert fresh.upload.last_resort.key_id == without[0].kem.key_id + 1
    assert key_ids(bob, PrekeyKind.ONE_TIME) == [pair.kem.key_id for pair in fresh.pairs]
    late = first_message("late", bob, without[0], "me too", rng)
    assert isinstance(bob.receive(late.arriving(relay.clock.now_ms)), Received)


# --- crashes ----------------------------------------------------------------


class Crashed(Exception):
    """The process dies before the commit."""


def test_p3_a_one_time_pair_dies_in_the_transaction_that_first_decrypts_with_it(
    bob: Client, relay: FakeRelay, rng: random.Random
) -> None:
    bundle = fetch(relay, bob, rng)
    mail = first_message("carol", bob, bundle, "once", rng).arriving(relay.clock.now_ms)

    def receive_and_die(tx: Transaction) -> None:
        receive(tx, mail, bob.surroundings)
        assert prekeys.private_half(tx, PrekeyKind.ONE_TIME, bundle.kem.key_id) is None
        raise Crashed

    before = bob.dump()
    with pytest.raises(Crashed):
        bob.write(receive_and_die)
    bob.reopen()
    assert bob.dump() == before
    assert bundle.kem.key_id in key_ids(bob, PrekeyKind.ONE_TIME)
    assert isinstance(bob.receive(mail), Received)
    assert bundle.kem.key_id not in key_ids(bob, PrekeyKind.ONE_TIME)
    assert text_of(bob, "carol") == "once"


@pytest.mark.parametrize("heard", [False, True], ids=["lost on its way", "answer lost"])
def test_p3_a_crash_around_an_upload_leaves_no_key_that_the_other_side_lacks(
    bob: Client, relay: FakeRelay, rng: random.Random, heard: bool
) -> None:
    """Prepared, perhaps stored by the relay, and never confirmed here."""
    relay.clock.now_ms += PREKEY_ROTATION_MS
    bob.hear_clock()
    shelf = relay.shelves[bob.name]
    shelf.pairs.clear()
    upload = bob.write(lambda tx: prekey_upkeep.due_upload(tx, 0, bob.surroundings))
    assert upload is not None
    if heard:
        shelf.store(upload)
    bob.reopen()
    bob.come_online()
    assert len(shelf.pairs) == ONE_TIME_PAIRS_COUNT
    on_shelf = [pair.kem.key_id for pair in shelf.pairs]
    assert set(on_shelf) <= set(key_ids(bob, PrekeyKind.ONE_TIME))
    assert len(set(on_shelf)) == len(on_shelf)
    mail = first_message("carol", bob, fetch(relay, bob, rng), "hello", rng)
    assert isinstance(bob.receive(mail.arriving(relay.clock.now_ms)), Received)
