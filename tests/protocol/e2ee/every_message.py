"""Every kind of content, and a session for every form of header that a message can have."""

from functools import cache
from typing import Final

from protocol.e2ee.content import (
    Content,
    ContentKind,
    Known,
    ProfileKeyTold,
    Receipt,
    ReceiptStatus,
    Text,
)
from protocol.e2ee.profile_key import ProfileKey
from protocol.e2ee.ratchet.kem_fields import KemFields
from protocol.e2ee.retry import RetryRequest
from protocol.e2ee.session import Session, decrypt, encrypt, start_session
from protocol.ids import MessageId, SessionId
from protocol.limits import RECEIPT_IDS_AT_ONCE
from protocol.records import KEM_CIPHERTEXT_BYTES, KEM_PUBLIC_BYTES
from tests.protocol.e2ee.hybrid_sides import attached, claiming, due
from tests.protocol.e2ee.parties import NOW_MS, established, party
from tests.support.randomness import SeededBytes

ID: Final = MessageId(b"i" * 16)
MOST_U64: Final = (1 << 64) - 1

BODIES: Final[dict[ContentKind, Known]] = {
    ContentKind.TEXT: Text("a few words"),
    ContentKind.RECEIPT: Receipt(ReceiptStatus.DELIVERED, (ID,) * RECEIPT_IDS_AT_ONCE),
    ContentKind.PROFILE_KEY: ProfileKeyTold(ProfileKey(bytes(32))),
    ContentKind.RETRY_REQUEST: RetryRequest(
        SessionId(bytes(16)), bytes(32), 0xFFFF_FFFE, bytes(32)
    ),
}
"""As large as our own client makes them, the text apart."""


def content_of_kind(kind: ContentKind) -> Content:
    """Give a content of ``kind``, its numbers as long as they can be."""
    counter = MOST_U64 if kind is ContentKind.TEXT else 0
    return Content(ID, counter, MOST_U64, BODIES[kind])


def _first(*, one_time: bool) -> Session:
    alice, bob = party("alice"), party("bob")
    bundle = bob.bundle(one_time=one_time)
    return start_session(alice.device, bob.address, bundle, SeededBytes("first"))


def _answering() -> Session:
    """Bob has opened a message with a KEM key, and owes the answer."""
    _, bob, message = attached(SeededBytes("answering"))
    return decrypt(bob, message, NOW_MS)[0]


@cache
def sessions_by_header() -> dict[str, Session]:
    """Give sessions by what the header of their next message carries: nothing, or one part."""
    alice, _ = established(SeededBytes("by header"))
    return {
        "plain": alice,
        "handshake with a one-time pair": _first(one_time=True),
        "handshake with the last resort": _first(one_time=False),
        "KEM key": due(alice),
        "KEM ciphertext": _answering(),
    }


@cache
def session_with_everything() -> Session:
    """Give one whose next header carries all three parts.

    No sender who keeps the rules begins such a chain; a receiver has to take it.
    """
    fields = KemFields(bytes(KEM_PUBLIC_BYTES), bytes(KEM_CIPHERTEXT_BYTES))
    begun, _ = encrypt(_first(one_time=True), b"", SeededBytes("everything"))
    return claiming(begun, fields)
