"""The delivery token: as on the page, and never printed."""

import hashlib
import hmac

import pytest

from protocol.e2ee.content import Content, ProfileKeyTold, decode_content_untrusted
from protocol.e2ee.profile_key import DeliveryToken, ProfileKey, delivery_token
from protocol.errors import WireError
from protocol.ids import MessageId
from protocol.packing import pack_value
from protocol.wire.messages import token_hash

KEY = ProfileKey(bytes(range(32)))


def test_the_token_is_derived_as_the_page_says() -> None:
    extracted = hmac.digest(bytes(32), bytes(range(32)), "sha256")
    expanded = hmac.digest(extracted, b"glasspost/1/delivery-token\x01", "sha256")
    assert delivery_token(KEY) == DeliveryToken(expanded[:16])


def test_the_relay_keeps_the_sha256_of_the_token() -> None:
    token = delivery_token(KEY).expose()
    assert token.hex() == "2b84088dc04a022f70aa760fd7509367"
    assert token_hash(token) == hashlib.sha256(token).digest()


def test_two_keys_have_two_tokens() -> None:
    assert delivery_token(KEY) != delivery_token(ProfileKey(bytes(32)))


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_told_key_has_32_bytes(size: int) -> None:
    raw = pack_value([1, 3, bytes(16), 0, 9, [bytes(size)]])
    with pytest.raises(WireError):
        decode_content_untrusted(raw)


def test_p8_a_told_key_does_not_print() -> None:
    content = Content(MessageId(bytes(16)), 0, 9, ProfileKeyTold(KEY))
    assert "<ProfileKey>" in repr(content)
    assert "\\x01\\x02\\x03" not in repr(content)
