"""What hostile peers do to a relay in a process of its own, over real sockets, for ever.

Each attack is one connection's; whoever plays it opens many.
"""

import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import trio

from protocol.ids import BlobId
from protocol.limits import BLOB_PIECE_BYTES, MAX_BLOB_PART_BYTES, MAX_FRAME_BYTES
from protocol.wire.messages import GetBlob, PutBlob, Subscribe
from tests.support.relay_process import RelayProcess
from tests.support.wire_client import Person, StreamEnded, submit_to

Attack = Callable[[RelayProcess, random.Random], Awaitable[None]]

# A whole blob of one part, which the attacked relay has.
BLOB: Final = BlobId(b"b" * 32)

# A TLS record that announces a handshake message of 512 bytes and brings none of it.
_HALF_A_CLIENT_HELLO: Final = bytes.fromhex("16030102000100")


async def no_handshake(relay: RelayProcess, _rng: random.Random) -> None:
    """Begin TLS and say no more; once closed, begin again."""
    while True:
        stream = await trio.open_tcp_stream("127.0.0.1", relay.port)
        async with stream:
            await stream.send_all(_HALF_A_CLIENT_HELLO)
            await stream.receive_some(1)


async def half_a_frame(relay: RelayProcess, _rng: random.Random) -> None:
    """Send the longest frame but for its last byte."""
    client, _ = await relay.connect()
    await client.stream.send_all(MAX_FRAME_BYTES.to_bytes(4, "big") + bytes(MAX_FRAME_BYTES - 1))
    await trio.sleep_forever()


async def large_parts_unread(relay: RelayProcess, _rng: random.Random) -> None:
    """Ask for as much as may be asked for at once, and read nothing."""
    client, _ = await relay.connect()
    await client.send([GetBlob(BLOB, 0, MAX_BLOB_PART_BYTES)] * 32)
    await trio.sleep_forever()


async def blobs_without_end(relay: RelayProcess, rng: random.Random) -> None:
    """Put one blob after the other."""
    client, _ = await relay.connect()
    while True:
        some = PutBlob(BlobId(rng.randbytes(32)), b"s" * 32, 0, BLOB_PIECE_BYTES, bytes(65_536))
        await client.ask(some)


async def mail_unread(relay: RelayProcess, rng: random.Random) -> None:
    """Subscribe, write to oneself without end, and read nothing."""
    client, key = await relay.connect()
    me = Person.called(f"sock{rng.getrandbits(64)}", rng)
    await client.enter_now(me, key)
    await client.send([Subscribe()])
    while True:
        await client.send([submit_to(me, bytes(100_000), rng)])


ATTACKS: Final[tuple[Attack, ...]] = (
    no_handshake,
    half_a_frame,
    large_parts_unread,
    blobs_without_end,
    mail_unread,
)


async def attacking(attack: Attack, relay: RelayProcess, rng: random.Random) -> None:
    """Play an attack until the relay has had enough of it."""
    with suppress(OSError, trio.BrokenResourceError, trio.ClosedResourceError, StreamEnded):
        await attack(relay, rng)
