"""Restoring: contacts, settings and messages of a backup into a profile, new or used.

    begin ─▶ contacts, settings ─▶ the name at the relay ─▶ lines, newest first   (files: media)

Each group of segments is one transaction that notes their paths, so the next run goes on
where this one was stopped; another process may use the profile from the first group on. A new
profile takes the backup over: lines get the row ids that are their positions, and its next backup
continues this one. Into a used one, lines come that are not there yet.

Spec: docs/backup.md#reading
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from client.backup.reading.archive import OpenArchive
from client.backup.reading.beginning import Beginning, begin
from client.backup.reading.findings import OF_OBJECTS, Fault, Finding, finding
from client.backup.reading.lines import SegmentLines, lines_of, uncounted
from client.backup.reading.objects import read_object
from client.backup.reading.progress import QUIET, Progress, Report
from client.backup.reading.retained import all_backups
from client.backup.reading.segments import newest_first, read_segment
from client.backup.reading.state import restore_state
from client.backup.reading.taking_in import Part, take_in
from client.backup.reading.wishes import ALL, Destination, Restored, Wishes
from client.store import archive as archives
from client.store import contacts, restoring
from client.store.transaction import Transaction
from protocol.archive.account import AccountKeyRecord
from protocol.archive.entry import Entry
from protocol.archive.layout import ObjectKind
from protocol.archive.segment import Segment
from protocol.archive.state import State, decode_state_untrusted
from protocol.ids import Name

T = TypeVar("T")

_MOST_LINES: Final = 32_768
"""Of one transaction: fewer rewrite the indexes more often, more take more memory."""

_MOST_CHARACTERS: Final = 8_388_608


async def restore(
    archive: OpenArchive,
    into: Destination,
    wishes: Wishes = ALL,
    report: Report = QUIET,
) -> Restored:
    """Restore all but files: these come by :mod:`client.backup.reading.media`.

    Raises:
        LocalError: it is another account's backup, a restore of another one is under way,
            or the disk is full.
        TargetError: the storage failed; the next run goes on.
        UserError: what ``take_over`` raises; the next run tries it again.
    Cost: memory of one group and of the manifest, whatever the size of the history.
    """
    return await _Run(archive, into, wishes, report).everything()


@dataclass
class _Group:
    """Segments of one transaction, while they gather; the first one is small, for a first look."""

    parts: list[Part] = field(default_factory=list)
    lines: int = 0
    characters: int = 0
    most_lines: int = 1

    def add(self, part: Part) -> None:
        rows = part.content.lines.rows
        self.parts.append(part)
        self.lines += len(rows)
        self.characters += sum(len(row.text) for row in rows)

    @property
    def is_full(self) -> bool:
        return self.lines >= self.most_lines or self.characters >= _MOST_CHARACTERS

    def next(self) -> "_Group":
        return _Group(most_lines=min(_MOST_LINES, 2 * max(self.lines, self.most_lines)))


@dataclass
class _Run:
    """One run of a restore."""

    archive: OpenArchive
    into: Destination
    wishes: Wishes
    report: Report
    findings: list[Finding] = field(default_factory=list)
    differing: tuple[Name, ...] = ()
    lines: int = 0

    async def everything(self) -> Restored:
        state_entry, state = await self._single(ObjectKind.STATE, decode_state_untrusted)
        backups, found = await all_backups(self.archive, self.into.surroundings.run_blocking)
        self.findings += found
        began = await self._write(lambda tx: begin(tx, self.archive, self.wishes, backups, state))
        await self._restore_state(began, state_entry, state)
        await self._take_name_over(began)
        await self._restore_lines(began, state)
        continues = await self._write(lambda tx: self._finish(tx))
        return Restored(self.lines, self.differing, continues, tuple(self.findings))

    async def _restore_state(
        self, began: Beginning, entry: Entry | None, state: State | None
    ) -> None:
        if entry is None or state is None or entry.path in began.done:
            return

        def take_over(tx: Transaction) -> tuple[Name, ...]:
            random_bytes = self.into.surroundings.random_bytes
            differing = restore_state(tx, state, random_bytes, new_device=began.fresh)
            restoring.note(tx, [entry.path])
            return differing

        self.differing = await self._write(take_over)

    async def _take_name_over(self, began: Beginning) -> None:
        if self.wishes.take_over is None:
            return
        entry, record = await self._single(ObjectKind.ACCOUNT, AccountKeyRecord.decode_untrusted)
        if entry is None or record is None or entry.path in began.done:
            return
        await self.wishes.take_over(record)
        path = entry.path
        await self._write(lambda tx: restoring.note(tx, [path]))

    async def _restore_lines(self, began: Beginning, state: State | None) -> None:
        entries = [
            entry
            for entry in newest_first(self.archive.of_kind(ObjectKind.SEGMENT))
            if entry.path not in began.done and self.wishes.selection.wants(entry)
        ]
        same = await self._read(lambda tx: _same_counting(tx, state))
        progress = Progress(0, sum(entry.content_bytes for entry in entries))
        group = _Group()
        for entry in entries:
            part = await self._part(entry, began, same)
            if part is not None:
                group.add(part)
            progress = progress.plus(entry.content_bytes, entry.messages)
            if group.is_full or entry is entries[-1]:
                await self._take_in(group, began)
                group = group.next()
                self.report(progress)

    async def _part(
        self, entry: Entry, began: Beginning, same_counting: frozenset[Name]
    ) -> Part | None:
        """Read and sort a segment; None if it cannot be used."""
        run = self.into.surroundings.run_blocking
        try:
            segment = await read_segment(self.archive.target, entry, run)
            content = await run(lambda: self._sorted(segment, began))
        except OF_OBJECTS as error:
            self.findings.append(finding(entry, error))
            return None
        self.findings += [_unlisted(name, entry) for name in content.unlisted]
        if not began.fresh:
            theirs = content.lines.peer not in same_counting
            content = content.with_lines(uncounted(content.lines, theirs=theirs))
        whole = entry.first_ms >= self.wishes.selection.since_ms
        return Part(entry.path if whole else None, content)

    def _sorted(self, segment: Segment, began: Beginning) -> SegmentLines:
        wanted = self.wishes.selection.of(segment)
        return lines_of(wanted, began.own, began.media, self.into.surroundings.now_ms())

    async def _take_in(self, group: _Group, began: Beginning) -> None:
        random_bytes = self.into.surroundings.random_bytes
        self.lines += await self._write(
            lambda tx: take_in(tx, group.parts, random_bytes, fresh=began.fresh)
        )

    def _finish(self, tx: Transaction) -> bool:
        if self.wishes.selection.is_all:
            restoring.mark_text_done(tx)
        own = archives.find(tx)
        return own is not None and own.archive_id == self.archive.head.archive_id

    async def _single(
        self, kind: ObjectKind, decode: Callable[[bytes], T]
    ) -> tuple[Entry | None, T | None]:
        """Read the newest object of a kind; what is wrong with it is a finding."""
        entries = self.archive.of_kind(kind)
        if not entries:
            return None, None
        run = self.into.surroundings.run_blocking
        try:
            return entries[-1], await read_object(self.archive.target, entries[-1], run, decode)
        except OF_OBJECTS as error:
            self.findings.append(finding(entries[-1], error))
            return None, None

    async def _write(self, function: Callable[[Transaction], T]) -> T:
        return await self.into.database.write(function)

    async def _read(self, function: Callable[[Transaction], T]) -> T:
        return await self.into.database.read(function)


def _same_counting(tx: Transaction, state: State | None) -> frozenset[Name]:
    """Give the peers whose counters in the backup are of the run that goes on here."""
    known = () if state is None else state.contacts
    pins = ((contacts.find(tx, Name(each.name)), each) for each in known)
    return frozenset(
        pin.name for pin, each in pins if (pin.identity, pin.series) == (each.identity, each.series)
    )


def _unlisted(name: bytes, entry: Entry) -> Finding:
    return Finding(f"media/{name.hex()}", Fault.UNLISTED, "a file", entry.conversation)
