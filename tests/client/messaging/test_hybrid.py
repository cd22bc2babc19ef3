"""Hybrid steps in real conversations: from store to store, in envelopes of one size."""

from typing import NamedTuple

from client.store import sessions
from client.xray.layers import ratchet_layer, sealed_layer, take_picture
from protocol.e2ee.kem import KemSeed
from protocol.e2ee.ratchet.kem_fields import KemFields
from protocol.e2ee.session import peek_untrusted
from protocol.limits import HYBRID_INTERVAL_MS
from tests.support.clients import Client, talk


class Travelled(NamedTuple):
    """A message that a client keeps for the X-ray."""

    envelope: bytes
    payload: bytes

    @property
    def ratchet_message(self) -> bytes:
        return sealed_layer(self.payload)[1]

    @property
    def kem(self) -> KemFields:
        return peek_untrusted(self.ratchet_message).kem


def _travelled(*clients: Client) -> list[Travelled]:
    query = "SELECT envelope, payload FROM specimens"
    return [Travelled(*row) for each in clients for row in each.connection.execute(query)]


def _assert_hybrid(clients: tuple[Client, Client]) -> None:
    """A key was attached, and it was answered."""
    fields = [each.kem for each in _travelled(*clients)]
    assert any(kem.attached_key for kem in fields)
    assert any(kem.ciphertext for kem in fields)


def _chat(alice: Client, bob: Client, count: int) -> None:
    for number in range(count):
        alice.send(bob, f"a{number}")
        talk(alice, bob, rounds=2)
        bob.send(alice, f"b{number}")
        talk(alice, bob, rounds=2)


def _attached_seed(client: Client) -> KemSeed | None:
    (session,) = client.read(sessions.all_sessions)
    return None if session.ratchet.sending is None else session.ratchet.sending.kem_seed


def test_p4_a_long_conversation_heals_loses_nothing_and_looks_the_same(
    friends: tuple[Client, Client],
) -> None:
    """Receipts count as well: 15 exchanges are about 60 messages. The relay sees one size."""
    alice, bob = friends
    _chat(alice, bob, 15)
    _assert_hybrid(friends)
    assert bob.texts(alice)[1:] == [f"a{number}" for number in range(15)]
    assert alice.texts(bob)[1:] == [f"b{number}" for number in range(15)]
    assert {len(item.envelope) for _, item in alice.relay.submitted} == {5 + 1_120 + 4_096 + 16}


def test_p4_a_quiet_conversation_heals_after_seven_days(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    alice.relay.clock.now_ms += HYBRID_INTERVAL_MS
    for client in friends:
        client.come_online()
    _chat(alice, bob, 2)
    _assert_hybrid(friends)
    assert _attached_seed(alice) is None
    assert _attached_seed(bob) is None


def test_the_xray_names_every_byte_of_hybrid_messages(friends: tuple[Client, Client]) -> None:
    alice, bob = friends
    _chat(alice, bob, 15)
    seen = set()
    for message in _travelled(alice):
        layer = ratchet_layer(message.ratchet_message)
        by_name = {span.name: layer.bytes_of(span) for span in layer.spans}
        assert by_name.get("attached KEM key", b"") == message.kem.attached_key
        assert by_name.get("KEM ciphertext", b"") == message.kem.ciphertext
        for each in take_picture(message.envelope, message.payload, b"").layers:
            assert sum(span.size for span in each.spans) == len(each.data)
            assert "not understood" not in {span.name for span in each.spans}
        seen |= {name for name in by_name if "KEM" in name}
    assert {"attached KEM key", "KEM ciphertext"} <= seen
