"""The secret keys of a client as canaries, read with the client's own code.

Whoever holds the folder of a profile without passphrase holds these keys; this reads
them as such a thief would, to look for them where they must never be.
"""

import dataclasses
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import trio

from client.profile.opening import open_profile, unlock
from client.profile.paths import profile_folder
from client.store import account, profile_keys
from client.store.transaction import Transaction
from client.values import RunBlocking, Surroundings
from protocol.e2ee.stored import unpack_session
from protocol.ids import Name
from protocol.secret import Secret
from scripts.blindness.canaries import Canary

# Private halves are stored as 32-byte keys in a row; each is a canary of its own.
_PIECE_BYTES: Final = 32


async def secret_keys(home: Path, name: str) -> list[Canary]:
    """Give every secret key that a profile holds at this moment.

    Identity, account, profile, database, prekeys, and of each session root key, chain keys, ratchet
    key and skipped keys.

    Args:
        home: the folder of profiles.
        name: a profile without passphrase.

    Raises:
        client.errors.UserError: it cannot be opened.
    """
    folder = profile_folder(home, Name(name))
    async with open_profile(home, Name(name), None, _surroundings()) as profile:
        stored = await profile.database.read(_stored_secrets)
    everything = [*_secrets_in(unlock(folder, None), "database key"), *stored]
    return [Canary(f"{name}'s {what}", value) for what, value in everything]


def _surroundings() -> Surroundings:
    run_blocking: RunBlocking = trio.to_thread.run_sync
    return Surroundings(lambda: time.time_ns() // 1_000_000, os.urandom, run_blocking)


def _stored_secrets(tx: Transaction) -> list[tuple[str, bytes]]:
    found = list(_secrets_in(account.get(tx), "account"))
    # Not the delivery tokens: the relay sees them in use.
    found += _secrets_in(profile_keys.own(tx), "profile")
    for (state,) in tx.all("SELECT state FROM sessions"):
        found += _secrets_in(unpack_session(state), "session")
    for kind, key_id, private in tx.all("SELECT kind, key_id, private FROM prekeys"):
        for start in range(0, len(private), _PIECE_BYTES):
            piece = private[start : start + _PIECE_BYTES]
            found.append((f"{kind} prekey {key_id}, byte {start}", piece))
    return found


def _secrets_in(value: Any, where: str) -> Iterator[tuple[str, bytes]]:
    """Find every :class:`Secret` in a value, however deep, and the way to it."""
    if isinstance(value, Secret):
        yield f"{where} ({type(value).__name__})", value.expose()
    elif dataclasses.is_dataclass(value):
        for each in dataclasses.fields(value):
            yield from _secrets_in(getattr(value, each.name), f"{where} {each.name}")
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _secrets_in(each, where)
    elif isinstance(value, tuple):
        for each in value:
            yield from _secrets_in(each, where)
