"""The sender's tag: a sealed payload was made by whom it names, or by its recipient.

    sender's identity ─┐                             both addresses, kind, ratchet message
                       ├─ X25519 ─▶ HKDF ─▶ tag key ─────────────────▶ HMAC ─▶ 16 bytes
 recipient's identity ─┘

Anybody may seal an envelope for anybody. When its message opens, the session
proves the sender; when it does not, nothing else would: the tag keeps strangers
from leaving gaps in a conversation of two others.

It is no signature. The recipient could make each tag itself, so a tag convinces
nobody else. It is classical: a quantum computer can forge it, and gains gaps.
Which identity a sender is to have is left to the trust rules.

Spec: docs/protocol.md#sender-tag
"""

import hmac
from dataclasses import dataclass

from protocol.e2ee.curve import CurvePrivateKey, dh, identity_to_curve_public
from protocol.e2ee.identity import LocalDevice
from protocol.e2ee.kdf import hkdf
from protocol.e2ee.sealed_payload import TAG_BYTES, PayloadKind, SealedPayload
from protocol.encoding import encode_fields, u32
from protocol.errors import WrongSenderTag
from protocol.ids import DeviceAddress
from protocol.labels import Label
from protocol.secret import Secret

_SALT = bytes(32)


class SenderTagKey(Secret):
    """Makes the tags of one device's messages to another; computed anew each time."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Correspondent:
    """A device as the other side knows it: an address, and the identity it is taken to have."""

    address: DeviceAddress
    identity: bytes


def tagged_payload(ours: LocalDevice, to: Correspondent, message: bytes) -> SealedPayload:
    """Give the payload in which this device sends a ratchet message to ``to``.

    Raises:
        BadPublicKey: the identity of ``to`` is not usable.
    Cost: about 0.15 ms, like the check.
    """
    us, kind = _public(ours), PayloadKind.RATCHET_MESSAGE
    key = _tag_key(ours.identity.curve_private(), to.identity, sender=us, recipient=to)
    tag = _tag(key, us.address, to.address, kind, message)
    return SealedPayload(us.address, kind, tag, message)


def require_sender(payload: SealedPayload, ours: LocalDevice, identity: bytes) -> None:
    """Check that the tag is the named sender's, whose key ``identity`` is supposed to be.

    Args:
        identity: 32-byte Ed25519 key, of any origin.

    Raises:
        WrongSenderTag: somebody else made it, or for somebody else.
        BadPublicKey: ``identity`` is not usable.
    """
    sender, us = Correspondent(payload.sender, identity), _public(ours)
    key = _tag_key(ours.identity.curve_private(), identity, sender=sender, recipient=us)
    right = _tag(key, sender.address, us.address, payload.kind, payload.body)
    if not hmac.compare_digest(right, payload.tag):
        raise WrongSenderTag


def _public(ours: LocalDevice) -> Correspondent:
    return Correspondent(ours.address, ours.identity.public)


def _tag_key(
    private: CurvePrivateKey,
    their_identity: bytes,
    *,
    sender: Correspondent,
    recipient: Correspondent,
) -> SenderTagKey:
    """Agree on the key of one direction: a tag cannot be turned back on who made it."""
    agreement = dh(private, identity_to_curve_public(their_identity))
    info = encode_fields(Label.SENDER_TAG_KEY, *_fields(sender), *_fields(recipient))
    return SenderTagKey(hkdf(_SALT, agreement.expose(), info, 32))


def _fields(side: Correspondent) -> tuple[bytes, bytes, bytes]:
    return side.address.name.encode(), u32(side.address.device), side.identity


def _tag(
    key: SenderTagKey,
    sender: DeviceAddress,
    recipient: DeviceAddress,
    kind: PayloadKind,
    message: bytes,
) -> bytes:
    covered = encode_fields(
        Label.SENDER_TAG,
        recipient.name.encode(),
        u32(recipient.device),
        sender.name.encode(),
        u32(sender.device),
        bytes([kind]),
        message,
    )
    return hmac.digest(key.expose(), covered, "sha256")[:TAG_BYTES]
