"""State and account key: what went in comes out, and nothing else decodes."""

from dataclasses import replace

import pytest

from protocol.archive.account import ACCOUNT_BYTES, AccountKeyRecord
from protocol.archive.state import Contact, Setting, State, decode_state_untrusted, encode_state
from protocol.errors import OutOfRange, PeerError, UnsupportedVersion, WireError
from protocol.ids import DeviceAddress, Name
from protocol.limits import MAX_STATE_ITEMS
from tests.protocol.archive.samples import ACCOUNT, STATE, flipped

CONTENT = encode_state(STATE)


def test_b1_state_comes_back() -> None:
    assert decode_state_untrusted(CONTENT) == STATE


def test_more_contacts_than_a_message_could_list_come_back() -> None:
    contacts = tuple(
        Contact(Name(f"c{number}"), None, None, False, False, 1) for number in range(5_000)
    )
    many = replace(STATE, contacts=contacts)
    assert decode_state_untrusted(encode_state(many)) == many


def test_more_than_would_be_read_back_is_not_written() -> None:
    setting = Setting("a", b"")
    with pytest.raises(OutOfRange):
        encode_state(replace(STATE, settings=(setting,) * (MAX_STATE_ITEMS + 1)))
    with pytest.raises(OutOfRange):
        encode_state(State(Name("alice"), (), (Setting("a", bytes(4_096)),) * 8_500))


def test_b2_changed_and_cut_state_raises_one_family() -> None:
    for place in range(len(CONTENT)):
        for changed in (flipped(CONTENT, place), CONTENT[:place]):
            try:
                decode_state_untrusted(changed)
            except PeerError:
                continue


def test_the_account_key_comes_back_in_one_size() -> None:
    assert AccountKeyRecord.decode_untrusted(ACCOUNT.encode()) == ACCOUNT
    for name in ("a", "x" * 32):
        record = replace(ACCOUNT, owner=DeviceAddress(Name(name)))
        assert len(record.encode()) == ACCOUNT_BYTES == 128
        assert AccountKeyRecord.decode_untrusted(record.encode()) == record


def test_b2_a_malformed_account_key_is_refused() -> None:
    content = ACCOUNT.encode()
    for place in (*range(1, 4), *range(12, 16), 16, 47, *range(80, 128)):
        with pytest.raises(WireError):
            AccountKeyRecord.decode_untrusted(flipped(content, place))
    for size in (0, 127, 129):
        with pytest.raises(WireError):
            AccountKeyRecord.decode_untrusted((content + b"\0")[:size])


def test_newer_ones_say_so() -> None:
    with pytest.raises(UnsupportedVersion):
        AccountKeyRecord.decode_untrusted(b"\2" + ACCOUNT.encode()[1:])
    for content in (b"\2" + CONTENT[1:], b""):
        with pytest.raises(UnsupportedVersion):
            decode_state_untrusted(content)
