"""The layout of a ratchet message, with every combination of optional parts."""

from dataclasses import replace
from itertools import product

import pytest

from protocol.e2ee.handshake_header import HandshakeHeader, KemKind
from protocol.e2ee.ratchet.header import RatchetHeader, split_untrusted
from protocol.e2ee.ratchet.kem_fields import KemFields
from protocol.errors import UnsupportedVersion, WireError
from protocol.ids import SessionId
from protocol.limits import MAX_CHAIN_MESSAGES, MAX_ENVELOPE_BYTES

HANDSHAKE = HandshakeHeader(b"i" * 32, b"e" * 32, 1, KemKind.ONE_TIME, 2, b"c" * 1_088)
PLAIN = RatchetHeader(SessionId(b"s" * 16), b"k" * 32, 0x01020304, 0x05060708)
BODY = bytes(12 + 3 + 16)


@pytest.mark.parametrize("parts", product([False, True], repeat=3))
def test_every_combination_of_parts_comes_back(parts: tuple[bool, bool, bool]) -> None:
    key, ciphertext, handshake = parts
    header = replace(
        PLAIN,
        kem=KemFields(b"K" * 1_184 if key else b"", b"C" * 1_088 if ciphertext else b""),
        handshake=HANDSHAKE if handshake else None,
    )
    encoded = header.encode()
    assert len(encoded) == 58 + 1_184 * key + 1_088 * ciphertext + 1_161 * handshake
    assert encoded[1] == 2 * key + 4 * ciphertext + 1 * handshake
    split = split_untrusted(encoded + BODY)
    assert split == (header, encoded, BODY)


def test_the_fixed_part_is_at_the_offsets_of_the_page() -> None:
    encoded = PLAIN.encode()
    assert encoded[0] == 1
    assert encoded[2:18] == b"s" * 16
    assert encoded[18:50] == b"k" * 32
    assert encoded[50:54] == b"\x01\x02\x03\x04"
    assert encoded[54:58] == b"\x05\x06\x07\x08"


def test_optional_parts_stand_in_the_order_of_the_page() -> None:
    full = replace(PLAIN, kem=KemFields(b"K" * 1_184, b"C" * 1_088), handshake=HANDSHAKE).encode()
    assert full[58:1_242] == b"K" * 1_184
    assert full[1_242:2_330] == b"C" * 1_088
    assert full[2_330:] == HANDSHAKE.encode()


def test_an_empty_plaintext_is_the_shortest_message() -> None:
    assert split_untrusted(PLAIN.encode() + bytes(28)).body == bytes(28)
    with pytest.raises(WireError):
        split_untrusted(PLAIN.encode() + bytes(27))


@pytest.mark.parametrize("flags", [8, 16, 32, 64, 128, 9])
def test_unknown_flags_are_refused(flags: int) -> None:
    message = bytearray(PLAIN.encode() + BODY)
    message[1] = flags
    with pytest.raises(WireError):
        split_untrusted(bytes(message))


def test_another_version_is_told_apart() -> None:
    with pytest.raises(UnsupportedVersion):
        split_untrusted(b"\x02" + PLAIN.encode()[1:] + BODY)


@pytest.mark.parametrize("flag", [1, 2, 4])
def test_a_flag_without_its_part_is_refused(flag: int) -> None:
    message = bytearray(PLAIN.encode() + BODY)
    message[1] = flag
    with pytest.raises(WireError):
        split_untrusted(bytes(message))


def test_p6_messages_over_the_limit_are_refused_unread() -> None:
    with pytest.raises(WireError):
        split_untrusted(PLAIN.encode() + bytes(MAX_ENVELOPE_BYTES))


def test_an_index_that_no_chain_reaches_is_refused() -> None:
    last = replace(PLAIN, index=MAX_CHAIN_MESSAGES - 1)
    assert split_untrusted(last.encode() + BODY).header == last
    with pytest.raises(WireError, match="end of its chain"):
        split_untrusted(replace(PLAIN, index=MAX_CHAIN_MESSAGES).encode() + BODY)
