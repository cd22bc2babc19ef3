"""Keys that a relay hands out: a bundle of any values, with signatures that verify.

    input: a packed PrekeyBundle; its records are signed by the peer who made them up

So a hostile peer, or a relay that makes one up, gets past the signatures. What
its keys are good for shows only when something is encrypted to them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from client.errors import RefusedByRelay
from client.messaging import fetching
from client.messaging.sending import compose_text
from protocol.e2ee.identity import LocalDevice
from protocol.errors import WireError
from protocol.ids import FetchId
from protocol.labels import Label
from protocol.packing import pack, unpack_untrusted
from protocol.records import (
    KEM_PUBLIC_BYTES,
    PrekeyBundle,
    SignedKemPrekey,
    SignedPrekey,
    SignedSealingKey,
    prekey_fields,
)
from protocol.signing import sign
from tests.fuzzing.target import Feed, Target
from tests.fuzzing.world import World, made_world, undone
from tests.support.clients import Client
from tests.support.mutations import change_msgpack

MOST_BYTES = 10_000
SHORT_RUN = 100

Signed = TypeVar("Signed", SignedPrekey, SignedKemPrekey, SignedSealingKey)


def bundle_of(client: Client) -> PrekeyBundle:
    """Give a bundle of ``client``; its pair stays on the shelf."""
    shelf = client.relay.shelves[client.name]
    return replace(shelf, pairs=[*shelf.pairs], handed_out={}).bundle(FetchId(bytes(16)))


def signed_by(maker: LocalDevice, bundle: PrekeyBundle) -> PrekeyBundle:
    """Let ``maker`` sign whatever the records say."""
    one_time = bundle.one_time_key is not None
    kem_label = Label.ONE_TIME_KEM_PREKEY if one_time else Label.LAST_RESORT_KEM_PREKEY
    return replace(
        bundle,
        identity=maker.identity.public,
        signed_prekey=_signed(maker, Label.SIGNED_PREKEY, bundle.signed_prekey),
        kem=_signed(maker, kem_label, bundle.kem),
        sealing_key=_signed(maker, Label.SEALING_KEY, bundle.sealing_key),
    )


def _signed(maker: LocalDevice, label: Label, record: Signed) -> Signed:
    fields = prekey_fields(maker.address, record)
    return replace(record, signature=sign(maker.identity.private, label, *fields))


def _take(world: World, data: bytes) -> None:
    """Bob has something to say to Carol, and gets this bundle for her name."""
    try:
        bundle = signed_by(world.carol.device, unpack_untrusted(PrekeyBundle, data, MOST_BYTES))
    except WireError:
        return
    peer = world.carol.name
    with undone(world.bob) as tx:
        compose_text(tx, peer, "first words", world.bob.surroundings)
        try:
            fetching.bundle_arrived(tx, peer, bundle, world.bob.surroundings)
        except RefusedByRelay:
            return
        fetching.prepare(tx, world.bob.surroundings)


@contextmanager
def _opened() -> Iterator[Feed]:
    with made_world() as world:
        yield Feed(lambda data: _take(world, data), _seeds(world))


def _seeds(world: World) -> tuple[bytes, ...]:
    """Give good bundles, and such whose keys are none though they have the size."""
    good = bundle_of(world.carol)
    bundles = (
        good,
        replace(good, one_time_key=None),
        replace(good, kem=replace(good.kem, key=b"\xff" * KEM_PUBLIC_BYTES)),
        replace(good, signed_prekey=replace(good.signed_prekey, key=bytes(32))),
        replace(good, one_time_key=bytes(32)),
    )
    return tuple(pack(bundle) for bundle in bundles)


KEY_TARGET = Target("fetched_bundle", _opened, change_msgpack, SHORT_RUN)
