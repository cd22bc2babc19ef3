"""Retry requests: what they name, and the id of the envelope that answers."""

import hashlib

import pytest

from protocol.e2ee.retry import RetryRequest, answer_envelope_id, retry_request_for_untrusted
from protocol.e2ee.session import encrypt
from protocol.errors import WireError
from protocol.ids import MessageId
from tests.protocol.e2ee.parties import established
from tests.support.randomness import SeededBytes


def test_a_request_names_what_can_be_read_without_the_key() -> None:
    ours, _ = established(SeededBytes("retry"))
    for index in range(1, 3):
        ours, message = encrypt(ours, b"lost", SeededBytes(f"message {index}"))
        assert ours.ratchet.sending is not None
        assert retry_request_for_untrusted(message) == RetryRequest(
            ours.session_id,
            ours.ratchet.sending.ratchet_key,
            index - 1,
            hashlib.sha256(message).digest(),
        )


def test_what_is_no_ratchet_message_cannot_be_asked_for() -> None:
    with pytest.raises(WireError):
        retry_request_for_untrusted(b"noise")


def test_the_answers_envelope_id_is_that_of_the_page() -> None:
    request_id, digest = MessageId(b"i" * 16), b"d" * 32
    label = b"glasspost/1/retry-answer"
    fields = b"\x00\x00\x00\x10" + request_id + b"\x00\x00\x00\x20" + digest
    expected = hashlib.sha256(bytes([len(label)]) + label + fields).digest()[:16]
    assert answer_envelope_id(request_id, digest) == expected
    assert answer_envelope_id(MessageId(b"j" * 16), digest) != expected
