"""Skipped keys: bounded in number and in age, the oldest leave first."""

from protocol.e2ee.ratchet.chain import MessageKey
from protocol.e2ee.ratchet.skipped import NO_SKIPPED_KEYS, Place, SkippedKeys
from protocol.limits import MAX_SKIPPED_KEYS, SKIPPED_KEY_LIFE_MS

ONE, OTHER = b"1" * 32, b"2" * 32


def _keys(count: int) -> list[MessageKey]:
    return [MessageKey(index.to_bytes(32)) for index in range(count)]


def _indices(table: SkippedKeys) -> list[int]:
    return [place.position for place in table.entries]


def test_keys_are_kept_under_ratchet_key_and_index() -> None:
    table = NO_SKIPPED_KEYS.keep(ONE, 5, _keys(2), 1_000).keep(OTHER, 5, _keys(1), 2_000)
    assert list(table.entries) == [Place(ONE, 5), Place(ONE, 6), Place(OTHER, 5)]
    assert table.entries[Place(ONE, 6)].key == _keys(2)[1]
    assert table.entries[Place(ONE, 6)].since_ms == 1_000
    assert Place(OTHER, 6) not in table.entries


def test_a_table_never_changes() -> None:
    table = NO_SKIPPED_KEYS.keep(ONE, 0, _keys(3), 1_000)
    table.without(Place(ONE, 1))
    table.keep(OTHER, 0, _keys(1), 1_000)
    table.expire(1_000 + SKIPPED_KEY_LIFE_MS)
    assert _indices(table) == [0, 1, 2]
    assert len(NO_SKIPPED_KEYS) == 0


def test_a_key_is_dropped_alone() -> None:
    table = NO_SKIPPED_KEYS.keep(ONE, 0, _keys(3), 1_000).without(Place(ONE, 1))
    assert _indices(table) == [0, 2]


def test_p6_no_more_than_the_limit_are_kept_and_the_oldest_leave() -> None:
    table = NO_SKIPPED_KEYS.keep(ONE, 0, _keys(MAX_SKIPPED_KEYS), 1_000)
    assert len(table) == MAX_SKIPPED_KEYS
    table = table.keep(OTHER, 0, _keys(3), 2_000)
    assert len(table) == MAX_SKIPPED_KEYS
    assert next(iter(table.entries)) == Place(ONE, 3)
    assert list(table.entries)[-3:] == [Place(OTHER, index) for index in range(3)]


def test_keys_expire_after_35_days_of_relay_time() -> None:
    table = NO_SKIPPED_KEYS.keep(ONE, 0, _keys(1), 1_000).keep(ONE, 1, _keys(1), 1_500)
    assert table.expire(999 + SKIPPED_KEY_LIFE_MS) is table
    assert _indices(table.expire(1_000 + SKIPPED_KEY_LIFE_MS)) == [1]
    assert _indices(table.expire(1_500 + SKIPPED_KEY_LIFE_MS)) == []


def test_order_stays_that_of_age_when_time_goes_back() -> None:
    table = NO_SKIPPED_KEYS.keep(ONE, 0, _keys(1), 5_000).keep(ONE, 1, _keys(1), 1_000)
    assert [kept.since_ms for kept in table.entries.values()] == [5_000, 5_000]


def test_nothing_to_keep_keeps_the_table() -> None:
    assert NO_SKIPPED_KEYS.keep(ONE, 0, [], 1_000) is NO_SKIPPED_KEYS
