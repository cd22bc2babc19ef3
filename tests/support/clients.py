"""Clients without a network: each with a real encrypted store, and a relay made of queues.

Everything runs in one thread and at once; the clock is a number. What a test
does between two steps (drop, repeat, reorder, cut off) is the network.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import apsw

from client.messaging import fetching, prekey_doubts, prekey_upkeep, profile_sharing, submitting
from client.messaging.arrival import open_seal
from client.messaging.housekeeping import tidy
from client.messaging.outcomes import Outcome
from client.messaging.receiving import receive
from client.messaging.sending import compose_text
from client.store import account, conversation, outbox, profile_keys, settings
from client.store.connection import DatabaseKey, create_database, open_database_file
from client.store.transaction import Transaction, run_reading, run_transaction
from client.values import (
    Delivery,
    EntryKind,
    HistoryEntry,
    OutboxItem,
    RunBlocking,
    Surroundings,
    TrustQuestion,
)
from protocol.e2ee.identity import IdentityKeyPair, LocalDevice
from protocol.e2ee.profile_key import DeliveryToken, ProfileKey, delivery_token
from protocol.e2ee.ratchet.header import split_untrusted
from protocol.ids import DeviceAddress, EnvelopeId, FetchId, MessageId, Name
from protocol.limits import ONE_TIME_ID_SPAN
from protocol.records import OneTimePair, PrekeyBundle, Sender
from protocol.signing import SigningKey
from protocol.wire.messages import UploadPrekeys

T = TypeVar("T")

START_MS = 1_800_000_000_000


@dataclass
class Clock:
    """The time, for everybody."""

    now_ms: int = START_MS

    def tick(self) -> int:
        self.now_ms += 1
        return self.now_ms


async def at_once(function: Callable[[], T]) -> T:
    return function()


def surroundings_of(clock: Clock, rng: random.Random, run: RunBlocking = at_once) -> Surroundings:
    return Surroundings(lambda: clock.now_ms, rng.randbytes, run)


def _unsynced(connection: apsw.Connection) -> apsw.Connection:
    """Wait for no disk: one that fails is another test's, and waiting takes half the time."""
    connection.pragma("synchronous", "off")
    return connection


@dataclass
class Shelf:
    """What the relay has of one account."""

    identity: bytes
    upload: UploadPrekeys | None = None
    pairs: list[OneTimePair] = field(default_factory=list)
    highest_id: int = 0
    handed_out: dict[FetchId, PrekeyBundle] = field(default_factory=dict)

    def store(self, upload: UploadPrekeys) -> None:
        self.upload = upload
        new = [pair for pair in upload.one_time_pairs if pair.kem.key_id > self.highest_id]
        self.highest_id = max([self.highest_id, *(pair.kem.key_id for pair in new)])
        kept = [pair for pair in self.pairs if pair.kem.key_id > self.highest_id - ONE_TIME_ID_SPAN]
        self.pairs = kept + new

    def bundle(self, fetch_id: FetchId) -> PrekeyBundle:
        assert self.upload is not None
        if fetch_id not in self.handed_out:
            pair = self.pairs.pop(0) if self.pairs else None
            self.handed_out[fetch_id] = PrekeyBundle(
                self.identity,
                self.upload.signed_prekey,
                self.upload.last_resort if pair is None else pair.kem,
                None if pair is None else pair.curve_key,
                self.upload.sealing_key,
            )
        return self.handed_out[fetch_id]


class FakeRelay:
    """Accounts, shelves and mailboxes; it vouches for every submit with a sender."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.shelves: dict[Name, Shelf] = {}
        self.mail: dict[Name, list[Delivery]] = {}
        self.arrivals: dict[EnvelopeId, int] = {}
        self.submitted: list[tuple[Name, OutboxItem]] = []
        self.tokens: dict[Name, DeliveryToken] = {}

    def submit(self, sender: Sender | None, item: OutboxItem) -> int:
        """Take an envelope once; give its arrival."""
        if item.envelope_id not in self.arrivals:
            self.arrivals[item.envelope_id] = self.clock.tick()
            mailbox = self.mail.setdefault(item.to.name, [])
            arrival_ms = self.arrivals[item.envelope_id]
            mailbox.append(
                Delivery(arrival_ms, item.envelope_id, arrival_ms, sender, item.envelope)
            )
        self.submitted.append((item.to.name, item))
        return self.arrivals[item.envelope_id]

    def ratchet_messages(
        self, clients: "tuple[Client, ...]"
    ) -> Iterator[tuple[tuple[bytes, bytes, int], bytes]]:
        """Open all that was ever submitted: the place in its chain, nonce and ciphertext."""
        by_name = {client.name: client for client in clients}
        for name, item in self.submitted:
            delivery = Delivery(0, item.envelope_id, 0, None, item.envelope)
            body = by_name[name].open_seal(delivery)
            header, _, sealed = split_untrusted(body)
            yield (header.session_id, header.ratchet_key, header.index), sealed


class Client:
    """One profile's store, and the steps that the engine would take with it."""

    def __init__(self, name: str, folder: Path, relay: FakeRelay, rng: random.Random) -> None:
        self.name, self.relay, self.rng = Name(name), relay, rng
        self.path = folder / f"{name}.{rng.randbytes(4).hex()}.db"
        self.key = DatabaseKey(rng.randbytes(32))
        self.surroundings = surroundings_of(relay.clock, rng)
        self.connection = _unsynced(create_database(self.path, self.key))
        self.device = LocalDevice(DeviceAddress(self.name), IdentityKeyPair.generate(rng.randbytes))
        self.write(lambda tx: account.create(tx, self.device, SigningKey(rng.randbytes(32))))
        self.write(lambda tx: profile_keys.create(tx, ProfileKey.generate(rng.randbytes)))

    # --- transactions ---

    def write(self, function: Callable[[Transaction], T]) -> T:
        return run_transaction(self.connection, function)

    def read(self, function: Callable[[Transaction], T]) -> T:
        return run_reading(self.connection, function)

    def close(self) -> None:
        self.connection.close()

    def reopen(self) -> None:
        """Die and start again."""
        self.close()
        self.open()

    def open(self) -> None:
        self.connection = _unsynced(open_database_file(self.path, self.key))

    def dump(self) -> list[tuple[str, list[tuple[object, ...]]]]:
        """Give every row of every table, to compare.

        ``history_words`` shows the rows of ``history`` once more; the index
        itself is in the tables that it keeps, which are here.
        """
        tables = [
            name
            for (name,) in self.connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'history_words'"
                " ORDER BY name"
            )
        ]
        return [
            (name, sorted(self.connection.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr))
            for name in tables
        ]

    # --- what the engine does ---

    @property
    def sender(self) -> Sender:
        return Sender(self.name, 1, self.device.identity.public)

    def come_online(self) -> None:
        """Register anew if need be, hear the relay's clock, upload prekeys."""
        shelf = self.relay.shelves.get(self.name)
        if shelf is None or shelf.identity != self.device.identity.public:
            shelf = self.relay.shelves[self.name] = Shelf(self.device.identity.public)
        self.hear_clock()
        on_record = None if shelf.upload is None else shelf.upload.sealing_key
        self.write(lambda tx: prekey_doubts.compare(tx, on_record))
        due = self.write(
            lambda tx: prekey_upkeep.due_upload(tx, len(shelf.pairs), self.surroundings)
        )
        if due is not None:
            shelf.store(due)
            self.write(lambda tx: prekey_upkeep.uploaded(tx, due))

    def hear_clock(self) -> None:
        self.write(lambda tx: settings.hear_relay_clock(tx, self.relay.clock.now_ms))

    def tidy(self) -> None:
        self.write(lambda tx: tidy(tx, self.surroundings))

    def fetch_keys(self) -> list[TrustQuestion]:
        """Fetch what :func:`fetching.prepare` wants."""
        wanted = self.write(lambda tx: fetching.prepare(tx, self.surroundings))
        answers = [self._fetch(each) for each in wanted]
        if wanted:
            self.write(lambda tx: fetching.prepare(tx, self.surroundings))
        return [answer for answer in answers if answer is not None]

    def _fetch(self, wanted: fetching.KeysWanted) -> TrustQuestion | None:
        peer = wanted.peer.name
        shelf = self.relay.shelves[peer]
        if wanted.fetch_id is not None:
            bundle = shelf.bundle(wanted.fetch_id)
            return self.write(
                lambda tx: fetching.bundle_arrived(tx, peer, bundle, self.surroundings)
            )
        upload = shelf.upload
        assert upload is not None
        return self.write(
            lambda tx: fetching.sealing_key_arrived(
                tx, peer, shelf.identity, upload.sealing_key, self.surroundings
            )
        )

    def ready(self) -> list[OutboxItem]:
        return self.read(lambda tx: outbox.ready(tx, 1_000))

    def flush(self) -> list[OutboxItem]:
        """Fetch keys, submit all that is ready, and hear that it was accepted."""
        self.fetch_keys()
        items = self.ready()
        for item in items:
            self.submit(item)
        return items

    def submit(self, item: OutboxItem) -> None:
        """Hand an envelope over, without our name if it is made for that and the token fits."""
        peer = item.to.name
        token = self.read(lambda tx: profile_keys.token_of(tx, peer)) if item.anonymous else None
        if item.anonymous and token != self.relay.tokens.get(peer):
            self.write(lambda tx: profile_sharing.token_refused(tx, peer, token))
            return
        arrival_ms = self.relay.submit(None if item.anonymous else self.sender, item)
        self.write(lambda tx: submitting.accepted(tx, item.row_id, arrival_ms))

    def set_token(self) -> None:
        """Let the relay have the token of our newest profile key."""
        own = self.read(profile_keys.own)
        self.relay.tokens[self.name] = delivery_token(own.key)
        self.write(lambda tx: profile_keys.mark_set(tx, own.number))

    def send(self, peer: "Client", text: str) -> MessageId:
        return self.write(lambda tx: compose_text(tx, peer.name, text, self.surroundings))

    def open_seal(self, delivery: Delivery) -> bytes:
        """Give the ratchet message in an envelope for this client."""
        return self.read(lambda tx: open_seal(tx, account.get(tx), delivery)).payload.body

    def receive(self, delivery: Delivery) -> Outcome:
        return self.write(lambda tx: receive(tx, delivery, self.surroundings))

    def receive_all(self) -> list[Outcome]:
        """Take all mail, acknowledge it."""
        outcomes = [self.receive(each) for each in self.relay.mail.get(self.name, [])]
        self.relay.mail[self.name] = []
        return outcomes

    # --- what a person sees ---

    def history(self, peer: "Client") -> list[HistoryEntry]:
        return self.read(lambda tx: conversation.page(tx, peer.name, 10_000))

    def texts(self, peer: "Client", *, outgoing: bool = False) -> list[str]:
        return [
            entry.text
            for entry in self.history(peer)
            if entry.kind is EntryKind.TEXT and entry.outgoing is outgoing
        ]

    def notices(self, peer: "Client") -> list[str]:
        return [each.text for each in self.history(peer) if each.kind is EntryKind.NOTICE]


def talk(*clients: Client, rounds: int = 4) -> None:
    """Let everybody flush and receive until nothing moves any more."""
    for _ in range(rounds):
        for client in clients:
            client.flush()
        for client in clients:
            client.receive_all()
