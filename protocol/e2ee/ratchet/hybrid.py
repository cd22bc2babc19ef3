"""What a root step mixes in besides Diffie-Hellman: the parts of a KEM exchange.

    we attach a key to our chain ──▶ the peer answers in its next chain
         keep the seed                     └ receiving step: decapsulate, mix, forget the seed

    the peer attached a key ──▶ we answer in our next chain
                                    └ sending step: encapsulate, mix

All three public parts are hashed into the step, present or not, so that nobody
can strip or swap them unnoticed. When a key is due, ``since_mix`` tells.

Spec: docs/protocol.md#hybrid-steps
"""

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from protocol.e2ee.kem import KemSecret, decapsulate, encapsulate, require_kem_public
from protocol.e2ee.ratchet.chain import ReceivingChain, SendingChain
from protocol.e2ee.ratchet.kem_fields import KemFields
from protocol.errors import KemFieldsRefused
from protocol.labels import Label


@dataclass(frozen=True, slots=True)
class KemParts:
    """The KEM side of one root step; an absent part is empty.

    ``ciphertext`` and ``attached_key`` stand in the headers of the chain that
    the step creates; ``used_key`` is the one the ciphertext was made for.
    """

    used_key: bytes = b""
    ciphertext: bytes = b""
    attached_key: bytes = b""
    secret: KemSecret | None = None

    @property
    def fields(self) -> KemFields:
        """What the headers of the new chain carry."""
        return KemFields(self.attached_key, self.ciphertext)

    def attaching(self, key: bytes) -> "KemParts":
        """Give these parts with a key of ours attached."""
        return replace(self, attached_key=key)

    def info(self) -> bytes:
        """Give the HKDF ``info`` of the step: its label and a hash of the public parts."""
        label = Label.RATCHET_ROOT if self.secret is None else Label.RATCHET_ROOT_HYBRID
        public = self.used_key + self.ciphertext + self.attached_key
        return label.value + sha256(public).digest()


CLASSICAL: Final = KemParts()
"""A step with nothing but Diffie-Hellman."""


def answering_parts(receiving: ReceivingChain | None) -> KemParts:
    """Give what our sending step mixes in: an answer to the peer's key, if there is one.

    The KEM ciphertext comes from the library's own randomness.

    Args:
        receiving: the chain that the step answers.
    Cost: with an answer about 80 us.
    """
    if receiving is None or not receiving.kem.attached_key:
        return CLASSICAL
    used_key = receiving.kem.attached_key
    ciphertext, secret = encapsulate(used_key)
    return KemParts(used_key, ciphertext, secret=secret)


def receiving_parts(sending: SendingChain | None, fields: KemFields) -> KemParts:
    """Give what a receiving step mixes in: the secret that answers our attached key.

    Args:
        sending: the chain that the peer's new one answers.
        fields: of the new chain, not authenticated.

    Raises:
        KemFieldsRefused: our key has no answer, or there is one without a key.
        BadPublicKey: the newly attached key is unusable; it is refused now,
            because a sending step that must answer it could not.
    Cost: about 40 us with a key, 400 us with a ciphertext.
    """
    if fields.attached_key:
        require_kem_public(fields.attached_key)
    if sending is None or sending.kem_seed is None:
        if fields.ciphertext:
            raise KemFieldsRefused("an answer, but no key was attached")
        return KemParts(attached_key=fields.attached_key)
    if not fields.ciphertext:
        raise KemFieldsRefused("the attached key is not answered")
    secret = decapsulate(sending.kem_seed, fields.ciphertext)
    return KemParts(sending.kem.attached_key, fields.ciphertext, fields.attached_key, secret)
