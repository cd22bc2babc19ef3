"""Parties of PyPI X3DH (Python)."""

import x3dh

from scripts.benchmarks.coroutines import finish


class X3dhParty(x3dh.BaseState):
    """X3DH with raw 32-byte keys."""

    @staticmethod
    def _encode_public_key(key_format: x3dh.IdentityKeyFormat, pub: bytes) -> bytes:
        return pub


def make_x3dh_parties() -> tuple[X3dhParty, X3dhParty]:
    """Draw two parties with one one-time prekey each."""
    return _make(), _make()


def agree(alice: X3dhParty, bob: X3dhParty) -> tuple[bytes, bytes]:
    """Let ``alice`` initiate and ``bob`` respond; gives the secret of each."""
    ours, _, header = finish(alice.get_shared_secret_active(bob.bundle))
    theirs, _, _ = finish(bob.get_shared_secret_passive(header))
    return ours, theirs


def _make() -> X3dhParty:
    party = X3dhParty.create(
        identity_key_format=x3dh.IdentityKeyFormat.ED_25519,
        hash_function=x3dh.HashFunction.SHA_256,
        info=b"benchmark",
    )
    party.generate_pre_keys(1)
    return party
