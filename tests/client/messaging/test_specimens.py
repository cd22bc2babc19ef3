"""What is kept for the X-ray: what travelled, and no key to it."""

import pytest

from client.store import sessions, specimens
from client.store.specimens import MAX_SPECIMEN_BYTES
from client.values import Specimen
from protocol.ids import MessageId, Name
from tests.support.clients import Client, talk


def find(client: Client, prefix: str) -> list[Specimen]:
    return client.read(lambda tx: specimens.find(tx, prefix))


def test_both_sides_keep_the_same_bytes(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    message_id = alice.send(bob, "look at me")
    talk(alice, bob)
    (ours,), (theirs,) = (find(each, message_id.hex()) for each in friends)
    assert ours.envelope == theirs.envelope
    assert ours.payload == theirs.payload
    assert (ours.outgoing, theirs.outgoing) == (True, False)
    assert b"look at me" not in ours.envelope + ours.payload


def test_a_message_under_a_chosen_id_hides_none_of_ours(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    message_id = alice.send(bob, "ours")
    (ours,) = find(alice, message_id.hex())
    copies = [
        Specimen(message_id, bob.name, False, b"echo", b"p"),
        Specimen(message_id, Name("carol"), False, b"carol's", b"p"),
    ]
    for each in copies:
        alice.write(lambda tx, each=each: specimens.add(tx, each))  # type: ignore[misc]
    assert find(alice, message_id.hex()) == [*reversed(copies), ours]

    def narrowed(peer: Name | None, outgoing: bool | None) -> list[Specimen]:
        return alice.read(
            lambda tx: specimens.find(tx, message_id.hex(), peer=peer, outgoing=outgoing)
        )

    assert narrowed(bob.name, True) == [ours]
    assert narrowed(bob.name, False) == [copies[0]]
    assert narrowed(None, True) == [ours]


def test_of_one_message_the_newest_specimen_is_given(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    message_id = alice.send(bob, "ours")
    again = Specimen(message_id, bob.name, True, b"again", b"p")
    alice.write(lambda tx: specimens.add(tx, again))
    assert find(alice, message_id.hex()) == [again]


@pytest.mark.parametrize("digits", [1, 7, 12, 32])
def test_the_beginning_of_an_id_finds_it(friends: tuple[Client, Client], digits: int) -> None:
    alice, bob = friends
    alice.connection.execute("DELETE FROM specimens")
    message_id = alice.send(bob, "one")
    found = find(alice, message_id.hex()[:digits].upper())
    assert [each.message_id for each in found] == [message_id]
    assert find(alice, "0" * 31) == []


def test_only_the_newest_thousand_are_kept(alice: Client) -> None:
    for number in range(1_005):
        one = Specimen(MessageId(number.to_bytes(16)), alice.name, True, b"e", b"p")
        alice.write(lambda tx, one=one: specimens.add(tx, one))  # type: ignore[misc]
    kept = alice.connection.execute("SELECT message_id FROM specimens ORDER BY row_id").fetchall()
    assert kept == [(number.to_bytes(16),) for number in range(5, 1_005)]


def test_large_envelopes_leave_none(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    message_id = alice.send(bob, "x" * MAX_SPECIMEN_BYTES)
    assert find(alice, message_id.hex()) == []


def test_p8_no_key_is_kept_beside_them(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    message_id = alice.send(bob, "secret")
    talk(alice, bob)
    (specimen,) = find(bob, message_id.hex())
    (session,) = bob.read(sessions.all_sessions)
    ratchet = session.ratchet
    assert ratchet.our_private is not None
    assert ratchet.receiving is not None
    secrets = [ratchet.root, ratchet.our_private, ratchet.receiving.key]
    for secret in secrets:
        assert secret.expose() not in specimen.envelope + specimen.payload
