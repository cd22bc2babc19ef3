"""How a profile and its engine are doing, in one value."""

from dataclasses import dataclass
from enum import StrEnum

from client.engine.election import Election
from client.engine.own_device import announcement
from client.engine.relay_settings import required_relay
from client.engine.shared import Shared
from client.errors import UserError
from client.network.address import RelayAddress
from client.store import account, conversation, outbox, prekeys
from client.store.prekeys import PrekeyKind
from client.store.transaction import Transaction
from client.values import Connection, Contact, TakeoverAnnounced
from protocol.ids import Name


class ReceiverSeat(StrEnum):
    """Who receives for a profile at this moment."""

    THIS_PROCESS = "this process"
    ANOTHER_PROCESS = "another process"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Status:
    """What there is to know about a profile.

    Args:
        relay: with the pinned fingerprint, if one is known.
        registered: whether the relay has confirmed the name.
        problem: what went wrong last, None while all is well.
        queued_count: envelopes that are not at the relay yet.
        message_count: lines in all conversations.
        sealed_count: contacts to whom the relay does not see who writes.
        blocked: contacts of whom nothing is shown.
        open_questions: contacts whose changed key, or texts to whose former key, wait for
            an answer.
        one_time_key_count: private one-time pairs kept; each opens one first message.
        database_bytes: size of the encrypted file, with its log.
        takeover: another device that is about to take this one's place, or None.
    """

    name: Name
    relay: RelayAddress
    registered: bool
    connection: Connection
    problem: UserError | None
    receiver: ReceiverSeat
    queued_count: int
    contact_count: int
    message_count: int
    sealed_count: int
    blocked: tuple[Name, ...]
    open_questions: tuple[Name, ...]
    one_time_key_count: int
    database_bytes: int
    takeover: TakeoverAnnounced | None = None


@dataclass(frozen=True, slots=True)
class _Stored:
    """The part that the database knows."""

    relay: RelayAddress
    registered: bool
    queued_count: int
    contacts: list[Contact]
    message_count: int
    takeover: TakeoverAnnounced | None
    one_time_key_count: int


async def read_status(shared: Shared, election: Election) -> Status:
    """Put together what the database, the connection and the lock say.

    Raises:
        LocalError: the profile has no relay, or cannot be read.
    """
    stored = await shared.read(_stored)
    size = await shared.surroundings.run_blocking(lambda: _database_bytes(shared))
    return Status(
        name=shared.profile.name,
        relay=stored.relay,
        registered=stored.registered,
        connection=shared.standing.connection,
        problem=shared.standing.problem,
        receiver=_seat(election),
        queued_count=stored.queued_count,
        contact_count=len(stored.contacts),
        message_count=stored.message_count,
        sealed_count=sum(each.sealed for each in stored.contacts),
        blocked=tuple(each.name for each in stored.contacts if each.blocked),
        open_questions=tuple(each.name for each in stored.contacts if each.is_in_question),
        takeover=stored.takeover,
        one_time_key_count=stored.one_time_key_count,
        database_bytes=size,
    )


def _stored(tx: Transaction) -> _Stored:
    return _Stored(
        relay=required_relay(tx),
        registered=account.get(tx).registered,
        queued_count=outbox.count(tx),
        contacts=conversation.contacts(tx),
        message_count=conversation.message_count(tx),
        takeover=announcement(tx),
        one_time_key_count=prekeys.count(tx, PrekeyKind.ONE_TIME),
    )


def _seat(election: Election) -> ReceiverSeat:
    if election.is_won:
        return ReceiverSeat.THIS_PROCESS
    return ReceiverSeat.ANOTHER_PROCESS if election.is_held_by_anybody() else ReceiverSeat.NOBODY


def _database_bytes(shared: Shared) -> int:
    database = shared.profile.folder.database
    parts = [database, database.with_name(f"{database.name}-wal")]
    return sum(part.stat().st_size for part in parts if part.exists())
