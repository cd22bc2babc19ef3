"""Padding: sizes in classes, and only zeros taken off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.e2ee.padding import Padding, pad, padme, unpad_untrusted
from protocol.errors import WireError


@pytest.mark.parametrize(
    ("size", "padded"),
    [
        # Each by hand from the definition: E = floor(log2 L), S = floor(log2 E) + 1, 2^(E-S).
        (9, 10),  # E 3, S 2: multiples of 2
        (10, 10),
        (31, 32),  # E 4, S 3: multiples of 2
        (33, 36),  # E 5, S 3: multiples of 4
        (100, 104),  # E 6, S 3: multiples of 8
        (1_000, 1_024),  # E 9, S 4: multiples of 32
        (4_096, 4_096),  # E 12, S 4: multiples of 256
        (4_097, 4_352),
        (5_000, 5_120),
        (65_536, 65_536),  # E 16, S 5: multiples of 2,048
        (65_537, 67_584),
        (1_000_000, 1_015_808),  # E 19, S 5: multiples of 16,384
    ],
)
def test_padme_numbers(size: int, padded: int) -> None:
    assert padme(size) == padded


@given(st.integers(2, 1 << 40))
def test_padme_grows_by_12_percent_at_most_and_twice_is_once(size: int) -> None:
    padded = padme(size)
    assert size <= padded <= size * 1.12 + 1
    assert padme(padded) == padded


@given(st.binary(max_size=20_000), st.sampled_from(Padding))
def test_what_is_padded_comes_back(payload: bytes, padding: Padding) -> None:
    assert unpad_untrusted(pad(payload, padding)) == payload


@pytest.mark.parametrize(
    ("padding", "size", "padded"),
    [
        (Padding.PADME, 0, 4_096),
        (Padding.PADME, 4_092, 4_096),
        (Padding.PADME, 4_093, 4_352),
        (Padding.BLOCK, 0, 4_096),
        (Padding.BLOCK, 4_092, 4_096),
        (Padding.BLOCK, 4_093, 8_192),
        (Padding.NONE, 0, 4),
        (Padding.NONE, 4_093, 4_097),
    ],
)
def test_sizes_after_padding(padding: Padding, size: int, padded: int) -> None:
    assert len(pad(bytes(size), padding)) == padded


@pytest.mark.parametrize(
    "padded",
    [b"", b"\0\0\0", b"\0\0\0\x01", b"\xff\xff\xff\xffx", b"\0\0\0\x01x\0\x01", b"\0\0\0\0\x01"],
)
def test_malformed_padding_is_refused(padded: bytes) -> None:
    with pytest.raises(WireError):
        unpad_untrusted(padded)
