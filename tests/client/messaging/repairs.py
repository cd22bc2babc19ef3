"""What tests of repair look at, and how they break things."""

from client.store import sessions
from client.values import EntryKind, HistoryEntry
from tests.support.clients import Client


def lose_sessions(client: Client) -> None:
    client.connection.execute("DELETE FROM sessions")


def lines(client: Client, peer: Client) -> list[HistoryEntry]:
    return [each for each in client.history(peer) if each.kind is not EntryKind.NOTICE]


def gap_lines(client: Client, peer: Client) -> list[str]:
    return [each.text for each in lines(client, peer) if each.kind is EntryKind.UNREADABLE]


def session_in_use(client: Client, peer: Client) -> bytes:
    session = client.read(lambda tx: sessions.to_send_on(tx, peer.name))
    assert session is not None
    return session.session_id
