"""``glasspost listen``: each new message once, whoever else is reading."""

from typing import Final

import click
import trio

from client.cli.lines import entry_lines, layout_for
from client.cli.opening import opened_engine
from client.cli.options import global_options
from client.cli.output import Json, Output
from client.cli.running import asynchronous
from client.cli.settings import Settings
from client.engine.engine import Engine
from client.errors import RefusedByRelay, RelayUnreachable, TrustOpen
from client.profile.lock import FileLock, try_lock
from client.values import ConnectionChanged, EntryKind, HistoryEntry

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
    "--timeout", type=click.FloatRange(min=0), metavar="S", help="End after S seconds, with 0."
)
@global_options(hidden=True)
@asynchronous
async def command(settings: Settings, count: int | None, timeout: float | None) -> None:  # noqa: ASYNC109  # the option's name
    """Print every message that no listen of this profile has printed yet.

    Works beside a chat of the same profile. A message counts as printed only when it has left this
    process. JSON fields: from, text, id, time_ms (arrival at the relay), kind, repaired.
    """
    output = Output(json=settings.json)
    async with opened_engine(settings, receive=True) as engine:
        printer = Printer(engine, output, count)
        with trio.move_on_after(float("inf") if timeout is None else timeout):
            await printer.run()
        # What came in the last moment was printed or not; its receipts go out in any case.
        await engine.settle(SETTLE_TIMEOUT_S)


class Printer:
    """Prints what is new and marks it, one ``listen`` at a time."""

    def __init__(self, engine: Engine, output: Output, count: int | None) -> None:
        self._engine, self._output = engine, output
        self._left = float("inf") if count is None else count
        self._told: str | None = None

    async def run(self) -> None:
        """Print until the count is reached.

        Raises:
            TrustOpen, RefusedByRelay: nothing will come before a person has acted.
        """
        async with self._engine.events() as events:
            while True:
                await self._print_new()
                if not self._left:
                    return
                event = await events.receive()
                if isinstance(event, ConnectionChanged):
                    self._look_at_problem()

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
            self._left -= len(entries)

    def _print(self, entries: list[HistoryEntry]) -> None:
        layout = layout_for(self._output.console, (entry.peer for entry in entries))
        for entry in entries:
            self._output.record(incoming_record(entry))
            self._output.line(entry_lines(entry, layout))
        self._output.flush()

    def _look_at_problem(self) -> None:
        """Say once why nothing comes; end where waiting cannot help."""
        problem = self._engine.last_problem
        if isinstance(problem, TrustOpen) or (
            isinstance(problem, RefusedByRelay) and not getattr(problem, "may_pass", False)
        ):
            raise problem
        if isinstance(problem, RelayUnreachable) and self._told != problem.what:
            self._told = problem.what
            self._output.note(f"{problem.what} {problem.why} Trying again.")


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
