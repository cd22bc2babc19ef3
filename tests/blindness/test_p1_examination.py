"""P1: a look is judged by what must not be found, and by what must."""

from pathlib import Path

import pytest

from scripts.blindness.canaries import Canary
from scripts.blindness.examination import Examination
from scripts.blindness.media import Medium, Places

SECRET = Canary("a secret", b"vubakofimelagiduso")
NAME = Canary("the name alice", b"alice")
KEY = Canary("a public key", bytes(range(32)))


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A relay's places with a name in the database and a key in the WAL."""
    places = Places(tmp_path / "data", tmp_path / "printed.txt", tmp_path / "traffic")
    places.data.mkdir()
    places.traffic.mkdir()
    (places.data / "relay.db").write_bytes(b"...alice...")
    (places.data / "relay.db-wal").write_bytes(b"..." + KEY.value)
    (places.data / "relay.key").write_bytes(b"PEM")
    (places.data / "relay.log").write_bytes(b"started")
    (places.data / "relay.log.1").write_bytes(b"older")
    places.printed.write_bytes(b"printed")
    return places


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def test_files_are_told_apart_by_name_and_none_is_left_out(places: Places) -> None:
    assert names(places.files(Medium.DATABASE)) == ["relay.db", "relay.key"]
    assert names(places.files(Medium.WAL)) == ["relay.db-wal"]
    assert names(places.files(Medium.LOG)) == ["relay.log", "relay.log.1", "printed.txt"]
    assert places.files(Medium.TRAFFIC) == places.files(Medium.MEMORY) == []


def test_a_file_that_nobody_foresaw_is_searched(places: Places) -> None:
    (places.data / "blobs").mkdir()
    (places.data / "blobs" / "1f").write_bytes(SECRET.value)
    examination = Examination(places, [SECRET])
    look = examination.look("now", {Medium.DATABASE: (NAME,)}, pid=None)
    assert [hit.place for hit in look.hits(Medium.DATABASE)] == ["1f"]


def test_a_blind_relay_is_reported_blind(places: Places) -> None:
    examination = Examination(places, [SECRET])
    examination.look("now", {Medium.DATABASE: (NAME,), Medium.WAL: (KEY,)}, pid=None)
    reports = [examination.report(medium) for medium in (Medium.DATABASE, Medium.WAL)]
    assert all(report.is_blind for report in reports)
    assert reports[0].searched_bytes == len(b"...alice...PEM")
    assert reports[0].controls == ("the name alice",)


def test_a_secret_is_a_hit_and_a_control_is_none(places: Places) -> None:
    (places.data / "relay.db-wal").write_bytes(KEY.value + SECRET.value.hex().encode())
    examination = Examination(places, [SECRET])
    look = examination.look("now", {Medium.WAL: (KEY,)}, pid=None)
    report = examination.report(Medium.WAL)
    assert look.found_count == 1
    assert [hit.canary for hit in report.hits] == [SECRET]
    assert not report.is_blind


def test_an_empty_medium_is_not_blind(places: Places) -> None:
    (places.data / "relay.db").write_bytes(b"")
    examination = Examination(places, [SECRET])
    examination.look("now", {Medium.DATABASE: (NAME,)}, pid=None)
    report = examination.report(Medium.DATABASE)
    assert report.missing == ("the name alice (now)",)
    assert not report.is_blind


def test_a_control_missing_in_one_of_two_looks_is_missing(places: Places) -> None:
    examination = Examination(places, [SECRET])
    examination.look("first", {Medium.DATABASE: (NAME,)}, pid=None)
    (places.data / "relay.db").write_bytes(b"")
    examination.look("second", {Medium.DATABASE: (NAME,)}, pid=None)
    assert examination.report(Medium.DATABASE).missing == ("the name alice (second)",)


def test_a_medium_that_nobody_looked_at_is_not_blind(places: Places) -> None:
    assert not Examination(places, [SECRET]).report(Medium.LOG).is_blind


def test_a_secret_found_in_an_early_look_stays_found(places: Places) -> None:
    examination = Examination(places, [SECRET])
    (places.data / "relay.db").write_bytes(b"alice" + SECRET.value)
    examination.look("first", {Medium.DATABASE: (NAME,)}, pid=None)
    (places.data / "relay.db").write_bytes(b"alice")
    examination.look("second", {Medium.DATABASE: (NAME,)}, pid=None)
    assert not examination.report(Medium.DATABASE).is_blind
