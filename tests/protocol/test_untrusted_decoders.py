"""Every decoder of foreign bytes is known, takes what is valid, and refuses what is cut.

The same table is fuzzed (:mod:`tests.fuzzing`).
"""

import pytest

from tests.protocol.untrusted import DECODERS, decoders_in_the_code


def test_all_decoders_are_known() -> None:
    assert decoders_in_the_code() == set(DECODERS)


@pytest.mark.parametrize("name", DECODERS)
def test_valid_bytes_decode_and_encode_again(name: str) -> None:
    decoder = DECODERS[name]
    for sample in decoder.samples:
        value = decoder.decode(sample)
        assert decoder.encode is None or decoder.encode(value) == sample


@pytest.mark.parametrize("name", DECODERS)
def test_truncations_raise_nothing_else(name: str) -> None:
    for sample in DECODERS[name].samples:
        step = 1 if len(sample) < 300 else 23
        for size in range(0, len(sample), step):
            DECODERS[name].feed(sample[:size])
