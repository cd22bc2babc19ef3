"""Group commit: many connections' submits and acknowledgements, one sync.

    connections ── put(job) ──▶ queue ──▶ one transaction ──▶ job.settled(result)
                     │                                            then: wake the mailboxes
                     └ waits while the queue is full: back-pressure

While a transaction is being synced the next one gathers, so a batch grows with
the load by itself and a lone submit waits for nobody. **The order is the
promise**: nobody hears of a result before the transaction is on disk.

Spec: docs/protocol.md#delivery, docs/relay.md#a-submit
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import trio

from protocol.ids import DeviceAddress
from server.eventlog import EventLog
from server.signal import Signal
from server.store.interface import RelayStore, StoreTrouble
from server.store.values import Acknowledgement, Outcome, Stored, StoredMail, Submission

# One transaction: enough to share a sync among all, and short enough to answer soon.
MAX_BATCH_JOBS: Final = 1_024
MAX_BATCH_BYTES: Final = 8_388_608

# Waiting for the next transactions; with the batch under way this bounds the relay's memory.
MAX_QUEUED_BYTES: Final = 16_777_216

# What a job costs besides its envelope, so that empty ones are bounded as well.
_JOB_BYTES: Final = 256


@dataclass(frozen=True, slots=True)
class SubmitJob:
    """A submission, and who wants its outcome. ``settled`` returns at once."""

    work: Submission
    settled: Callable[[Outcome | StoreTrouble], None]

    @property
    def size(self) -> int:
        """What it holds in memory, roughly."""
        return len(self.work.envelope) + _JOB_BYTES


@dataclass(frozen=True, slots=True)
class AcknowledgeJob:
    """An acknowledgement, and who wants to know that it is on disk (None) or is not."""

    work: Acknowledgement
    settled: Callable[[StoreTrouble | None], None]

    @property
    def size(self) -> int:
        """What it holds in memory, roughly."""
        return _JOB_BYTES


Job = SubmitJob | AcknowledgeJob

MailArrived = Callable[[DeviceAddress, Sequence[StoredMail]], None]


class Committer:
    """The one task that writes mail."""

    def __init__(self, store: RelayStore, mail_arrived: MailArrived, log: EventLog) -> None:
        """Commit into ``store``, then call ``mail_arrived`` for each mailbox with new mail."""
        self._store = store
        self._mail_arrived = mail_arrived
        self._log = log
        self._jobs: deque[Job] = deque()
        self._queued_bytes = 0
        self._work = Signal()
        self._room = trio.lowlevel.ParkingLot()

    async def put(self, job: Job) -> None:
        """Queue ``job``; waits while the queue is full."""
        while self._queued_bytes >= MAX_QUEUED_BYTES:
            await self._room.park()
        self._jobs.append(job)
        self._queued_bytes += job.size
        self._work.set()

    async def run(self) -> None:
        """Commit batch after batch, until cancelled."""
        while True:
            await self._work.wait()
            while self._jobs:
                await self._commit(self._next_batch())

    def _next_batch(self) -> list[Job]:
        batch: list[Job] = []
        size = 0
        while self._jobs and len(batch) < MAX_BATCH_JOBS and size < MAX_BATCH_BYTES:
            batch.append(self._jobs.popleft())
            size += batch[-1].size
        self._queued_bytes -= size
        self._room.unpark_all()
        return batch

    async def _commit(self, batch: list[Job]) -> None:
        submits = [job for job in batch if isinstance(job, SubmitJob)]
        acknowledges = [job for job in batch if isinstance(job, AcknowledgeJob)]
        try:
            outcomes = await self._store.settle(
                [job.work for job in submits], [job.work for job in acknowledges]
            )
        except StoreTrouble as trouble:
            self._log.event("store-trouble", reason=trouble.reason, jobs=len(batch))
            for job in batch:
                job.settled(trouble)
            return
        for acknowledge in acknowledges:
            acknowledge.settled(None)
        for submit, outcome in zip(submits, outcomes, strict=True):
            submit.settled(outcome)
        self._wake(submits, outcomes)
        self._log_commit(submits, acknowledges)

    def _wake(self, submits: list[SubmitJob], outcomes: list[Outcome]) -> None:
        arrived: dict[DeviceAddress, list[StoredMail]] = {}
        for job, outcome in zip(submits, outcomes, strict=True):
            if isinstance(outcome, Stored) and outcome.sequence is not None:
                new = _stored_mail(job.work, outcome.sequence, outcome.arrival_ms)
                arrived.setdefault(job.work.recipient, []).append(new)
        for mailbox, mail in arrived.items():
            self._mail_arrived(mailbox, mail)

    def _log_commit(self, submits: list[SubmitJob], acknowledges: list[AcknowledgeJob]) -> None:
        self._log.event(
            "committed",
            envelopes=len(submits),
            bytes=sum(len(job.work.envelope) for job in submits),
            acknowledgements=len(acknowledges),
        )


def _stored_mail(submission: Submission, sequence: int, arrival_ms: int) -> StoredMail:
    return StoredMail(
        sequence,
        submission.envelope_id,
        arrival_ms,
        submission.vouched,
        submission.envelope,
    )
