"""Sealed sender: the relay sees for whom a message is, not from whom.

The envelope is all that the relay stores:

    offset  size
         0     1  version = 1
         1     4  sealing key id
         5  1120  HPKE encapsulated key (ML-KEM-768 ciphertext 1,088, X25519 32)
      1125  m+16  sealed padded payload and tag

Opening proves nothing about the sender: anyone may seal for anyone. The tag inside
(:mod:`protocol.e2ee.sender_tag`) has to be checked against the identity pinned for
that name; what proves the message is the session that opens it.

Spec: docs/protocol.md#sealed-envelope, RFC 9180
"""

import struct
from typing import Final

from protocol.e2ee.hpke import SEAL_OVERHEAD_BYTES, open_sealed_untrusted, seal_to
from protocol.e2ee.padding import Padding, pad, unpad_untrusted
from protocol.e2ee.prekey_secrets import SealingPrivateKey
from protocol.e2ee.sealed_payload import SealedPayload
from protocol.encoding import encode_fields, u32
from protocol.errors import TooLong, UnsupportedVersion, WireError
from protocol.ids import DeviceAddress
from protocol.labels import Label
from protocol.limits import MAX_ENVELOPE_BYTES
from protocol.records import SignedSealingKey

ENVELOPE_VERSION: Final = 1

_ENVELOPE = struct.Struct(">BI")


def seal(
    payload: SealedPayload,
    recipient: DeviceAddress,
    recipient_identity: bytes,
    sealing_key: SignedSealingKey,
    padding: Padding,
) -> bytes:
    """Seal ``payload`` so that only ``recipient`` learns its sender.

    The library draws the randomness itself.

    Args:
        recipient_identity: 32-byte Ed25519 key; an envelope for another
            identity under the same name does not open.
        sealing_key: verified before.

    Returns:
        The envelope, all that the relay stores.

    Raises:
        BadPublicKey: the sealing key is not usable.
        TooLong: the envelope would be over MAX_ENVELOPE_BYTES.
    """
    plaintext = pad(payload.encode(), padding)
    info = _info(recipient, recipient_identity, sealing_key.key_id)
    sealed = seal_to(sealing_key.key, plaintext, info)
    envelope = _ENVELOPE.pack(ENVELOPE_VERSION, sealing_key.key_id) + sealed
    if len(envelope) > MAX_ENVELOPE_BYTES:
        raise TooLong("envelope", len(envelope), MAX_ENVELOPE_BYTES)
    return envelope


def sealing_key_id_untrusted(envelope: bytes) -> int:
    """Read which sealing key opens ``envelope``.

    Raises:
        WireError: too short or too long to be an envelope.
        UnsupportedVersion: the version is not 1.
    """
    least = _ENVELOPE.size + SEAL_OVERHEAD_BYTES
    if not least <= len(envelope) <= MAX_ENVELOPE_BYTES:
        raise WireError("not the size of an envelope")
    version, key_id = _ENVELOPE.unpack_from(envelope)
    if version != ENVELOPE_VERSION:
        raise UnsupportedVersion("envelope", version)
    return int(key_id)


def open_envelope_untrusted(
    envelope: bytes, ours: DeviceAddress, our_identity: bytes, key: SealingPrivateKey
) -> SealedPayload:
    """Open an envelope for this device.

    Args:
        key: the one :func:`sealing_key_id_untrusted` names.

    Raises:
        DecryptionFailed: it was changed, or sealed for another device,
            identity or key.
        WireError: what it holds does not parse.
        UnsupportedVersion: a newer envelope or payload.
    Cost: one decapsulation and one X25519 operation, about 300 us.
    """
    key_id = sealing_key_id_untrusted(envelope)
    sealed = envelope[_ENVELOPE.size :]
    info = _info(ours, our_identity, key_id)
    plaintext = open_sealed_untrusted(sealed, key, info, "envelope")
    return SealedPayload.decode_untrusted(unpad_untrusted(plaintext))


def _info(recipient: DeviceAddress, identity: bytes, key_id: int) -> bytes:
    return encode_fields(
        Label.SEALED_SENDER,
        recipient.name.encode(),
        u32(recipient.device),
        identity,
        u32(key_id),
    )
