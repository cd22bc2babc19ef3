"""PQXDH: a first shared secret with a device that sleeps.

    Alice, initiator                       the relay                Bob, responder
                                           bundle  ◀──────────────  prekeys, signed
    initiate(bundle) ◀───────────────────  bundle
        └ header, shared secret
                     ──── header + first ratchet message ────────▶  respond(header)
                                                                       └ shared secret

Classical and post-quantum secrets go into one key, so that breaking it takes
breaking both. Everything either side saw is hashed into a transcript, which the
key and every message are bound to: two sides with different views get
different keys. Whose identities these should be is left to the trust rules.

Spec: docs/protocol.md#handshake
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from protocol.e2ee.curve import (
    CurveKeyPair,
    CurvePrivateKey,
    DhSecret,
    curve_public_of,
    dh,
    identity_to_curve_public,
    make_curve_pair,
)
from protocol.e2ee.handshake_header import HandshakeHeader, KemKind
from protocol.e2ee.identity import LocalDevice
from protocol.e2ee.kem import KemSecret, KemSeed, decapsulate, encapsulate, kem_public_of
from protocol.e2ee.transcript import Transcript
from protocol.errors import HandshakeRefused
from protocol.ids import IDENTIFIER_BYTES, DeviceAddress, SessionId
from protocol.kdf import hkdf
from protocol.labels import Label
from protocol.randomness import RandomBytes
from protocol.records import PrekeyBundle
from protocol.secret import Secret

_SALT = bytes(32)
_CURVE_PADDING = b"\xff" * 32
"""X3DH puts this in front, where XEdDSA would hash something else."""


class HandshakeSecret(Secret):
    """What a handshake agrees on: the first root key."""

    __slots__ = ()


class KeyMaterial(Secret):
    """All secrets of a handshake in a row, before the KDF."""

    __slots__ = ()
    SIZE: ClassVar[int | None] = None


@dataclass(frozen=True, slots=True)
class HandshakePrekeys:
    """The responder's private prekeys that a handshake header names."""

    signed_prekey: CurvePrivateKey
    kem: KemSeed
    one_time_key: CurvePrivateKey | None


@dataclass(frozen=True, slots=True)
class HandshakeResult:
    """What both sides have after a handshake.

    ``associated_data`` is the transcript hash; each message authenticates it.
    """

    shared_secret: HandshakeSecret
    associated_data: bytes
    session_id: SessionId


def initiate(
    ours: LocalDevice, peer: DeviceAddress, bundle: PrekeyBundle, random_bytes: RandomBytes
) -> tuple[HandshakeHeader, HandshakeResult]:
    """Agree on a secret with ``peer`` from its bundle alone.

    The KEM ciphertext comes from the library's own randomness.

    Args:
        bundle: verified before, see :func:`protocol.e2ee.prekeys.verify_bundle`.

    Returns:
        What the responder needs, and what it will come to.

    Raises:
        BadPublicKey: a key in the bundle is not usable.
    """
    ephemeral = make_curve_pair(random_bytes)
    kem_ciphertext, kem_secret = encapsulate(bundle.kem.key)
    transcript = Transcript(
        initiator=ours.address,
        responder=peer,
        initiator_identity=ours.identity.public,
        responder_identity=bundle.identity,
        ephemeral_key=ephemeral.public,
        signed_prekey_id=bundle.signed_prekey.key_id,
        signed_prekey=bundle.signed_prekey.key,
        one_time_key=bundle.one_time_key,
        kem_id=bundle.kem.key_id,
        kem_key=bundle.kem.key,
        kem_ciphertext=kem_ciphertext,
    )
    agreements = initiator_agreements(ours, ephemeral, bundle)
    return _header_of(transcript), _conclude(transcript, agreements, kem_secret)


def respond(
    ours: LocalDevice, peer: DeviceAddress, header: HandshakeHeader, prekeys: HandshakePrekeys
) -> HandshakeResult:
    """Come to the secret that ``header`` was made with.

    Nothing is proven yet: the secret is right if a message opens under it.

    Args:
        peer: the initiator as the sealed payload names it.
        header: not authenticated.
        prekeys: those the header names.

    Raises:
        HandshakeRefused: the header's KEM kind does not fit ``prekeys``.
        BadPublicKey: a key in the header is not usable.
    """
    if (header.kem_kind is KemKind.ONE_TIME) != (prekeys.one_time_key is not None):
        raise HandshakeRefused("its kind of KEM prekey and the prekeys do not fit")
    one_time = prekeys.one_time_key
    transcript = Transcript(
        initiator=peer,
        responder=ours.address,
        initiator_identity=header.identity,
        responder_identity=ours.identity.public,
        ephemeral_key=header.ephemeral_key,
        signed_prekey_id=header.signed_prekey_id,
        signed_prekey=curve_public_of(prekeys.signed_prekey),
        one_time_key=None if one_time is None else curve_public_of(one_time),
        kem_id=header.kem_id,
        kem_key=kem_public_of(prekeys.kem),
        kem_ciphertext=header.kem_ciphertext,
    )
    agreements = responder_agreements(ours, header, prekeys)
    return _conclude(transcript, agreements, decapsulate(prekeys.kem, header.kem_ciphertext))


def initiator_agreements(
    ours: LocalDevice, ephemeral: CurveKeyPair, bundle: PrekeyBundle
) -> list[DhSecret]:
    """Give DH1 to DH3 or DH4 of X3DH, as the initiator computes them.

    Raises:
        BadPublicKey: a key in the bundle is not usable.
    """
    signed_prekey = bundle.signed_prekey.key
    agreements = [
        dh(ours.identity.curve_private(), signed_prekey),
        dh(ephemeral.private, identity_to_curve_public(bundle.identity)),
        dh(ephemeral.private, signed_prekey),
    ]
    if bundle.one_time_key is not None:
        agreements.append(dh(ephemeral.private, bundle.one_time_key))
    return agreements


def responder_agreements(
    ours: LocalDevice, header: HandshakeHeader, prekeys: HandshakePrekeys
) -> list[DhSecret]:
    """Give the same secrets as :func:`initiator_agreements`, from the other ends.

    Raises:
        BadPublicKey: a key in the header is not usable.
    """
    agreements = [
        dh(prekeys.signed_prekey, identity_to_curve_public(header.identity)),
        dh(ours.identity.curve_private(), header.ephemeral_key),
        dh(prekeys.signed_prekey, header.ephemeral_key),
    ]
    if prekeys.one_time_key is not None:
        agreements.append(dh(prekeys.one_time_key, header.ephemeral_key))
    return agreements


def key_material(agreements: Sequence[DhSecret], kem_secret: KemSecret | None) -> KeyMaterial:
    """Put the secrets in a row; without a KEM secret it is the row of X3DH."""
    tail = b"" if kem_secret is None else kem_secret.expose()
    return KeyMaterial(_CURVE_PADDING + b"".join(each.expose() for each in agreements) + tail)


def derive_shared_secret(material: KeyMaterial, info: bytes) -> HandshakeSecret:
    """Turn the row of secrets into one key, bound to ``info``."""
    return HandshakeSecret(hkdf(_SALT, material.expose(), info, 32))


def _conclude(
    transcript: Transcript, agreements: Sequence[DhSecret], kem_secret: KemSecret
) -> HandshakeResult:
    digest = transcript.digest()
    secret = derive_shared_secret(
        key_material(agreements, kem_secret), Label.HANDSHAKE.value + digest
    )
    return HandshakeResult(secret, digest, SessionId(digest[:IDENTIFIER_BYTES]))


def _header_of(transcript: Transcript) -> HandshakeHeader:
    return HandshakeHeader(
        identity=transcript.initiator_identity,
        ephemeral_key=transcript.ephemeral_key,
        signed_prekey_id=transcript.signed_prekey_id,
        kem_kind=KemKind.LAST_RESORT if transcript.one_time_key is None else KemKind.ONE_TIME,
        kem_id=transcript.kem_id,
        kem_ciphertext=transcript.kem_ciphertext,
    )
