"""The transcript: everything public that the two sides of a handshake must agree on.

Keys and messages are bound to its hash, so a relay that shows the sides
different values ends up with two sides that cannot talk.

Spec: docs/protocol.md#handshake
"""

from dataclasses import dataclass
from hashlib import sha256

from protocol.encoding import encode_fields, u32
from protocol.ids import DeviceAddress
from protocol.labels import SUITE, Label


@dataclass(frozen=True, slots=True)
class Transcript:
    """The public values of one handshake, as one side saw them."""

    initiator: DeviceAddress
    responder: DeviceAddress
    initiator_identity: bytes
    responder_identity: bytes
    ephemeral_key: bytes
    signed_prekey_id: int
    signed_prekey: bytes
    one_time_key: bytes | None
    kem_id: int
    kem_key: bytes
    kem_ciphertext: bytes

    def digest(self) -> bytes:
        """Give SHA-256 of the injective encoding of all fields."""
        return sha256(encode_fields(Label.HANDSHAKE_TRANSCRIPT, SUITE, *self._fields())).digest()

    def _fields(self) -> tuple[bytes, ...]:
        one_time = self.one_time_key
        return (
            self.initiator.name.encode(),
            u32(self.initiator.device),
            self.responder.name.encode(),
            u32(self.responder.device),
            self.initiator_identity,
            self.responder_identity,
            self.ephemeral_key,
            u32(self.signed_prekey_id),
            self.signed_prekey,
            b"" if one_time is None else u32(self.kem_id),
            b"" if one_time is None else one_time,
            u32(self.kem_id),
            self.kem_key,
            self.kem_ciphertext,
        )
