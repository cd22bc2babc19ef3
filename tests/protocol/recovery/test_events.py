"""A vault's log: what is changed, left out, reordered or of another record breaks it."""

from dataclasses import replace

import pytest

from protocol.recovery.errors import BrokenLog
from protocol.recovery.events import EventKind, Happening, LogEnd, VaultEvent, append, verify_log
from protocol.signing import SigningKey, public_key_of

KEY = SigningKey(b"k" * 32)
PUBLIC = public_key_of(KEY)
RECORD_ID = b"r" * 16


def _log(kinds: list[EventKind], key: SigningKey = KEY) -> list[VaultEvent]:
    end, events = LogEnd(), []
    for at, kind in enumerate(kinds):
        end, event = append(end, RECORD_ID, Happening(kind, at, at), key)
        events.append(event)
    return events


LOG = _log([EventKind.REGISTERED, EventKind.GUESSED, EventKind.GUESSED, EventKind.UNLOCKED])
FORK = _log([EventKind.REGISTERED, EventKind.UNLOCKED, EventKind.GUESSED])


def test_a_log_and_each_stretch_of_it_verify() -> None:
    for begin in range(len(LOG) + 1):
        verify_log(PUBLIC, RECORD_ID, LOG[begin:])


@pytest.mark.parametrize(
    ("log", "breaks_at"),
    [
        ([LOG[0], LOG[2], LOG[3]], 2),
        ([LOG[0], LOG[2], LOG[1]], 2),
        ([*LOG[:2], FORK[2]], 2),
        ([LOG[0], LOG[0]], 0),
        ([LOG[0], replace(LOG[1], guesses=0)], 1),
        ([LOG[0], replace(LOG[1], time_ms=9)], 1),
        ([LOG[0], replace(LOG[1], kind=EventKind.UNLOCKED)], 1),
        ([LOG[0], replace(LOG[1], detail=b"d" * 32)], 1),
        ([replace(LOG[1], sequence=0)], 0),
        ([replace(LOG[1], previous=bytes(32))], 1),
        (_log([EventKind.REGISTERED], SigningKey(bytes(32))), 0),
    ],
)
def test_a_broken_log_names_the_entry(log: list[VaultEvent], breaks_at: int) -> None:
    with pytest.raises(BrokenLog) as caught:
        verify_log(PUBLIC, RECORD_ID, log)
    assert caught.value.sequence == breaks_at


def test_it_is_of_one_record_at_one_vault() -> None:
    for key, record_id in ((bytes(32), RECORD_ID), (PUBLIC, bytes(16))):
        with pytest.raises(BrokenLog):
            verify_log(key, record_id, LOG)
