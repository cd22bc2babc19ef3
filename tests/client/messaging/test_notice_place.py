"""The line that tells of a changed key stands where a person reads it: below what was there."""

from dataclasses import replace

import pytest

from client.store import settings
from client.values import HistoryEntry
from tests.client.messaging.conftest import MakeClient
from tests.client.messaging.envelopes import mail
from tests.client.messaging.test_key_change import CHANGED, show
from tests.support.clients import Client, talk

DAY_MS = 86_400_000


def place_of_notice(lines: list[HistoryEntry]) -> int:
    (place,) = [place for place, each in enumerate(lines) if each.text.startswith(CHANGED)]
    return place


def test_p7_a_held_envelope_that_is_dated_back_draws_no_notice_up(
    friends: tuple[Client, Client], make_client: MakeClient
) -> None:
    alice, old_bob = friends
    before = [each.row_id for each in alice.history(old_bob)]
    bob = make_client("bob")
    alice.receive(replace(mail(bob, alice, "new phone"), arrival_ms=1))
    show(alice, bob)
    lines = alice.history(bob)
    assert [each.row_id for each in lines[: len(before)]] == before
    assert place_of_notice(lines) == len(before)
    assert lines[-1].text == "new phone"


@pytest.mark.parametrize("later", ["received", "sent"])
def test_p7_a_clock_set_back_puts_nothing_above_the_notice(
    friends: tuple[Client, Client], make_client: MakeClient, later: str
) -> None:
    alice, old_bob = friends
    before = [each.row_id for each in alice.history(old_bob)]
    bob = make_client("bob")
    clock = alice.relay.clock
    clock.now_ms -= DAY_MS // 2
    alice.write(lambda tx: settings.hear_relay_clock(tx, clock.now_ms))
    show(alice, bob)
    assert place_of_notice(alice.history(bob)) == len(before)
    for number in range(3):
        if later == "received":
            alice.receive(mail(bob, alice, f"{later} {number}"))
        else:
            alice.send(bob, f"{later} {number}")
            talk(alice, bob)
    lines = alice.history(bob)
    assert place_of_notice(lines) == len(before)
    assert [each.text for each in lines][-3:] == [f"{later} {number}" for number in range(3)]
