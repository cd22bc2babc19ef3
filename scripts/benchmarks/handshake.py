"""The handshake: a bundle is checked, and both sides come to one secret.

Ours is PQXDH: an ML-KEM-768 encapsulation on top of what X3DH does, and three signed
records in the bundle where X3DH has one.
"""

import os
from typing import Final

from protocol.e2ee.handshake import initiate, respond
from protocol.e2ee.prekeys import verify_bundle
from scripts.benchmarks.figures import Contender, Row, Workload, peer_import
from scripts.benchmarks.parties import NOW_MS, make_party
from scripts.benchmarks.timing import OURS

_REMARK: Final = "ours is post-quantum (ML-KEM-768 besides) and checks three signatures, X3DH one"


def rows() -> tuple[Row, ...]:
    """Give the one row."""
    what = "check a bundle, initiate, respond"
    theirs = (Contender("X3DH", _x3dh),)
    return (Row("handshake", what, Contender(OURS, _ours), theirs, _REMARK),)


def _ours() -> Workload:
    alice, bob = make_party("alice"), make_party("bob")
    address = bob.device.address

    def work(count: int) -> None:
        for _ in range(count):
            verify_bundle(bob.bundle, address, NOW_MS, newest_seen_ms=None)
            header, ours = initiate(alice.device, address, bob.bundle, os.urandom)
            theirs = respond(bob.device, alice.device.address, header, bob.prekeys)
            if ours.shared_secret != theirs.shared_secret:
                raise AssertionError("the sides disagree")

    return work


def _x3dh() -> Workload:
    with peer_import():
        from scripts.benchmarks.x3dh_parties import agree, make_x3dh_parties
    alice, bob = make_x3dh_parties()

    def work(count: int) -> None:
        for _ in range(count):
            ours, theirs = agree(alice, bob)
            if ours != theirs:
                raise AssertionError("the sides disagree")

    return work
