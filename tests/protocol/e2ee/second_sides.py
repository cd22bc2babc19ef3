"""The product and the second opinion as the two sides of one conversation.

A second opinion is passed as a module, so that a copy with a planted fault fits as well.
"""

from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Protocol

from protocol.e2ee.handshake_header import KemKind
from protocol.e2ee.prekeys import verify_bundle
from protocol.e2ee.session import (
    Session,
    accept_session,
    decrypt,
    encrypt,
    peek_untrusted,
    start_session,
)
from protocol.errors import PeerError
from protocol.packing import pack, unpack_untrusted
from protocol.randomness import RandomBytes
from protocol.records import PrekeyBundle
from tests.protocol.e2ee.parties import NOW_MS, Party, party
from tests.support.randomness import SeededBytes

FIRST = b"first"
REFUSED = b"(refused)"
"""Stands for the plaintext of a message that did not open."""


class Side(Protocol):
    """One side of a conversation, whoever computes it."""

    def send(self, plaintext: bytes) -> bytes:
        """Give the next message."""

    def receive(self, message: bytes, at_ms: int) -> bytes:
        """Open a message that reached the relay then; REFUSED changes nothing."""

    def counted(self) -> Any:
        """Give what this side has counted since the last mix, and the keys it keeps."""


@dataclass
class ProductSide:
    """The product's session."""

    session: Session
    random_bytes: RandomBytes

    def send(self, plaintext: bytes) -> bytes:
        self.session, message = encrypt(self.session, plaintext, self.random_bytes)
        return message

    def receive(self, message: bytes, at_ms: int) -> bytes:
        try:
            self.session, plaintext = decrypt(self.session, message, at_ms)
        except PeerError:
            return REFUSED
        return plaintext

    def counted(self) -> Any:
        state = self.session.ratchet
        kept = [(place.position, each.since_ms) for place, each in state.skipped.entries.items()]
        return tuple(state.since_mix), kept


@dataclass
class SecondSide:
    """The second opinion's session."""

    opinion: ModuleType
    session: Any

    def send(self, plaintext: bytes) -> bytes:
        self.session, message = self.opinion.send(self.session, plaintext)
        return bytes(message)

    def receive(self, message: bytes, at_ms: int) -> bytes:
        try:
            self.session, plaintext = self.opinion.receive(self.session, message, at_ms)
        except self.opinion.Refused:
            return REFUSED
        return bytes(plaintext)

    def counted(self) -> Any:
        state = self.session
        kept = [(index, since) for (_, index), (_, since) in state.skipped.items()]
        return (state.messages, state.mixed_at, state.heard_at), kept


def device_of(opinion: ModuleType, owner: Party) -> Any:
    """Give the second opinion the private keys of ``owner``."""
    one_time, sealing = owner.one_time_private, owner.sealing_private
    private = {
        ("signed-prekey", 11): owner.signed_private.expose(),
        ("last-resort-kem-prekey", 12): owner.last_resort_private.expose(),
        ("one-time-kem-prekey", 13): one_time.kem.expose() + one_time.curve.expose(),
        ("sealing-key", 14): sealing.kem.expose() + sealing.curve.expose(),
    }
    return opinion.Device(owner.address.name, owner.identity.private.expose(), private)


def second_bundle(opinion: ModuleType, owner: Party, *, one_time: bool) -> PrekeyBundle:
    """Give ``owner``'s bundle as the second opinion signs and packs it."""
    kind, key_id = ("one-time-kem-prekey", 13) if one_time else ("last-resort-kem-prekey", 12)
    values = opinion.bundle(device_of(opinion, owner), kind, key_id, NOW_MS)
    return unpack_untrusted(PrekeyBundle, opinion.pack(values), 10_000)


def product_begins(
    opinion: ModuleType, random_bytes: RandomBytes, *, one_time: bool
) -> tuple[ProductSide, SecondSide]:
    """Let the product, Alice, write to the second opinion, Bob, from Bob's own bundle."""
    alice, bob = party("alice"), party("bob")
    bundle = second_bundle(opinion, bob, one_time=one_time)
    verify_bundle(bundle, bob.address, NOW_MS, None)
    ours = ProductSide(start_session(alice.device, bob.address, bundle, random_bytes), random_bytes)
    bob_device = device_of(opinion, bob)
    session, plaintext = opinion.accept(bob_device, "alice", 1, ours.send(FIRST), NOW_MS)
    assert plaintext == FIRST
    assert (("one-time-kem-prekey", 13) in bob_device.private) is not one_time
    return ours, SecondSide(opinion, session)


def second_begins(
    opinion: ModuleType, random_bytes: RandomBytes, *, one_time: bool
) -> tuple[SecondSide, ProductSide]:
    """Let the second opinion, Alice, write to the product, Bob, from the product's bundle."""
    alice, bob = party("alice"), party("bob")
    values = opinion.unpack(pack(bob.bundle(one_time=one_time)))
    session = opinion.initiate(device_of(opinion, alice), values, "bob", 1, NOW_MS)
    theirs = SecondSide(opinion, session)
    message = theirs.send(FIRST)
    header = peek_untrusted(message).handshake
    assert header is not None
    assert header.kem_kind is (KemKind.ONE_TIME if one_time else KemKind.LAST_RESORT)
    accepted = accept_session(bob.device, alice.address, header, bob.prekeys(one_time=one_time))
    ours = ProductSide(accepted, random_bytes)
    assert ours.receive(message, NOW_MS) == FIRST
    return theirs, ours


@dataclass
class Twins:
    """One history played twice, with the parts swapped.

    Whatever Alice and Bob do, they do in both conversations. Each side is the
    product in the one and the second opinion in the other, so what it sends must
    look the same in both (but for keys), and what it opens be the same.
    """

    opinion: ModuleType
    one_time: bool
    seed: int
    sides: dict[str, tuple[Side, Side]] = field(init=False)

    def __post_init__(self) -> None:
        random_bytes = SeededBytes(self.seed)
        first = product_begins(self.opinion, random_bytes, one_time=self.one_time)
        other = second_begins(self.opinion, random_bytes, one_time=self.one_time)
        self.sides = {"alice": (first[0], other[0]), "bob": (first[1], other[1])}

    def send(self, who: str, plaintext: bytes) -> tuple[bytes, bytes]:
        """Send in both; version, flags, counts and size must be equal."""
        one, other = (side.send(plaintext) for side in self.sides[who])
        assert (one[:2], one[50:58], len(one)) == (other[:2], other[50:58], len(other))
        return one, other

    def receive(self, who: str, messages: tuple[bytes, bytes], at_ms: int) -> bytes:
        """Receive in both; what opens, what is counted and what is kept must be equal."""
        sides = self.sides[who]
        one, other = (
            side.receive(message, at_ms) for side, message in zip(sides, messages, strict=True)
        )
        assert one == other
        assert sides[0].counted() == sides[1].counted()
        return one
