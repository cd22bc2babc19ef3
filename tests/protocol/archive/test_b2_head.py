"""B2 for the head: nothing in it can be changed, and the newest one signed is believed."""

from dataclasses import replace

import pytest

from protocol.archive.head import (
    HEAD_BYTES,
    hash_of_head,
    head_beside,
    open_head_untrusted,
    sign_head,
)
from protocol.archive.keyring import seal_keyring
from protocol.archive.keys import ArchiveRoot, head_key
from protocol.archive.newest import newest_head
from protocol.errors import (
    BadSignature,
    NoValidHead,
    TwoWriters,
    UnsupportedVersion,
    WireError,
)
from protocol.signing import public_key_of
from tests.protocol.archive.samples import (
    ARCHIVE_ID,
    DRAW,
    HEAD,
    KEYRING,
    PLAN,
    ROOT,
    STORED_HEAD,
    STORED_MANIFEST,
    flipped,
    head_of,
    later_head,
)

PUBLIC = public_key_of(head_key(ROOT))
NEXT = later_head(STORED_HEAD, 8)
OTHER_ROOT = ArchiveRoot.generate(DRAW)


def test_a_head_is_read_back() -> None:
    assert open_head_untrusted(STORED_HEAD, PUBLIC) == HEAD
    assert len(STORED_HEAD) == HEAD_BYTES == 224


def test_b2_every_changed_byte_is_found() -> None:
    for place in range(HEAD_BYTES):
        with pytest.raises((BadSignature, WireError, UnsupportedVersion)):
            open_head_untrusted(flipped(STORED_HEAD, place), PUBLIC)


@pytest.mark.parametrize("size", [0, 8, 160, HEAD_BYTES - 1, HEAD_BYTES + 1])
def test_b2_a_cut_or_extended_head_is_none(size: int) -> None:
    with pytest.raises(WireError):
        open_head_untrusted((STORED_HEAD + b"\0")[:size], PUBLIC)


def test_a_newer_head_says_so() -> None:
    with pytest.raises(UnsupportedVersion):
        open_head_untrusted(STORED_HEAD[:8] + b"\2" + STORED_HEAD[9:], PUBLIC)


def test_b2_the_newest_wins_from_whatever_source() -> None:
    choice = newest_head(
        {"storage": STORED_HEAD, "vault a": NEXT, "vault b": b""}, ROOT, ARCHIVE_ID
    )
    assert choice.head.epoch == 8
    assert choice.stored == NEXT
    assert choice.behind == ("storage",)
    assert choice.refused == ("vault b",)
    choice.require_one_writer()


def test_b2_a_rolled_back_storage_is_an_alarm_with_both_dates() -> None:
    choice = newest_head({"storage": STORED_HEAD, "vault": NEXT}, ROOT, ARCHIVE_ID)
    alarm = choice.manifest_missing("storage")
    assert alarm.made_at_ms == choice.head.made_at_ms
    assert alarm.available_at_ms == HEAD.made_at_ms


def test_b2_a_storage_that_shows_the_newest_head_without_its_manifest_has_no_older_date() -> None:
    choice = newest_head({"storage": NEXT}, ROOT, ARCHIVE_ID)
    assert choice.manifest_missing("storage").available_at_ms is None


def test_b2_a_head_of_another_root_or_archive_is_never_believed() -> None:
    other_root = sign_head(replace(HEAD, epoch=99), head_key(OTHER_ROOT))
    other_archive = sign_head(replace(HEAD, epoch=99, archive_id=bytes(16)), head_key(ROOT))
    heads = {"a": other_root, "b": other_archive, "c": STORED_HEAD}
    choice = newest_head(heads, ROOT, ARCHIVE_ID)
    assert choice.head == HEAD
    assert choice.refused == ("a", "b")


def test_without_a_head_of_this_archive_there_is_nothing_to_believe() -> None:
    with pytest.raises(NoValidHead):
        newest_head({"storage": flipped(STORED_HEAD, 50)}, ROOT, ARCHIVE_ID)
    with pytest.raises(NoValidHead):
        newest_head({}, ROOT, ARCHIVE_ID)


def test_two_heads_of_one_epoch_are_two_writers() -> None:
    rival = later_head(STORED_HEAD, 8, manifest=b"of another device")
    choice = newest_head({"storage": NEXT, "vault": rival}, ROOT, ARCHIVE_ID)
    with pytest.raises(TwoWriters) as caught:
        choice.require_one_writer()
    assert caught.value.epoch == 8


def test_a_head_that_the_newest_does_not_follow_is_another_writers() -> None:
    stray = later_head(b"another history", 7)
    choice = newest_head({"storage": NEXT, "vault": stray}, ROOT, ARCHIVE_ID)
    with pytest.raises(TwoWriters) as caught:
        choice.require_one_writer()
    assert caught.value.epoch == 7


def test_one_history_has_one_writer_however_far_a_source_is_behind() -> None:
    third = later_head(NEXT, 9)
    heads = {"a": STORED_HEAD, "b": NEXT, "c": third, "d": third}
    newest_head(heads, ROOT, ARCHIVE_ID).require_one_writer()
    assert newest_head(heads, ROOT, ARCHIVE_ID).head.previous_hash == hash_of_head(NEXT)


def test_b3_of_two_heads_each_keyring_has_its_own() -> None:
    newer = seal_keyring(PLAN.renewed(PLAN.faces, 1), OTHER_ROOT)
    head = sign_head(head_of(STORED_MANIFEST, 8, newer), head_key(OTHER_ROOT))
    both = head + STORED_HEAD
    assert head_beside(both, newer.encode()) == head
    assert head_beside(both, KEYRING.encode()) == STORED_HEAD
    assert head_beside(head, newer.encode()) == head


def test_b2_of_two_heads_for_another_keyring_the_first_is_shown_and_fails_later() -> None:
    both = NEXT + STORED_HEAD
    assert head_beside(both, b"another keyring") == NEXT
    for odd in (b"", NEXT[:-1], both[:-1], both + b"\0"):
        assert head_beside(odd, KEYRING.encode()) == odd
