"""P6: a contact whose client was changed says, on a good session, whatever costs us most.

A contact may fill the history with lines: that is what a contact is for, and the relay's
rates bound it. Everything else that it says leaves a bounded number of rows.
"""

import random

from client.messaging.outcomes import Asked, Duplicate, KeyTold, Receipted, Received
from client.values import EntryKind
from protocol.e2ee.content import (
    Content,
    ProfileKeyTold,
    Receipt,
    ReceiptStatus,
    encode_content,
)
from protocol.e2ee.profile_key import ProfileKey
from protocol.e2ee.retry import RetryRequest
from protocol.ids import MessageId, SessionId
from protocol.limits import (
    MAX_RECEIPT_IDS,
    MAX_RETRIES_PER_HOUR,
    MAX_RETRY_REQUESTS,
)
from protocol.packing import pack_value
from tests.client.messaging.envelopes import speak
from tests.support.clients import Client, talk

FLOOD = 60


def row_count(client: Client) -> int:
    """Count all rows but marks of what was seen, which live 60 days whatever came."""
    return sum(len(rows) for name, rows in client.dump() if name != "seen")


def id_of(rng: random.Random) -> MessageId:
    return MessageId(rng.randbytes(16))


def request(rng: random.Random, digest: bytes, session_id: bytes | None = None) -> RetryRequest:
    named = SessionId(session_id or rng.randbytes(16))
    return RetryRequest(named, rng.randbytes(32), 0, digest)


def asks(sender: Client, recipient: Client, body: RetryRequest, message_id: MessageId) -> object:
    content = Content(message_id, 0, 0, body)
    return recipient.receive(speak(sender, recipient, encode_content(content)))


def written(client: Client, peer: Client, count: int) -> list[bytes]:
    """Write texts that the peer has not confirmed; give how they can be asked for."""
    for number in range(count):
        client.send(peer, f"text {number}")
    client.flush()
    return [digest for (digest,) in client.connection.execute("SELECT digest FROM sent")]


def answers(client: Client) -> object:
    return client.connection.execute("SELECT sum(again) FROM sent").get


def test_p6_requests_for_what_was_never_sent_leave_nothing(
    friends: tuple[Client, Client], rng: random.Random
) -> None:
    mallory, alice = friends
    before = row_count(alice)
    for _ in range(FLOOD):
        assert asks(mallory, alice, request(rng, rng.randbytes(32)), id_of(rng)) == Asked(
            mallory.name
        )
    assert row_count(alice) == before
    assert alice.ready() == []


def test_p6_requests_for_all_that_was_sent_are_answered_ten_times_an_hour(
    friends: tuple[Client, Client], rng: random.Random
) -> None:
    mallory, alice = friends
    digests = written(alice, mallory, 25)
    for digest in digests * 2:
        asks(mallory, alice, request(rng, digest), id_of(rng))
    assert answers(alice) == MAX_RETRIES_PER_HOUR


def test_p6_one_request_said_many_times_is_answered_and_stops_nothing(
    friends: tuple[Client, Client], rng: random.Random
) -> None:
    """Its answers would bear one envelope id: only one can be."""
    mallory, alice = friends
    (digest,) = written(alice, mallory, 1)
    message_id = id_of(rng)
    for _ in range(2 * MAX_RETRY_REQUESTS):
        asks(mallory, alice, request(rng, digest), message_id)
    assert answers(alice) in range(1, MAX_RETRY_REQUESTS + 1)
    alice.send(mallory, "goes on")
    talk(alice, mallory)
    assert mallory.texts(alice)[-1] == "goes on"


def test_p6_receipts_for_everything_leave_nothing(
    friends: tuple[Client, Client], rng: random.Random
) -> None:
    mallory, alice = friends
    before = row_count(alice)
    for _ in range(FLOOD // 6):
        ids = tuple(id_of(rng) for _ in range(MAX_RECEIPT_IDS))
        content = Content(id_of(rng), 0, 0, Receipt(ReceiptStatus.DELIVERED, ids))
        outcome = alice.receive(speak(mallory, alice, encode_content(content)))
        assert outcome == Receipted(mallory.name, ())
    assert row_count(alice) == before


def test_p6_a_new_profile_key_each_time_is_one_row(
    friends: tuple[Client, Client], rng: random.Random
) -> None:
    mallory, alice = friends
    before = row_count(alice)
    for _ in range(FLOOD):
        content = Content(id_of(rng), 0, 0, ProfileKeyTold(ProfileKey(rng.randbytes(32))))
        outcome = alice.receive(speak(mallory, alice, encode_content(content)))
        assert outcome == KeyTold(mallory.name)
    assert row_count(alice) == before


def test_p6_kinds_nobody_knows_are_lines_and_few_receipts_and_disturb_nothing(
    friends: tuple[Client, Client], rng: random.Random
) -> None:
    mallory, alice = friends
    before, said = row_count(alice), 0
    for number in range(FLOOD):
        kind, counter = rng.randrange(5, 256), rng.choice([0, number + 2, 1 << 60, (1 << 64) - 1])
        raw = pack_value([1, kind, id_of(rng), counter, (1 << 64) - 1, [number, b"x" * 500]])
        assert isinstance(alice.receive(speak(mallory, alice, raw)), Received)
        said += counter > 0
    lines = [each for each in alice.history(mallory) if each.kind is EntryKind.UNSUPPORTED]
    assert len(lines) == FLOOD
    assert row_count(alice) <= before + 3 * FLOOD  # a line, its specimen, its receipt to be
    sent_before = len(alice.relay.submitted)
    talk(alice, mallory)
    # Receipts, and our profile key with the first of them.
    assert len(alice.relay.submitted) - sent_before <= 2 + said // MAX_RECEIPT_IDS
    mallory.send(alice, "enough")
    talk(mallory, alice)
    assert alice.texts(mallory)[-1] == "enough"


def test_p6_one_message_id_for_all_is_one_line(
    friends: tuple[Client, Client], rng: random.Random
) -> None:
    mallory, alice = friends
    message_id = id_of(rng)
    first, *others = [
        alice.receive(
            speak(mallory, alice, pack_value([1, 9, message_id, number + 2, 0, [number]]))
        )
        for number in range(FLOOD)
    ]
    assert isinstance(first, Received)
    assert set(others) == {Duplicate()}
