"""Faults to inject between two clients, each under a name.

A fault comes in the middle of traffic: some messages are under way in both
directions. It may do to one client's disk, to a mailbox or to the relay what
is named here; never more than a network, a disk or a thief of prekeys can do
without taking a message out of the world for good.
"""

import random
from collections.abc import Callable
from dataclasses import replace

from client.store import sessions
from protocol.e2ee.ratchet.chain import ChainKey
from protocol.e2ee.ratchet.root import RootKey
from protocol.e2ee.ratchet.state import RatchetState
from protocol.ids import EnvelopeId
from tests.client.messaging.envelopes import said_by, sealed_anew
from tests.client.messaging.hunting import World
from tests.support.clients import Client

Fault = Callable[[World, Client], None]


def execute(client: Client, statement: str) -> None:
    client.connection.execute(statement)


# --- disks ------------------------------------------------------------------------


def drop_session(world: World, client: Client) -> None:
    """The row of the session in use is gone."""
    session = client.read(lambda tx: sessions.to_send_on(tx, world.other(client).name))
    if session is not None:
        client.connection.execute(
            "DELETE FROM sessions WHERE session_id = ?", (session.session_id,)
        )


def drop_all_sessions(world: World, client: Client) -> None:
    execute(client, "DELETE FROM sessions")


def drop_sessions_of_both(world: World, client: Client) -> None:
    """Both have to begin anew, at the same time."""
    for each in world.clients:
        execute(each, "DELETE FROM sessions")
        world.send(each)
    world.chatter()


def _corrupted(state: RatchetState, rng: random.Random) -> RatchetState:
    noise = rng.randbytes(32)
    which = rng.choice(("root", "sending", "receiving"))
    if which == "sending" and state.sending is not None:
        return replace(state, sending=replace(state.sending, key=ChainKey(noise)))
    if which == "receiving" and state.receiving is not None:
        return replace(state, receiving=replace(state.receiving, key=ChainKey(noise)))
    return replace(state, root=RootKey(noise))


def corrupt_ratchet(world: World, client: Client) -> None:
    """Keys in the session in use are other keys."""
    session = client.read(lambda tx: sessions.to_send_on(tx, world.other(client).name))
    if session is not None:
        damaged = replace(session, ratchet=_corrupted(session.ratchet, world.rng))
        client.write(lambda tx: sessions.update(tx, damaged))


def lose_prekeys_handed_out(world: World, client: Client) -> None:
    """A pair is gone while a handshake that uses it is under way."""
    other = world.other(client)
    execute(other, "DELETE FROM sessions")
    world.send(other)
    other.flush()
    execute(client, "DELETE FROM prekeys WHERE kind = 'one-time'")
    world.relay.shelves[client.name].pairs.clear()


def lose_last_resort(world: World, client: Client) -> None:
    """The pairs were exhausted, and the private half of the last resort is gone."""
    world.relay.shelves[client.name].pairs.clear()
    other = world.other(client)
    execute(other, "DELETE FROM sessions")
    world.send(other)
    other.flush()
    execute(client, "DELETE FROM prekeys WHERE kind IN ('last resort', 'signed')")


def lose_prekeys_of_both(world: World, client: Client) -> None:
    """Neither can accept a handshake of the other."""
    for each in world.clients:
        execute(each, "DELETE FROM prekeys WHERE kind IN ('one-time', 'last resort', 'signed')")
        execute(each, "DELETE FROM sessions")


def put_back(client: Client, copy: bytes) -> None:
    """Let the disk be as it was when ``copy`` was made."""
    client.close()
    for ending in ("-wal", "-shm"):
        client.path.with_name(client.path.name + ending).unlink(missing_ok=True)
    client.path.write_bytes(copy)
    client.open()


def copy_of(client: Client) -> bytes:
    client.connection.pragma("wal_checkpoint", "truncate")
    return client.path.read_bytes()


def roll_back(world: World, client: Client) -> None:
    """The profile's folder is put back to what it was some messages ago."""
    world.quieten()
    copy = copy_of(client)
    for _ in range(world.rng.randrange(1, 4)):
        world.chatter()
        if world.rng.random() < 0.6:
            world.quieten()
    client.flush()
    put_back(client, copy)


def roll_back_both(world: World, client: Client) -> None:
    """Both folders are put back, to different moments."""
    world.quieten()
    first = copy_of(client)
    world.chatter()
    world.quieten()
    other = world.other(client)
    second = copy_of(other)
    world.chatter()
    world.quieten()
    put_back(client, first)
    put_back(other, second)


# --- the network --------------------------------------------------------------------


def flip_sealed(world: World, client: Client) -> None:
    """A damaged copy of each envelope arrives before the envelope itself."""
    mailbox = world.mailbox(client)
    for delivery in list(mailbox):
        changed = bytearray(delivery.envelope)
        changed[world.rng.randrange(len(changed))] ^= 1 << world.rng.randrange(8)
        mailbox.insert(
            0, replace(delivery, envelope=bytes(changed), envelope_id=_new_id(world.rng))
        )


def flip_inside(world: World, client: Client) -> None:
    """A ratchet message was damaged before it was sealed, and arrives besides the true one."""
    mailbox = world.mailbox(client)
    if not mailbox:
        return
    delivery = world.rng.choice(mailbox)
    body = bytearray(client.open_seal(delivery))
    body[world.rng.randrange(len(body))] ^= 1 << world.rng.randrange(8)
    payload = said_by(world.other(client), client, bytes(body))
    mailbox.insert(world.rng.randrange(len(mailbox) + 1), sealed_anew(client, payload))


def duplicate(world: World, client: Client) -> None:
    mailbox = world.mailbox(client)
    mailbox += [replace(each, envelope_id=_new_id(world.rng)) for each in mailbox] + mailbox


def reorder(world: World, client: Client) -> None:
    world.chatter(8)
    for each in world.clients:
        world.rng.shuffle(world.mailbox(each))


def replay(world: World, client: Client) -> None:
    """Old envelopes come again, under their own ids and under new ones."""
    old = world.recorded[client.name]
    for delivery in world.rng.sample(old, min(len(old), 6)):
        again = replace(delivery, envelope_id=_new_id(world.rng))
        world.mailbox(client).append(world.rng.choice((delivery, again)))


def replay_after_loss(world: World, client: Client) -> None:
    """Old handshakes come again when their sessions are gone."""
    world.quieten()
    execute(client, "DELETE FROM sessions")
    replay(world, client)


def _new_id(rng: random.Random) -> EnvelopeId:
    return EnvelopeId(rng.randbytes(16))


# --- the relay ----------------------------------------------------------------------


def relay_put_back(world: World, client: Client) -> None:
    """The relay goes on from an older copy of its disk: old mail and used pairs are back."""
    world.quieten()
    world.send(world.other(client))
    world.other(client).flush()
    mail = {name: list(box) for name, box in world.relay.mail.items()}
    pairs = {name: list(shelf.pairs) for name, shelf in world.relay.shelves.items()}
    arrivals = dict(world.relay.arrivals)
    execute(client, "DELETE FROM sessions")
    world.chatter()
    world.quieten()
    for name, shelf in world.relay.shelves.items():
        shelf.pairs, shelf.handed_out = pairs[name], {}
        world.mailbox(client if client.name == name else world.other(client))[:0] = mail.get(
            name, []
        )
    world.relay.arrivals = arrivals
    execute(world.rng.choice(world.clients), "DELETE FROM sessions")


FAULTS: dict[str, Fault] = {
    function.__name__.replace("_", " "): function
    for function in (
        drop_session,
        drop_all_sessions,
        drop_sessions_of_both,
        corrupt_ratchet,
        lose_prekeys_handed_out,
        lose_last_resort,
        lose_prekeys_of_both,
        roll_back,
        roll_back_both,
        flip_sealed,
        flip_inside,
        duplicate,
        reorder,
        replay,
        replay_after_loss,
        relay_put_back,
    )
}
