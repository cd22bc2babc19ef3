"""Locators: typed forms, typos, and ids that follow from nothing else."""

import hashlib
import hmac
import random

import pytest

from protocol.archive.locator import Locator, parse_locator
from protocol.errors import BadLocator

ZEROS = "0000-0000-0000-0000-0000-0000-00vm"


def test_what_is_shown_is_read(rng: random.Random) -> None:
    for _ in range(50):
        locator = Locator.generate(rng.randbytes)
        assert parse_locator(str(locator)) == locator


def test_readers_are_lenient() -> None:
    assert str(Locator(bytes(16))) == ZEROS
    assert parse_locator("  OOOO oooo 0000-0000 00000000-00VM\n".replace("\n", "")).raw == bytes(16)


def test_a_wrong_character_is_noticed(rng: random.Random) -> None:
    """12 bits of check: one typo in 4,096 passes, none of these."""
    for at in range(len(ZEROS)):
        if ZEROS[at] != "-":
            with pytest.raises(BadLocator):
                parse_locator(ZEROS[:at] + "x" + ZEROS[at + 1 :])


@pytest.mark.parametrize("text", ["", "0", ZEROS + "0", ZEROS[:-1] + "u", "\x1b" * 28, "é" * 28])
def test_no_locator_is_an_error_that_says_why(text: str) -> None:
    with pytest.raises(BadLocator, match="not a locator"):
        parse_locator(text)


def test_ids_are_those_of_the_page() -> None:
    """HKDF and the encoding by hand, from docs/formats.md."""
    label, path = b"glasspost/1/relay-blob", b"head"
    info = bytes([len(label)]) + label
    info += len(path).to_bytes(4) + path + (1).to_bytes(4) + b"\x01"
    key = hmac.digest(bytes(32), bytes(range(16)), hashlib.sha256)
    expected = hmac.digest(key, info + b"\x01", hashlib.sha256)
    assert Locator(bytes(range(16))).blob_id("head", 1) == expected


def test_ids_differ_by_locator_path_and_turn() -> None:
    one, other = Locator(bytes(16)), Locator(b"\x01" + bytes(15))
    ids = {one.blob_id("head"), one.blob_id("head", 1), one.blob_id("keyring")}
    assert len(ids | {other.blob_id("head")}) == 4
