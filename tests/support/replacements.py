"""People who replace their device, or veto that: statements over real keys."""

from dataclasses import replace

from protocol.replacement import (
    ReplacementStatement,
    VetoStatement,
    sign_replacement,
    sign_veto,
)
from protocol.signing import SigningKey, public_key_of
from protocol.wire.messages import ReplaceDevice, VetoReplacement, Welcome
from tests.support.wire_client import NO_TLS_KEY, Person


def on_a_new_device(person: Person) -> Person:
    """Give the same person with a new identity and a new account key."""
    keys = (SigningKey(person.rng.randbytes(32)) for _ in range(2))
    return replace(person, identity=next(keys), account_key=next(keys))


def replacement(
    old: Person, new: Person, welcome: Welcome, generation: int = 1, relay_key: bytes = NO_TLS_KEY
) -> ReplaceDevice:
    """Sign that ``new`` takes the place of ``old``, on this connection."""
    account = new.account
    statement = ReplacementStatement(
        relay_key,
        welcome.nonce,
        old.address,
        generation,
        old.account.identity,
        account.identity,
        account.account_key,
    )
    signed = sign_replacement(statement, old.account_key, new.identity)
    return ReplaceDevice(
        old.name,
        1,
        generation,
        account.identity,
        account.account_key,
        signed.by_account_key,
        signed.by_new_identity,
    )


def veto(
    person: Person, account_key: SigningKey, welcome: Welcome, generation: int = 1
) -> VetoReplacement:
    """Sign that the device stays, under ``account_key``, on this connection."""
    key = public_key_of(account_key)
    statement = VetoStatement(NO_TLS_KEY, welcome.nonce, person.address, generation, key)
    return VetoReplacement(generation, key, sign_veto(statement, person.identity))
