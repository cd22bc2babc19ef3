"""``glasspost listen``: each new message once, whoever else is reading."""

import math
from typing import Final

import click
import trio

from client.cli.key_notes import note_changed_key
from client.cli.lines import entry_lines, layout_for
from client.cli.opening import opened_engine
from client.cli.options import global_options
from client.cli.output import Json, Output
from client.cli.running import asynchronous
from client.cli.seconds import Seconds
from client.cli.settings import Settings
from client.cli.takeovers import note_takeover
from client.engine.engine import Engine
from client.engine.own_name import NotOurs
from client.errors import RelayUnreachable, TrustOpen
from client.network.refusals import RelayRefusal
from client.profile.lock import FileLock, try_lock
from client.text import join_words
from client.values import (
    ConnectionChanged,
    Contact,
    EntryKind,
    HistoryEntry,
    TakeoverAnnounced,
    TrustQuestion,
)
from protocol.ids import Name

SETTLE_TIMEOUT_S: Final = 5.0

_PAGE: Final = 200
_LOCK_POLL_S: Final = 0.05


@click.command(
    epilog="""\b
Examples:
  glasspost listen                              until Ctrl-C
  glasspost listen --timeout 0                  what is here already
  glasspost --json listen --count 1 --timeout 10 | jq -r .text"""
)
@click.option("--count", type=click.IntRange(min=1), metavar="N", help="End after N messages.")
@click.option(
    "--timeout",
    type=Seconds(),
    metavar="S",
    help="End after S seconds, with exit code 0; 0 prints only what is stored here already.",
)
@global_options(hidden=True)
@asynchronous
async def command(settings: Settings, count: int | None, timeout: float | None) -> None:  # noqa: ASYNC109  # the option's name
    """Print every message that no listen of this profile has printed yet.

    Works beside a chat of the same profile. A message counts as printed only when it has left this
    process. JSON fields: from, text, id, time_ms (arrival at the relay); what is not a text has
    a kind too: unsupported or unreadable; what came again when it was asked for: repaired.

    A changed key is told on standard error (JSON fields: notice, from, verified). The exit code is
    4 if such a question is open at the end and --count was not reached. So is a device that asks
    to take over the name (notice, until_ms, new_identity).
    """
    output = Output(json=settings.json)
    async with opened_engine(settings, receive=True) as engine:
        printer = Printer(engine, output, count)
        await printer.run(math.inf if timeout is None else timeout)
        # What came in the last moment was printed or not; its receipts go out in any case.
        await engine.settle(SETTLE_TIMEOUT_S)
        await printer.raise_if_asked()


class Printer:
    """Prints what is new and marks it, one ``listen`` at a time."""

    def __init__(self, engine: Engine, output: Output, count: int | None) -> None:
        self._engine, self._output = engine, output
        self._left = math.inf if count is None else count
        self._told: str | None = None
        self._takeover: TakeoverAnnounced | None = None

    async def run(self, seconds: float) -> None:
        """Print what is here, then what comes, until the count is reached or the time is up.

        Raises:
            TrustOpen, RefusedByRelay: nothing will come before a person has acted.
        """
        async with self._engine.events() as events:
            for contact in await self._in_question():
                self._note_question(contact.name, verified=contact.verified)
            self._note_takeover(await self._engine.own_device.announcement())
            await self._print_new()
            with trio.move_on_after(seconds):
                while self._left:
                    event = await events.receive()
                    if isinstance(event, ConnectionChanged):
                        self._look_at_problem()
                    elif isinstance(event, TakeoverAnnounced):
                        self._note_takeover(event)
                    elif isinstance(event, TrustQuestion):
                        self._note_question(event.peer, verified=event.verified)
                    await self._print_new()

    async def raise_if_asked(self) -> None:
        """Tell at the end that messages may be held back by a question.

        Raises:
            TrustOpen: one is open, and fewer messages came than were asked for.
        """
        names = [contact.name for contact in await self._in_question()]
        if not names or not self._left:
            return
        raise TrustOpen(
            f"The key of {join_words(names)} has changed.",
            why="What comes under the new key is not opened before you answer.",
            hint=f"Look at both keys and answer: glasspost trust {names[0]}.",
        )

    async def _in_question(self) -> list[Contact]:
        return [each for each in await self._engine.contacts() if each.pending_identity is not None]

    def _note_takeover(self, announced: TakeoverAnnounced | None) -> None:
        if announced is None or announced == self._takeover:
            return
        self._takeover = announced
        note_takeover(self._output, announced)

    def _note_question(self, peer: Name, *, verified: bool) -> None:
        self._output.note(
            f"{peer} shows another identity key than the"
            f" {'verified' if verified else 'expected'} one: glasspost trust {peer}",
            {"notice": "identity_changed", "from": peer, "verified": verified},
        )

    async def _print_new(self) -> None:
        while self._left:
            limit = int(min(self._left, _PAGE))
            with await _locked(self._engine):
                entries = await self._engine.unlistened(limit)
                if not entries:
                    return
                self._print(entries)
                # Printed now: being cancelled before the mark would print it all again.
                with trio.CancelScope(shield=True):
                    await self._engine.mark_listened([entry.row_id for entry in entries])
            self._left -= sum(entry.kind is not EntryKind.NOTICE for entry in entries)

    def _print(self, entries: list[HistoryEntry]) -> None:
        layout = layout_for(self._output.console, (entry.peer for entry in entries))
        for entry in entries:
            if entry.kind is EntryKind.NOTICE:
                note_changed_key(self._output, entry)
                continue
            self._output.record(incoming_record(entry))
            self._output.line(entry_lines(entry, layout))
        self._output.flush()

    def _look_at_problem(self) -> None:
        """Say once why nothing comes; end where waiting cannot help."""
        problem = self._engine.last_problem
        if isinstance(problem, TrustOpen | NotOurs):
            raise problem
        if isinstance(problem, RelayRefusal) and not problem.may_pass:
            raise problem
        if isinstance(problem, RelayUnreachable) and self._told != problem.what:
            self._told = problem.what
            self._output.note(f"{problem.reason} Trying again.")


def incoming_record(entry: HistoryEntry) -> dict[str, Json]:
    """Give a message that came, for programs."""
    record: dict[str, Json] = {
        "from": entry.peer,
        "text": entry.text,
        "id": entry.message_id.hex(),
        "time_ms": entry.arrival_ms,
    }
    if entry.kind is not EntryKind.TEXT:
        record["kind"] = str(entry.kind)
    if entry.repaired:
        record["repaired"] = True
    return record


async def _locked(engine: Engine) -> FileLock:
    """Wait for other ``listen`` processes of this profile to have marked what they print."""
    while (lock := try_lock(engine.folder.listen_lock)) is None:  # noqa: ASYNC110  # no event: another process
        await trio.sleep(_LOCK_POLL_S)
    return lock
