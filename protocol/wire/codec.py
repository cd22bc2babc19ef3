"""Messages to bytes and back: ``[tag, request id, fields...]``.

Spec: docs/protocol.md#wire
"""

from typing import Any, Final, get_args

from protocol.errors import WireError
from protocol.limits import MAX_FRAME_BYTES
from protocol.packing import (
    Record,
    pack_value,
    record_of,
    require_canonical,
    unpack_value_untrusted,
)
from protocol.wire.messages import Message

MESSAGES: Final[dict[int, type[Any]]] = {cls.TAG: cls for cls in get_args(Message)}

_RECORDS: Final[dict[int, Record]] = {tag: record_of(cls) for tag, cls in MESSAGES.items()}

_MAX_REQUEST_ID: Final = (1 << 32) - 1


def encode(message: Message, request_id: int) -> bytes:
    """Encode ``message``; ``request_id`` is 0 for a push, else 1 to 2^32-1."""
    fields = _RECORDS[message.TAG].pack(message)
    return pack_value([message.TAG, request_id, *fields])


def decode_untrusted(data: bytes) -> tuple[int, Message]:
    """Decode the body of one frame.

    Returns:
        The request id and the message.

    Raises:
        WireError: unknown tag; wrong size, shape, type, range or encoding.
    Cost: linear in the size, at most MAX_FRAME_BYTES.
    """
    plain = unpack_value_untrusted(data, MAX_FRAME_BYTES)
    if type(plain) is not list or len(plain) < 2:
        raise WireError("a message is an array of a tag, a request id and fields")
    tag, request_id, *fields = plain
    if type(tag) is not int or tag not in _RECORDS:
        raise WireError("unknown message tag")
    if type(request_id) is not int or not 0 <= request_id <= _MAX_REQUEST_ID:
        raise WireError("a request id is a u32")
    message: Message = _RECORDS[tag].unpack(fields)
    require_canonical(data, encode(message, request_id))
    return request_id, message
