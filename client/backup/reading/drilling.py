"""The drill: a restore to nowhere. Everything is decoded and counted, and nothing is kept.

What a verification cannot see shows here: whether the messages, facts, contacts and the account key
inside intact objects are what they should be, and whether each file a message speaks of is there.

Spec: docs/backup.md#reading
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from client.backup.reading.archive import OpenArchive
from client.backup.reading.findings import OF_OBJECTS, Fault, Finding, finding
from client.backup.reading.objects import read_object, verify_object
from client.backup.reading.positions import Positions
from client.backup.reading.progress import QUIET, Progress, Report
from client.backup.reading.segments import newest_first, read_segment
from client.values import RunBlocking
from protocol.archive.account import AccountKeyRecord
from protocol.archive.entry import Entry
from protocol.archive.facts import Media, unpack_fact_untrusted
from protocol.archive.layout import ObjectKind
from protocol.archive.segment import Segment
from protocol.archive.state import decode_state_untrusted


@dataclass(frozen=True, slots=True)
class Drill:
    """What a restore would give.

    Args:
        messages: lines by conversation; a line in two segments counts once.
        contacts: how many.
        files: distinct objects of media that are whole.
        account_key: whether the name can be taken over with it.
        findings: what cannot be used.
    """

    messages: Mapping[str, int]
    contacts: int
    files: int
    account_key: bool
    findings: tuple[Finding, ...]


@dataclass
class _Counts:
    positions: Positions = field(default_factory=Positions)
    messages: Counter[str] = field(default_factory=Counter)
    contacts: int = 0
    files: int = 0
    account_keys: int = 0
    wanted: set[bytes] = field(default_factory=set)


async def drill(archive: OpenArchive, run: RunBlocking, report: Report = QUIET) -> Drill:
    """Decode everything that a restore would, and count it.

    Raises:
        TargetError: the storage failed.
    Cost: memory of one segment, a bit per message, and the names of all files.
    """
    return await _Drilling(archive, run, report).everything()


class _Drilling:
    """One drill that is under way."""

    def __init__(self, archive: OpenArchive, run: RunBlocking, report: Report) -> None:
        self._archive, self._run, self._report = archive, run, report
        self._counts, self._findings = _Counts(), list[Finding]()
        self._progress = Progress(0, sum(each.content_bytes for each in self._in_order()))

    async def everything(self) -> Drill:
        for entry in self._in_order():
            try:
                await self._take(entry)
            except OF_OBJECTS as error:
                self._findings.append(finding(entry, error))
            self._progress = self._progress.plus(entry.content_bytes, entry.messages)
            self._report(self._progress)
        self._look_for_files()
        counts = self._counts
        return Drill(
            dict(counts.messages),
            counts.contacts,
            counts.files,
            bool(counts.account_keys),
            tuple(self._findings),
        )

    def _in_order(self) -> list[Entry]:
        archive = self._archive
        segments = newest_first(archive.of_kind(ObjectKind.SEGMENT))
        kinds = (ObjectKind.STATE, ObjectKind.ACCOUNT, ObjectKind.MEDIA)
        state, account, media = (archive.of_kind(kind) for kind in kinds)
        return [*state, *account, *segments, *media]

    async def _take(self, entry: Entry) -> None:
        target, run, counts = self._archive.target, self._run, self._counts
        if entry.kind == ObjectKind.SEGMENT:
            segment = await read_segment(target, entry, run)
            await run(lambda: _count(segment, counts))
        elif entry.kind == ObjectKind.STATE:
            state = await read_object(target, entry, run, decode_state_untrusted)
            counts.contacts += len(state.contacts)
        elif entry.kind == ObjectKind.ACCOUNT:
            await read_object(target, entry, run, AccountKeyRecord.decode_untrusted)
            counts.account_keys += 1
        else:
            await verify_object(target, entry, run)
            counts.files += 1

    def _look_for_files(self) -> None:
        listed = {entry.name for entry in self._archive.of_kind(ObjectKind.MEDIA)}
        for name in sorted(self._counts.wanted - listed):
            self._findings.append(Finding(f"media/{name.hex()}", Fault.UNLISTED, "a file"))


def _count(segment: Segment, counts: _Counts) -> None:
    new = sum(counts.positions.add(row.position) for row in segment.rows)
    counts.messages[segment.conversation] += new
    for packed in segment.facts:
        fact = unpack_fact_untrusted(packed)
        if isinstance(fact, Media):
            counts.wanted.update(fact.parts)
