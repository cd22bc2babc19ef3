"""Retry requests: asking the sender for a message that did not open here.

    Bob                                            Alice
     message does not open: a visible gap
     retry request ─── on a session he trusts ───▶ digest ─▶ which message that was
     the gap is filled ◀── the same content, encrypted anew ─ not receipted, not deleted

A request names the message by what could be read of it without its key. Which
messages may be asked for, how often, and what is sent again, is the client's
business.

Spec: docs/protocol.md#retry-requests
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from protocol.e2ee.session import peek_untrusted
from protocol.encoding import encode_fields
from protocol.ids import IDENTIFIER_BYTES, EnvelopeId, MessageId, SessionId
from protocol.labels import Label
from protocol.packing import U32, Binary, Key32

_SessionIdBytes = Annotated[SessionId, Binary(IDENTIFIER_BYTES, IDENTIFIER_BYTES)]


@dataclass(frozen=True, slots=True)
class RetryRequest:
    """A message of yours did not open here: send it again. Never answered by a receipt.

    Args:
        session_id: the session it names; give that one up for sending.
        ratchet_key: of its header, 32 bytes.
        index: of its header.
        digest: SHA-256 of the ratchet message: it alone decides what is asked for.
    """

    session_id: _SessionIdBytes
    ratchet_key: Key32
    index: U32
    digest: Key32


def message_digest(ratchet_message: bytes) -> bytes:
    """Give the name by which both sides know a ratchet message: its SHA-256."""
    return sha256(ratchet_message).digest()


def retry_request_for_untrusted(ratchet_message: bytes) -> RetryRequest:
    """Ask for ``ratchet_message``, which did not open.

    Raises:
        WireError, UnsupportedVersion: it is no ratchet message of version 1.
    """
    header = peek_untrusted(ratchet_message)
    digest = message_digest(ratchet_message)
    return RetryRequest(header.session_id, header.ratchet_key, header.index, digest)


def answer_envelope_id(request_id: MessageId, digest: bytes) -> EnvelopeId:
    """Give the id of the envelope that answers a request.

    Only the two sides know the request, so to the relay it looks drawn like
    any other; to the asking side it tells which gap the answer fills.

    Args:
        request_id: the message id of the request.
        digest: of the message that was asked for.
    """
    fields = encode_fields(Label.RETRY_ANSWER, request_id, digest)
    return EnvelopeId(sha256(fields).digest()[:IDENTIFIER_BYTES])
