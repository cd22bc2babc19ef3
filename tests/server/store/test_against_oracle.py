"""Random histories: every engine against the plainest model of a mailbox."""

import random
from dataclasses import dataclass, field

from protocol.ids import DeviceAddress, EnvelopeId
from server.store.interface import RelayStore
from server.store.values import Acknowledgement, NotStored, Outcome, Stored, Submission
from tests.server.store.builders import ALICE, BOB, NOBODY, SOMEBODY, account, waiting


@dataclass
class Oracle:
    """Dictionaries, and nothing clever."""

    waiting: dict[DeviceAddress, dict[int, bytes]] = field(
        default_factory=lambda: {ALICE: {}, BOB: {}}
    )
    known: dict[tuple[DeviceAddress, EnvelopeId], bytes] = field(default_factory=dict)
    last: dict[DeviceAddress, int] = field(default_factory=lambda: {ALICE: 0, BOB: 0})

    def acknowledge(self, done: Acknowledgement) -> None:
        for sequence in list(self.waiting.get(done.mailbox, {})):
            if sequence <= done.up_to:
                del self.waiting[done.mailbox][sequence]

    def submit(self, sent: Submission, now_ms: int) -> Outcome:
        if sent.recipient not in self.waiting:
            return NotStored.UNKNOWN_ACCOUNT
        key = (sent.recipient, sent.envelope_id)
        if key in self.known:
            same = self.known[key] == sent.envelope
            return Stored(now_ms, sequence=None) if same else NotStored.CONFLICT
        self.known[key] = sent.envelope
        self.last[sent.recipient] += 1
        self.waiting[sent.recipient][self.last[sent.recipient]] = sent.envelope
        return Stored(now_ms, self.last[sent.recipient])


def some_submission(rng: random.Random) -> Submission:
    return Submission(
        rng.choice([ALICE, BOB, NOBODY]),
        EnvelopeId(bytes([rng.randrange(200)]) * 16),
        rng.choice([b"one", b"two"]),
        SOMEBODY,
    )


async def test_random_histories_end_as_in_the_model(store: RelayStore, rng: random.Random) -> None:
    oracle = Oracle()
    await store.register(account(ALICE))
    await store.register(account(BOB))
    for _ in range(60):
        submissions = [some_submission(rng) for _ in range(rng.randrange(12))]
        done = [
            Acknowledgement(rng.choice([ALICE, BOB, NOBODY]), rng.randrange(150))
            for _ in range(rng.randrange(3))
        ]
        # An acknowledgement reaches what is there, not what will come.
        done = [
            Acknowledgement(d.mailbox, min(d.up_to, oracle.last.get(d.mailbox, 0))) for d in done
        ]
        for each in done:
            oracle.acknowledge(each)
        expected = [oracle.submit(each, 1_800_000_000_000) for each in submissions]
        assert await store.settle(submissions, done) == expected
        for mailbox in (ALICE, BOB):
            found = {mail.sequence: mail.envelope for mail in await waiting(store, mailbox)}
            assert found == oracle.waiting[mailbox]
