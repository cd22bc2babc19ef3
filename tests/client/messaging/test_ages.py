"""What was dated while a clock was wrong grows old like everything else, once it is right again."""

from client.store import settings
from client.store.transaction import Transaction
from tests.client.messaging.hunting import HOUR_MS
from tests.client.messaging.repairs import lose_sessions
from tests.support.clients import Client, FakeRelay, talk

DAY_MS = 24 * HOUR_MS

# What is shown or signed stays as it is: lines of the history, mail that waits unopened for an
# answer, the issue times of keys. Of keys, an age below zero is too old, ours and theirs.
NOT_AGES = {"history", "held", "takeover", "announced"}
JUDGED_WHERE_READ = {
    "peer_keys.fetched_at_ms",
    "peer_keys.signed_prekey_issued_ms",
    "prekeys.issued_at_ms",
}


def times_of(client: Client) -> dict[str, int]:
    """Give the latest time in each column that holds times."""
    return client.read(_latest_times)


def _latest_times(tx: Transaction) -> dict[str, int]:
    return {
        f"{table}.{column}": tx.value(f"SELECT coalesce(max({column}), 0) FROM {table}")
        for (table,) in tx.all("SELECT name FROM sqlite_master WHERE type = 'table'")
        for _, column, *_ in tx.all(f"PRAGMA table_info({table})")
        if column.endswith("_ms")
    }


def test_p6_nothing_stays_dated_ahead_when_the_clocks_are_right_again(
    friends: tuple[Client, Client], relay: FakeRelay
) -> None:
    alice, bob = friends
    relay.clock.now_ms += 400 * DAY_MS
    for client in friends:
        client.hear_clock()
        client.write(lambda tx: settings.set_prekeys_doubted(tx, True))
        client.come_online()
    lose_sessions(bob)
    alice.send(bob, "does not open")
    alice.flush()
    bob.receive_all()
    bob.fetch_keys()
    assert times_of(bob)["gaps.noted_ms"] > relay.clock.now_ms - DAY_MS
    relay.clock.now_ms -= 400 * DAY_MS
    talk(alice, bob)
    for client in friends:
        client.hear_clock()
        client.tidy()
        ahead = {
            where
            for where, latest in times_of(client).items()
            if latest > relay.clock.now_ms and where.partition(".")[0] not in NOT_AGES
        }
        assert ahead <= JUDGED_WHERE_READ
        renewed_ms = client.read(settings.prekeys_renewed_ms)
        assert 0 < renewed_ms <= relay.clock.now_ms
