"""P9: the Diffie-Hellman part of the handshake agrees with PyPI ``X3DH``, in both directions."""

import asyncio
from dataclasses import replace

import pytest
import x3dh
import xeddsa
from x3dh.identity_key_pair import IdentityKeyPairSeed

from protocol.e2ee.curve import curve_public_of, make_curve_pair
from protocol.e2ee.handshake import (
    derive_shared_secret,
    initiator_agreements,
    key_material,
    responder_agreements,
)
from protocol.e2ee.handshake_header import HandshakeHeader, KemKind
from tests.protocol.e2ee.parties import party
from tests.support.randomness import SeededBytes

INFO = b"a label of this test"
ALICE, BOB = party("alice"), party("bob")


class TheirState(x3dh.BaseState):
    """X3DH with raw keys; its signature is over the bare key, so ours is made that way here."""

    @staticmethod
    def _encode_public_key(key_format: x3dh.IdentityKeyFormat, pub: bytes) -> bytes:
        return pub


def _their_state(seed: bytes) -> TheirState:
    state = TheirState.create(
        identity_key_format=x3dh.IdentityKeyFormat.ED_25519,
        hash_function=x3dh.HashFunction.SHA_256,
        info=INFO,
        identity_key_pair=IdentityKeyPairSeed(seed),
    )
    state.generate_pre_keys(1)
    return state


@pytest.mark.parametrize("one_time", [True, False])
def test_p9_we_begin_and_x3dh_answers(one_time: bool) -> None:
    theirs = _their_state(b"b" * 32)
    their_bundle = theirs.bundle
    (pre_key,) = their_bundle.pre_keys
    bundle = replace(
        BOB.bundle(),
        identity=their_bundle.identity_key,
        signed_prekey=replace(BOB.signed_prekey, key=their_bundle.signed_pre_key),
        one_time_key=pre_key if one_time else None,
    )
    ephemeral = make_curve_pair(SeededBytes("ephemeral"))
    agreements = initiator_agreements(ALICE.device, ephemeral, bundle)
    header = x3dh.Header(
        identity_key=ALICE.identity.public,
        ephemeral_key=ephemeral.public,
        signed_pre_key=their_bundle.signed_pre_key,
        pre_key=pre_key if one_time else None,
    )
    their_secret, _, _ = asyncio.run(
        theirs.get_shared_secret_passive(header, require_pre_key=one_time)
    )
    ours = derive_shared_secret(key_material(agreements, None), INFO)
    assert ours.expose() == their_secret
    assert len(agreements) == (4 if one_time else 3)


@pytest.mark.parametrize("one_time", [True, False])
def test_p9_x3dh_begins_and_we_answer(one_time: bool) -> None:
    theirs = _their_state(b"a" * 32)
    prekeys = BOB.prekeys(one_time=one_time)
    signed_public = curve_public_of(prekeys.signed_prekey)
    one_time_public = BOB.one_time.curve_key
    bundle = x3dh.Bundle(
        identity_key=BOB.identity.public,
        signed_pre_key=signed_public,
        signed_pre_key_sig=xeddsa.ed25519_seed_sign(BOB.identity.private.expose(), signed_public),
        pre_keys=frozenset([one_time_public] if one_time else []),
    )
    their_secret, _, their_header = asyncio.run(
        theirs.get_shared_secret_active(bundle, require_pre_key=one_time)
    )
    header = HandshakeHeader(
        identity=their_header.identity_key,
        ephemeral_key=their_header.ephemeral_key,
        signed_prekey_id=0,
        kem_kind=KemKind.ONE_TIME if one_time else KemKind.LAST_RESORT,
        kem_id=0,
        kem_ciphertext=bytes(1_088),
    )
    agreements = responder_agreements(BOB.device, header, prekeys)
    ours = derive_shared_secret(key_material(agreements, None), INFO)
    assert ours.expose() == their_secret
    assert their_header.pre_key == (one_time_public if one_time else None)
