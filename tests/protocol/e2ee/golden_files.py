"""The golden files: bytes that must never change, for a second implementation to read.

All values are hex. What our code computes alone (prekeys, ratchet messages,
stored sessions) is built here and compared whole. What a library draws its own
randomness for (KEM ciphertexts, envelopes) stands in the file once and for all,
and is only opened.

    python -m tests.protocol.e2ee.golden_files      writes the files anew

A change of a golden file is a change of the protocol.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from protocol.e2ee.content import Content, Receipt, ReceiptStatus, Text, encode_content
from protocol.e2ee.handshake import initiate
from protocol.e2ee.kem import kem_public_of, make_kem_seed
from protocol.e2ee.padding import Padding
from protocol.e2ee.prekey_secrets import OneTimePrivate
from protocol.e2ee.ratchet.hybrid import answering_parts
from protocol.e2ee.ratchet.root import RootKey
from protocol.e2ee.ratchet.state import initiator_state, responder_state
from protocol.e2ee.safety_number import safety_number
from protocol.e2ee.sealed import seal
from protocol.e2ee.session import Role, Session, decrypt, encrypt
from protocol.e2ee.stored import pack_session
from protocol.ids import MessageId, SessionId
from protocol.packing import pack
from tests.protocol.e2ee.hybrid_sides import attached, begin_chain
from tests.protocol.e2ee.parties import NOW_MS, Party, party
from tests.support.randomness import SeededBytes

FOLDER = Path(__file__).parent / "golden"
ALICE, BOB = party("alice"), party("bob")

Golden = dict[str, Any]


def load(name: str) -> Golden:
    """Read a golden file."""
    content: Golden = json.loads((FOLDER / name).read_text())
    return content


def prekeys() -> Golden:
    """Bob's private keys, and the records signed with them."""
    return {
        **_private_keys(BOB),
        "signed_prekey": pack(BOB.signed_prekey).hex(),
        "one_time_pair": pack(BOB.one_time).hex(),
        "last_resort": pack(BOB.last_resort).hex(),
        "sealing_key": pack(BOB.sealing_key).hex(),
        "bundle": pack(BOB.bundle()).hex(),
    }


def ratchet() -> Golden:
    """A conversation with a message skipped, from a fixed shared secret."""
    secret, associated_data = bytes(range(32)), bytes(range(32, 64))
    alice = _session(ALICE, BOB, secret, associated_data, Role.INITIATOR)
    bob = _session(BOB, ALICE, secret, associated_data, Role.RESPONDER)
    random_bytes = SeededBytes("golden ratchet")
    messages = []
    for sender, text, arrives in (
        ("alice", b"one", True),
        ("alice", b"lost", False),
        ("alice", b"three", True),
        ("bob", b"four", True),
        ("bob", b"", True),
        ("alice", b"six", True),
    ):
        if sender == "alice":
            alice, message = encrypt(alice, text, random_bytes)
            bob = decrypt(bob, message, NOW_MS)[0] if arrives else bob
        else:
            bob, message = encrypt(bob, text, random_bytes)
            alice = decrypt(alice, message, NOW_MS)[0] if arrives else alice
        messages.append({"sender": sender, "text": text.hex(), "message": message.hex()})
    return {
        "shared_secret": secret.hex(),
        "associated_data": associated_data.hex(),
        "signed_prekey_private": BOB.signed_private.expose().hex(),
        "messages": messages,
        "alice_stored": pack_session(alice).hex(),
        "bob_stored": pack_session(bob).hex(),
    }


def content() -> Golden:
    """One of each kind of content, and a safety number."""
    message_id = MessageId(bytes(range(16)))
    text = Content(message_id, 1, NOW_MS, Text("Grüße 🦉"))
    receipt = Content(message_id, 0, NOW_MS, Receipt(ReceiptStatus.READ, (message_id,)))
    alice, bob = ALICE.identity.public, BOB.identity.public
    return {
        "text": encode_content(text).hex(),
        "receipt": encode_content(receipt).hex(),
        "alice_identity": alice.hex(),
        "bob_identity": bob.hex(),
        "safety_number": safety_number("alice", alice, "bob", bob),
    }


def handshake() -> Golden:
    """Two handshakes from Alice to Bob: with a one-time pair, and with the last resort."""
    cases = {}
    for name, one_time in (("one_time", True), ("last_resort", False)):
        bundle = BOB.bundle(one_time=one_time)
        header, result = initiate(ALICE.device, BOB.address, bundle, SeededBytes("golden"))
        cases[name] = {
            "header": header.encode().hex(),
            "shared_secret": result.shared_secret.expose().hex(),
            "associated_data": result.associated_data.hex(),
            "session_id": result.session_id.hex(),
        }
    return {**_private_keys(BOB), **cases}


def envelope() -> Golden:
    """An envelope from Alice to Bob with each padding; the sender's tag is in the payload."""
    payload = ALICE.payload_to(BOB, b"a ratchet message")
    envelopes = {
        padding.value: seal(
            payload, BOB.address, BOB.identity.public, BOB.sealing_key, padding
        ).hex()
        for padding in Padding
    }
    return {
        **_private_keys(BOB),
        "sender_identity": ALICE.identity.public.hex(),
        "payload": payload.encode().hex(),
        "envelopes": envelopes,
    }


def hybrid() -> Golden:
    """A hybrid step seen from the side that attached the key: two answers, one attaches as well."""
    random_bytes = SeededBytes("golden hybrid")
    alice, bob, question = attached(random_bytes)
    bob, _ = decrypt(bob, question, NOW_MS)
    next_key = kem_public_of(make_kem_seed(random_bytes))
    parts = answering_parts(bob.ratchet.receiving)
    answers = {
        "answer": begin_chain(bob, parts, random_bytes),
        "answer_and_key": begin_chain(bob, parts.attaching(next_key), random_bytes),
    }
    sending, private = alice.ratchet.sending, alice.ratchet.our_private
    assert sending is not None
    assert sending.kem_seed is not None
    assert private is not None
    return {
        "associated_data": alice.associated_data.hex(),
        "root": alice.ratchet.root.expose().hex(),
        "ratchet_private": private.expose().hex(),
        "kem_seed": sending.kem_seed.expose().hex(),
        "attached_key": sending.kem.attached_key.hex(),
        "stored": pack_session(alice).hex(),
        **{name: _answer(session, random_bytes) for name, session in answers.items()},
    }


def _answer(session: Session, random_bytes: SeededBytes) -> Golden:
    """Encrypt on a chain that has just begun; ``root`` and ``chain`` are what its step gave."""
    sending = session.ratchet.sending
    assert sending is not None
    text = "Grüße 🦉".encode()
    return {
        "text": text.hex(),
        "message": encrypt(session, text, random_bytes)[1].hex(),
        "root": session.ratchet.root.expose().hex(),
        "chain": sending.key.expose().hex(),
    }


COMPUTED: dict[str, Callable[[], Golden]] = {
    "prekeys.json": prekeys,
    "ratchet.json": ratchet,
    "content.json": content,
}
OPENED: dict[str, Callable[[], Golden]] = {
    "handshake.json": handshake,
    "envelope.json": envelope,
    "hybrid.json": hybrid,
}


def _private_keys(owner: Party) -> Golden:
    one_time: OneTimePrivate = owner.one_time_private
    return {
        "name": owner.address.name,
        "identity_seed": owner.identity.private.expose().hex(),
        "signed_prekey_private": owner.signed_private.expose().hex(),
        "last_resort_seed": owner.last_resort_private.expose().hex(),
        "one_time_private": one_time.curve.expose().hex(),
        "one_time_seed": one_time.kem.expose().hex(),
        "sealing_private": owner.sealing_private.to_bytes().hex(),
    }


def _session(
    ours: Party, peer: Party, secret: bytes, associated_data: bytes, role: Role
) -> Session:
    root = RootKey(secret)
    return Session(
        session_id=SessionId(associated_data[:16]),
        peer=peer.address,
        peer_identity=peer.identity.public,
        our_role=role,
        associated_data=associated_data,
        ratchet=initiator_state(root, peer.signed_prekey.key)
        if role is Role.INITIATOR
        else responder_state(root, ours.signed_private),
    )


def _write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, build in {**COMPUTED, **OPENED}.items():
        (FOLDER / name).write_text(json.dumps(build(), indent=1) + "\n")


if __name__ == "__main__":
    _write()
