"""Segments: what went in comes out, in bounds; what was changed inside is refused."""

from dataclasses import replace

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.archive.facts import FactKind, PackedFact, Raw, pack_fact, unpack_fact_untrusted
from protocol.archive.rows import MessageRow, pack_numbers
from protocol.archive.segment import Segment, cut, decode_segment_untrusted, encode_segment
from protocol.errors import NotUnicode, OutOfRange, PeerError, UnsupportedVersion, WireError
from protocol.limits import MAX_SEGMENT_BYTES, MAX_SEGMENT_FACTS, MAX_SEGMENT_MESSAGES
from protocol.packing import pack_value, unpack_value_untrusted
from tests.protocol.archive.samples import BOB, FACTS, SEGMENT, flipped, row

u8, u64 = st.integers(0, 255), st.integers(0, (1 << 64) - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
bodies = st.builds(
    MessageRow, u64, u8, u8, u8, st.binary(min_size=16, max_size=16), u64, u64, u64, u64, u64, texts
)
packed_facts = st.builds(PackedFact, u64, u8, st.binary(max_size=40))


@st.composite
def segments(draw: st.DrawFn) -> Segment:
    positions = sorted(draw(st.sets(u64, min_size=1, max_size=12)))
    rows = [draw(bodies)._replace(position=position) for position in positions]
    about = draw(st.lists(st.sampled_from(positions), max_size=8))
    facts = [draw(packed_facts)._replace(position=position) for position in sorted(about)]
    return Segment(BOB, tuple(rows), tuple(facts))


@settings(max_examples=40)
@given(segments())
def test_b1_a_segment_comes_back(segment: Segment) -> None:
    assert decode_segment_untrusted(encode_segment(segment)) == segment


@settings(max_examples=40)
@given(segments())
def test_the_bound_that_cutting_relies_on_holds(segment: Segment) -> None:
    content = encode_segment(segment)
    assert zstandard.frame_content_size(content[1:]) <= segment.most_bytes


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_every_fact_comes_back(fact: Raw) -> None:
    assert unpack_fact_untrusted(pack_fact(3, fact)) == fact


def test_every_kind_of_fact_is_among_the_samples() -> None:
    assert {pack_fact(0, fact).kind for fact in FACTS} == {*FactKind, 200}


# --- how a conversation is divided ---------------------------------------------


def _joined(parts: list[Segment]) -> Segment:
    rows = tuple(each for part in parts for each in part.rows)
    return Segment(BOB, rows, tuple(each for part in parts for each in part.facts))


def test_a_long_conversation_is_cut_into_full_segments() -> None:
    rows = tuple(row(position, "") for position in range(1, 10_001))
    whole = Segment(BOB, rows, tuple(PackedFact(p, 5, b"") for p in range(5, 10_000, 5)))
    parts = list(cut(whole))
    assert [len(part.rows) for part in parts] == [4_096, 4_096, 1_808]
    assert _joined(parts) == whole


def test_long_texts_and_many_facts_make_more_segments_that_all_fit() -> None:
    long = tuple(row(position, "x" * 65_536) for position in range(100))
    many = tuple(PackedFact(position, 3, b"") for position in (1, 2) for _ in range(40_000))
    for whole in (Segment(BOB, long), Segment(BOB, (row(1), row(2)), many)):
        parts = list(cut(whole))
        assert _joined(parts) == whole
        assert all(decode_segment_untrusted(encode_segment(part)) == part for part in parts)


@pytest.mark.parametrize(
    "broken",
    [
        Segment(BOB, ()),
        Segment(BOB, (row(1),) * (MAX_SEGMENT_MESSAGES + 1)),
        Segment(BOB, (row(2), row(1))),
        Segment(BOB, (row(1), row(1))),
        Segment(BOB, (row(1)._replace(message_id=b"short"),)),
        Segment(BOB, (row(1)._replace(counter=-1),)),
        Segment(BOB, (row(1)._replace(counter=1 << 64),)),
        Segment(BOB, (row(1)._replace(state=256),)),
        Segment(BOB, (row(1),), (PackedFact(2, 1, b""),)),
        Segment(BOB, (row(1),), (PackedFact(1, 256, b""),)),
        Segment(BOB, (row(1), row(2)), (PackedFact(2, 1, b""), PackedFact(1, 1, b""))),
        Segment(BOB, (row(1),), (PackedFact(1, 1, b""),) * (MAX_SEGMENT_FACTS + 1)),
        Segment(BOB, (row(1),), (PackedFact(1, 9, bytes(MAX_SEGMENT_BYTES)),)),
    ],
    ids=range(13),
)
def test_what_would_not_read_back_is_not_written(broken: Segment) -> None:
    with pytest.raises(OutOfRange):
        encode_segment(broken)


def test_half_a_character_is_not_written() -> None:
    with pytest.raises(NotUnicode):
        encode_segment(Segment(BOB, (row(1, "\ud800"),)))


# --- bytes that are not ours -----------------------------------------------------


def _plain() -> list[object]:
    content = encode_segment(SEGMENT)
    packed = zstandard.ZstdDecompressor().decompress(content[1:])
    plain: list[object] = unpack_value_untrusted(packed, len(packed))
    return plain


def _content(plain: object) -> bytes:
    return b"\1" + zstandard.ZstdCompressor().compress(pack_value(plain))


WRONG: tuple[object, ...] = (None, "", b"", [], 0, -1, 1.5, True, "alice bob", bytes(41), [b"", 1])


@pytest.mark.parametrize("place", range(len(_plain())))
def test_a_wrong_column_is_refused(place: int) -> None:
    for wrong in WRONG:
        plain = _plain()
        plain[place] = wrong
        with pytest.raises(WireError):
            decode_segment_untrusted(_content(plain))


@pytest.mark.parametrize("positions", [(3, 7, 4, 8, 9), (3, 3, 7, 8, 9)], ids=str)
def test_positions_that_do_not_rise_are_refused(positions: tuple[int, ...]) -> None:
    plain = _plain()
    plain[2] = pack_numbers(positions)
    with pytest.raises(WireError, match="rise"):
        decode_segment_untrusted(_content(plain))


@pytest.mark.parametrize("plain", [None, [], {}, _plain()[:-1], [*_plain(), 0]], ids=range(5))
def test_another_shape_is_refused(plain: object) -> None:
    with pytest.raises(WireError):
        decode_segment_untrusted(_content(plain))


def test_p6_a_frame_that_expands_beyond_the_limit_is_refused_unexpanded() -> None:
    for size in (MAX_SEGMENT_BYTES + 1, 1 << 26):
        bomb = zstandard.ZstdCompressor().compress(bytes(size))
        with pytest.raises(WireError, match="expands"):
            decode_segment_untrusted(b"\1" + bomb)


def test_p6_a_frame_that_lies_about_its_size_is_refused() -> None:
    frame = bytearray(zstandard.ZstdCompressor().compress(bytes(1 << 20)))
    at = bytes(frame).index((1 << 20).to_bytes(4, "little"))
    frame[at : at + 4] = (100).to_bytes(4, "little")
    with pytest.raises(WireError):
        decode_segment_untrusted(b"\1" + bytes(frame))


def test_a_frame_without_its_size_or_with_something_behind_it_is_refused() -> None:
    packed = pack_value(_plain())
    sizeless = zstandard.ZstdCompressor(write_content_size=False).compress(packed)
    for frame in (sizeless, zstandard.ZstdCompressor().compress(packed) + b"more", b""):
        with pytest.raises(WireError):
            decode_segment_untrusted(b"\1" + frame)


def test_another_encoding_of_the_same_rows_is_refused() -> None:
    packed = pack_value(_plain())
    overlong = packed.replace(b"\xa3bob\x05", b"\xa3bob\xcc\x05", 1)
    assert overlong != packed
    with pytest.raises(WireError):
        decode_segment_untrusted(b"\1" + zstandard.ZstdCompressor().compress(overlong))


@settings(max_examples=50)
@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_changed_and_cut_bytes_raise_nothing_else(place: int, size: int) -> None:
    content = encode_segment(SEGMENT)
    for changed in (flipped(content, place % len(content)), content[: size % len(content)]):
        try:
            decode_segment_untrusted(changed)
        except PeerError:
            continue


def test_a_newer_segment_says_so() -> None:
    for content in (b"\2" + encode_segment(SEGMENT)[1:], b""):
        with pytest.raises(UnsupportedVersion):
            decode_segment_untrusted(content)


def test_a_malformed_fact_is_refused_and_spares_the_others() -> None:
    broken = replace(SEGMENT, facts=(PackedFact(3, FactKind.TIMER, b"\x90"), *SEGMENT.facts))
    first, second, *_ = decode_segment_untrusted(encode_segment(broken)).facts
    with pytest.raises(WireError):
        unpack_fact_untrusted(first)
    assert unpack_fact_untrusted(second) == FACTS[0]
