"""P1: the scanner finds whatever is there, and nothing else."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scripts.blindness.canaries import Canary, random_word
from scripts.blindness.encodings import patterns_of
from scripts.blindness.scanner import MIN_FILTERED_BYTES, Findings, Scanner
from scripts.blindness.stretches import PIECE_BYTES, Stretch, files

TEXT = Canary("a text", b"vubakofimelagiduso")
KEY = Canary("a key", bytes(range(200, 232)))
FORMS = [
    pytest.param(canary, form, pattern, id=f"{canary.label} {form}")
    for canary in (TEXT, KEY)
    for form, pattern in patterns_of(canary.value)
]


def stretch_of(*pieces: bytes, start: int = 0) -> Stretch:
    return Stretch("here", start, pieces)


def search(scanner: Scanner, *pieces: bytes) -> Findings:
    return scanner.search([stretch_of(*pieces)])


@pytest.mark.parametrize(("canary", "form", "pattern"), FORMS)
def test_every_form_is_found_at_every_offset(canary: Canary, form: str, pattern: bytes) -> None:
    scanner = Scanner([TEXT, KEY])
    for offset in range(24):
        (hit,) = search(scanner, b"." * offset + pattern + b"." * 24).hits
        assert hit.canary == canary
        assert hit.offset == offset


@pytest.mark.parametrize(("canary", "form", "pattern"), FORMS)
def test_every_form_is_found_across_every_boundary(
    canary: Canary, form: str, pattern: bytes
) -> None:
    scanner = Scanner([TEXT, KEY])
    haystack = b"." * 11 + pattern + b"." * 5
    for cut in range(len(haystack) + 1):
        (hit,) = search(scanner, haystack[:cut], haystack[cut:]).hits
        assert (hit.canary, hit.offset) == (canary, 11)


def test_a_pattern_cut_into_single_bytes_is_found() -> None:
    haystack = b"." * 40 + KEY.value + b"." * 40
    (hit,) = search(Scanner([KEY]), *(bytes([byte]) for byte in haystack)).hits
    assert hit.offset == 40


def test_offsets_count_from_the_start_of_the_stretch() -> None:
    findings = Scanner([KEY]).search([stretch_of(b"..", b"..." + KEY.value, start=0x7000)])
    assert findings.hits[0].offset == 0x7005
    assert str(findings.hits[0]) == "a key (raw) in here at 0x7005"


def test_two_stretches_do_not_join() -> None:
    halves = [stretch_of(KEY.value[:16]), stretch_of(KEY.value[16:])]
    assert Scanner([KEY]).search(halves).hits == ()


def test_a_near_miss_is_none() -> None:
    """One bit in any byte: the filter may stumble, the exact search does not."""
    scanner = Scanner([KEY])
    for index in range(len(KEY.value)):
        changed = bytearray(KEY.value)
        changed[index] ^= 1
        assert search(scanner, bytes(changed)).hits == ()


def test_each_byte_is_counted_once() -> None:
    assert search(Scanner([KEY]), b"." * 1000, b"." * 500).searched_bytes == 1500


def test_several_canaries_in_one_piece_are_all_found() -> None:
    hits = search(Scanner([TEXT, KEY]), KEY.value + b"," + TEXT.value.hex().encode()).hits
    assert [(hit.canary, hit.form) for hit in hits] == [(KEY, "raw"), (TEXT, "hex")]


def test_a_short_control_is_found_too() -> None:
    name = Canary("a name", b"alice")
    assert len(name.value) < MIN_FILTERED_BYTES
    assert search(Scanner([name, KEY]), b"....al", b"ice").hits[0].offset == 4


def test_files_are_searched_by_name(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("media") / "relay.log"
    path.write_bytes(b"." * (PIECE_BYTES - 7) + KEY.value)
    findings = Scanner([KEY]).search(files([path]))
    assert findings.searched_bytes == PIECE_BYTES - 7 + len(KEY.value)
    assert (findings.hits[0].place, findings.hits[0].offset) == ("relay.log", PIECE_BYTES - 7)


@st.composite
def plantings(draw: st.DrawFn) -> tuple[Canary, bytes, bytes, bytes]:
    """A canary, one of its patterns, and any bytes before and after."""
    canary = Canary("drawn", draw(st.binary(min_size=MIN_FILTERED_BYTES, max_size=70)))
    _, pattern = draw(st.sampled_from(list(patterns_of(canary.value))))
    return canary, pattern, draw(st.binary(max_size=60)), draw(st.binary(max_size=60))


@given(planting=plantings(), cuts=st.lists(st.integers(0, 400), max_size=5))
@example(planting=(Canary("zeros", bytes(15)), bytes(15), b"\1", b"\1"), cuts=[8])
def test_whatever_is_planted_is_found(
    planting: tuple[Canary, bytes, bytes, bytes], cuts: list[int]
) -> None:
    canary, pattern, before, after = planting
    pieces = pieces_of(before + pattern + after, sorted(cuts))
    assert search(Scanner([canary]), *pieces).hits


def pieces_of(haystack: bytes, cuts: list[int]) -> Iterator[bytes]:
    start = 0
    for cut in [*cuts, len(haystack)]:
        yield haystack[start:cut]
        start = max(start, cut)


def test_random_bytes_hold_no_canary(rng: random.Random) -> None:
    """A false alarm would be as bad as none: 4 MB of noise, 30 canaries, 8 forms."""
    canaries = [Canary(f"{n}", random_word(rng.randbytes).encode()) for n in range(30)]
    scanner = Scanner(canaries)
    assert len(scanner.needles) > 200  # hex without letters is one pattern, not two
    assert search(scanner, rng.randbytes(4 << 20)).hits == ()


def test_canaries_do_not_print() -> None:
    assert "vubako" not in repr(TEXT)
    assert "vubako" not in repr(Scanner([TEXT]).needles)
