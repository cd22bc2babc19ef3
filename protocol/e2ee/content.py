"""Content: what a message says, before it is encrypted.

    [version = 1, kind, message id, counter, sent at, body]

Every version and kind keeps these six places; what is new is in the body. So an
older program files a newer message, keeps it whole, and says that it needs an
update.

Spec: docs/protocol.md#content
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Any, Final

from protocol.e2ee.profile_key import ProfileKey, ProfileKeyShape
from protocol.e2ee.retry import RetryRequest
from protocol.errors import InvalidContent, NotUnicode, TooLong, WireError
from protocol.ids import MessageId
from protocol.limits import MAX_ENVELOPE_BYTES, MAX_RECEIPT_IDS, MAX_TEXT_BYTES
from protocol.packing import (
    U8,
    U64,
    Choice,
    Many,
    MessageIdBytes,
    pack_value,
    record_of,
    require_canonical,
    require_plain,
    unpack_value_untrusted,
)
from protocol.packing import Text as TextShape

CONTENT_VERSION: Final = 1


class ContentKind(IntEnum):
    """What a body is. Numbers are final."""

    TEXT = 1
    RECEIPT = 2
    PROFILE_KEY = 3
    RETRY_REQUEST = 4


class ReceiptStatus(IntEnum):
    """How far a message has come."""

    DELIVERED = 1
    READ = 2


@dataclass(frozen=True, slots=True)
class Text:
    """Something a person wrote: at most 65,536 bytes of UTF-8."""

    text: Annotated[str, TextShape(MAX_TEXT_BYTES)]


@dataclass(frozen=True, slots=True)
class Receipt:
    """These messages reached the device, or were read. Never answered itself."""

    status: Annotated[ReceiptStatus, Choice(ReceiptStatus)]
    ids: Annotated[tuple[MessageIdBytes, ...], Many(MAX_RECEIPT_IDS, least=1)]


@dataclass(frozen=True, slots=True)
class ProfileKeyTold:
    """The sender's profile key from now on: permission to write to them without a name."""

    key: Annotated[ProfileKey, ProfileKeyShape()]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A kind or version of a newer program, kept whole: ``raw`` is all of the content."""

    version: int
    kind: int
    raw: bytes


Known = Text | Receipt | ProfileKeyTold | RetryRequest
Body = Known | Unknown


@dataclass(frozen=True, slots=True)
class Content:
    """One message.

    Args:
        message_id: kept when the message is sent again.
        counter: the sender's, from 1 in each conversation; 0 for what is not
            counted.
        sent_at_ms: by the sender's clock, which proves nothing.
    """

    message_id: MessageId
    counter: int
    sent_at_ms: int
    body: Body


@dataclass(frozen=True, slots=True)
class _Head:
    version: U8
    kind: U8
    message_id: MessageIdBytes
    counter: U64
    sent_at_ms: U64


_HEAD_FIELDS = 5
_BODIES: Final[dict[ContentKind, type[Known]]] = {
    ContentKind.TEXT: Text,
    ContentKind.RECEIPT: Receipt,
    ContentKind.PROFILE_KEY: ProfileKeyTold,
    ContentKind.RETRY_REQUEST: RetryRequest,
}
_KINDS: Final = {cls: kind for kind, cls in _BODIES.items()}
_COUNTED: Final = frozenset({ContentKind.TEXT})


def encode_content(content: Content) -> bytes:
    """Give the bytes to encrypt.

    Raises:
        TooLong: the text is over MAX_TEXT_BYTES of UTF-8.
        NotUnicode: the text holds a lone surrogate.
        InvalidContent: the counter does not fit the kind, or a receipt names
            no message or more than MAX_RECEIPT_IDS.
    """
    body = content.body
    if isinstance(body, Unknown):
        return body.raw
    kind = _KINDS[type(body)]
    if not _counter_fits(kind, content.counter):
        raise InvalidContent("its counter does not fit its kind")
    if isinstance(body, Text):
        _require_sendable(body.text)
    elif isinstance(body, Receipt) and not 1 <= len(body.ids) <= MAX_RECEIPT_IDS:
        raise InvalidContent("a receipt names 1 to 200 messages")
    head = _Head(CONTENT_VERSION, kind, content.message_id, content.counter, content.sent_at_ms)
    return pack_value([*record_of(_Head).pack(head), record_of(type(body)).pack(body)])


def decode_content_untrusted(data: bytes) -> Content:
    """Read decrypted content. Who wrote it is proven, what it says is not.

    Raises:
        WireError: it has not the six places, or a known body is malformed.
    Cost: linear in the size.
    """
    plain = unpack_value_untrusted(data, MAX_ENVELOPE_BYTES)
    if type(plain) is not list or len(plain) != _HEAD_FIELDS + 1:
        raise WireError("content is an array of six")
    head: _Head = record_of(_Head).unpack(plain[:_HEAD_FIELDS])
    body = _body_untrusted(head, plain[_HEAD_FIELDS], data)
    require_canonical(data, pack_value(plain))
    return Content(head.message_id, head.counter, head.sent_at_ms, body)


def _body_untrusted(head: _Head, plain: Any, data: bytes) -> Body:
    if head.version != CONTENT_VERSION or head.kind not in tuple(ContentKind):
        require_plain(plain)
        return Unknown(head.version, head.kind, data)
    kind = ContentKind(head.kind)
    if not _counter_fits(kind, head.counter):
        raise WireError("a counter that does not fit the kind of content")
    body: Body = record_of(_BODIES[kind]).unpack(plain)
    return body


def _counter_fits(kind: ContentKind, counter: int) -> bool:
    """Counted kinds count from 1, the others carry 0."""
    return (counter > 0) == (kind in _COUNTED)


def _require_sendable(text: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise NotUnicode from error
    if size > MAX_TEXT_BYTES:
        raise TooLong("text", size, MAX_TEXT_BYTES)
