"""Two processes of one profile, writing at once: no lost update, no lock error, no key twice."""

import subprocess
import sys
from pathlib import Path

import pytest

from client.messaging.outcomes import Received
from client.store import outbox
from client.values import MessageState
from tests.client.messaging.envelopes import mail
from tests.support.clients import Client, talk

WRITER = """
import os, sys, time
from pathlib import Path
import trio
from client.messaging.sending import compose_text
from client.messaging.receiving import receive
from client.store.connection import DatabaseKey
from client.store.database import open_database
from client.values import Surroundings
from protocol.ids import Name

path, key, start, tag, count = sys.argv[1:]

async def main():
    surroundings = Surroundings(lambda: int(start), os.urandom, trio.to_thread.run_sync)
    database_key = DatabaseKey(bytes.fromhex(key))
    async with open_database(Path(path), database_key, trio.to_thread.run_sync) as database:
        sys.stdin.readline()
        for number in range(int(count)):
            text = f"{tag} {number}"
            await database.write(lambda tx: compose_text(tx, Name("bob"), text, surroundings))

trio.run(main)
"""


def start_writer(client: Client, tag: str, count: int) -> subprocess.Popen[str]:
    arguments = [
        str(client.path),
        client.key.expose().hex(),
        str(client.relay.clock.now_ms),
        tag,
        str(count),
    ]
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, *arguments],
        cwd=Path(__file__).parents[3],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_p2_two_processes_send_and_a_third_receives_on_one_session(
    friends: tuple[Client, Client],
) -> None:
    alice, bob = friends
    count, received = 100, 0
    writers = [start_writer(alice, tag, count) for tag in ("left", "right")]
    incoming = [mail(bob, alice, f"meanwhile {number}") for number in range(50)]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for delivery in incoming:
        received += isinstance(alice.receive(delivery), Received)
    for writer in writers:
        _, errors = writer.communicate(timeout=120)
        assert (writer.returncode, errors) == (0, "")
    assert received == 50
    talk(alice, bob)
    texts = bob.texts(alice)[1:]
    for tag in ("left", "right"):
        assert [each for each in texts if each.startswith(tag)] == [
            f"{tag} {number}" for number in range(count)
        ]
    ours = [each for each in alice.history(bob) if each.outgoing]
    assert sorted(each.counter for each in ours) == list(range(1, 2 * count + 2))
    assert {each.state for each in ours} == {MessageState.DELIVERED}
    places: dict[tuple[bytes, bytes, int], bytes] = {}
    for place, body in alice.relay.ratchet_messages((alice, bob)):
        assert places.setdefault(place, body) == body


@pytest.mark.slow
def test_p3_a_killed_writer_leaves_a_database_that_opens_and_goes_on(
    friends: tuple[Client, Client],
) -> None:
    alice, bob = friends
    for number in range(3):
        with start_writer(alice, f"killed {number}", 100_000) as writer:
            assert writer.stdin is not None
            writer.stdin.write("go\n")
            writer.stdin.flush()
            already = alice.read(outbox.count)
            while alice.read(outbox.count) < already + 20:
                pass
            writer.kill()
        alice.reopen()
    talk(alice, bob)
    texts = bob.texts(alice)[1:]
    assert len(texts) >= 60
    assert texts == alice.texts(bob, outgoing=True)[1:]
