"""A conversation: the engine's events become lines, the user's lines go to the engine.

Own messages are shown when they are stored, and their mark changes in place as long as they are on
the screen. Beyond that only their end is said, in a dim line: delivered, or failed and why. Where
nothing can be rewritten, each change is.
"""

from contextlib import aclosing
from dataclasses import replace
from typing import Final

import trio
from rich.text import Text

from client.cli.chat.commanding import Commanding
from client.cli.chat.commands import Command, NotACommand, Say, parse_line
from client.cli.chat.takeover_news import TakeoverNews
from client.cli.chat.views import View
from client.cli.failure import failure_of
from client.cli.hints import in_chat
from client.cli.lines import Layout, entry_lines, layout_for, width_of
from client.cli.output import failure_text
from client.cli.states import MARKS, STATE_WORDS
from client.cli.tables import beside, count_of
from client.engine.engine import Engine
from client.engine.own_name import NotOurs
from client.errors import RelayUnreachable, UserError
from client.text import shorten
from client.values import (
    Connection,
    ConnectionChanged,
    Contact,
    EngineEvent,
    EntryKind,
    HistoryChanged,
    HistoryEntry,
    MessageState,
    TakeoverAnnounced,
)
from protocol.errors import GlasspostError
from protocol.ids import Name

BACKLOG: Final = 10
SETTLE_TIMEOUT_S: Final = 5.0

_PAGE: Final = 50
_QUOTE_CHARS: Final = 30


class Talk:
    """One user at one engine; ``peer`` is whom a text goes to."""

    def __init__(self, engine: Engine, view: View, peer: Name | None) -> None:
        self._engine, self._view = engine, view
        self._commanding = Commanding(engine, view, self)
        self.peer = peer
        self._shown: dict[int, MessageState] = {}
        self._newest_at_start = 0
        self._connection: Connection | None = None
        self._told: object = None
        self._takeover = TakeoverNews(
            engine, lambda words, style: self.tell(self.speak(words), style)
        )
        self._hinted = False
        self._unsent = ""
        self._one_at_a_time = trio.Lock()

    async def run(self) -> None:
        """Talk until the user leaves."""
        async with self._engine.events() as events:
            await self._begin()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._follow, events)
                nursery.start_soon(self._takeover.follow)
                async with aclosing(self._view.lines()) as lines:
                    async for line in lines:
                        if not await self._obey(line):
                            break
                nursery.cancel_scope.cancel()
        await self._engine.settle(SETTLE_TIMEOUT_S)

    def talk_with_nobody(self) -> None:
        """Let no text go to anybody until somebody is chosen."""
        self.peer = None
        self._set_prompt()

    async def switch_to(self, peer: Name) -> None:
        """Talk with somebody else, from the last lines of what was said before."""
        self.peer = peer
        self._set_prompt()
        entries = await self._with_untold(peer, await self._engine.history(peer, BACKLOG))
        if not entries:
            self.tell(f"Nothing was said with {peer} yet. Type a text, then Enter.")
        for entry in entries:
            self._say(entry)
        await self._mark_told(entries)
        if self._unsent:
            self._view.put_back(self._unsent)
            self._unsent = ""

    def tell(self, words: str, style: str = "dim") -> None:
        """Say something of our own, in a line that is dim unless it matters."""
        lines = beside(Text("-- "), Text(words), width_of(self._view.console))
        lines.stylize(style)
        self._view.say(lines)

    def speak(self, words: str) -> str:
        """Give our own words with commands as they are typed here."""
        return in_chat(words, self.peer)

    def spoken(self, entry: HistoryEntry) -> HistoryEntry:
        """Give an entry to show; of a notice, which is our own, with such commands."""
        if entry.kind is not EntryKind.NOTICE:
            return entry
        return replace(entry, text=self.speak(entry.text))

    # --- what comes -----------------------------------------------------------

    async def _begin(self) -> None:
        self._newest_at_start = await _newest_row_id(self._engine)
        if self.peer is not None:
            await self.switch_to(self.peer)
        else:
            await self._commanding.show_beginning()
        self._set_prompt()
        for contact in await self._engine.contacts():
            if contact.pending_identity is not None:
                self._tell_question(contact.name)
            elif contact.held_back_count:
                self._tell_held_back(contact)
        self._takeover.hear((await self._engine.status()).takeover)
        problem = self._engine.last_problem
        self._tell_connection(
            ConnectionChanged(self._engine.connection, "" if problem is None else problem.reason)
        )

    async def _follow(self, events: trio.MemoryReceiveChannel[EngineEvent]) -> None:
        async for event in events:
            if isinstance(event, ConnectionChanged):
                self._tell_connection(event)
            elif isinstance(event, HistoryChanged):
                await self._show_changes(event.peer)
            elif isinstance(event, TakeoverAnnounced):
                self._takeover.hear(event)
            else:
                self._tell_question(event.peer)

    def _tell_question(self, peer: Name) -> None:
        self.tell(
            f"The key of {peer} has changed: nothing goes there before you answer."
            f" /to {peer}, then /verify or /trust",
            "bold yellow",
        )

    def _tell_held_back(self, contact: Contact) -> None:
        texts = count_of(contact.held_back_count, "text")
        self.tell(
            f"The key of {contact.name} has changed: {texts} from before held back."
            f" /to {contact.name}, then /verify or /trust",
            "bold yellow",
        )

    async def _show_changes(self, peer: Name) -> None:
        async with self._one_at_a_time:
            entries = await self._changed(peer)
            for entry in entries:
                self._show(entry)
            await self._mark_told(entries)

    async def _with_untold(self, peer: Name, entries: list[HistoryEntry]) -> list[HistoryEntry]:
        """Give ``entries`` with notices of a changed key before them that nothing has shown yet."""
        known = {entry.row_id for entry in entries}
        untold = await self._engine.untold_notices(peer)
        return [entry for entry in untold if entry.row_id not in known] + entries

    async def _mark_told(self, entries: list[HistoryEntry]) -> None:
        """Note that notices were read here: a text from now on is for the key they tell of."""
        rows = [entry.row_id for entry in entries if entry.kind is EntryKind.NOTICE]
        if rows:
            await self._engine.mark_listened(rows)

    def _show(self, entry: HistoryEntry) -> None:
        if entry.outgoing and entry.peer != self.peer:
            self._note_elsewhere(entry)
        elif entry.row_id in self._shown:
            self._say_state(entry)
        else:
            self._say(entry)

    def _note_elsewhere(self, entry: HistoryEntry) -> None:
        """Pass over our own lines in another conversation: here they would read as said here.

        Only that one failed is worth the interruption, and then it is named to whom it was.
        """
        self._shown[entry.row_id] = entry.state
        if entry.state is MessageState.FAILED:
            self.tell(self.speak(f"To {entry.peer}: {_state_words(entry)}"))

    async def _changed(self, peer: Name) -> list[HistoryEntry]:
        """Give the lines that are not shown as they are now; reads back until all are found."""
        limit = _PAGE
        while True:
            entries = await self._engine.history(peer, limit)
            new = [entry for entry in entries if self._is_new(entry)]
            if len(new) < limit or len(entries) < limit:
                return new
            limit *= 4

    def _is_new(self, entry: HistoryEntry) -> bool:
        if entry.row_id in self._shown:
            return self._shown[entry.row_id] is not entry.state
        return entry.row_id > self._newest_at_start

    def _say(self, entry: HistoryEntry) -> None:
        self._shown[entry.row_id] = entry.state
        shown = self.spoken(entry)
        self._view.say(entry_lines(shown, self._layout(entry)), str(entry.row_id))
        if self.peer is None and not self._hinted and entry.kind is EntryKind.TEXT:
            self._hinted = True
            self.tell(f"/to {entry.peer}, then type your answer.")

    def _say_state(self, entry: HistoryEntry) -> None:
        self._shown[entry.row_id] = entry.state
        again = self._view.say_again(entry_lines(entry, self._layout(entry)), str(entry.row_id))
        if entry.state is MessageState.FAILED or not (again or self._is_passing(entry.state)):
            self.tell(self.speak(_state_words(entry)))

    def _is_passing(self, state: MessageState) -> bool:
        """Tell whether to wait for what comes next: who reads a stream may wait for each."""
        return self._view.rewrites and state is not MessageState.DELIVERED

    def _layout(self, entry: HistoryEntry) -> Layout:
        return layout_for(self._view.console, {entry.peer, self.peer or entry.peer})

    # --- what the user types --------------------------------------------------

    async def _obey(self, line: str) -> bool:
        """Do what a line says; tells whether to go on."""
        meaning = parse_line(line)
        try:
            if isinstance(meaning, Say):
                await self._send(meaning.text)
            elif isinstance(meaning, Command):
                return await self._commanding.obey(meaning)
            elif isinstance(meaning, NotACommand):
                self.tell(meaning.advice)
        except (UserError, GlasspostError) as error:
            failure = failure_of(error)
            self._view.say(failure_text(replace(failure, hint=self.speak(failure.hint))))
        return True

    async def _send(self, text: str) -> None:
        if self.peer is None:
            self._unsent = text
            self.tell("To whom? Choose with /to NAME.")
            return
        async with self._one_at_a_time:  # what is on the screen is marked as told by then
            unseen = await self._engine.untold_notices(self.peer)
            await self._engine.send_text(self.peer, text)
        await self._show_changes(self.peer)
        if unseen:
            await self._tell_all_held_back(self.peer)

    async def _tell_all_held_back(self, peer: Name) -> None:
        for contact in await self._engine.contacts():
            if contact.name == peer and contact.held_back_count:
                self._tell_held_back(contact)

    # --- the connection -------------------------------------------------------

    def _tell_connection(self, event: ConnectionChanged) -> None:
        """Say when the relay is reached or lost, and why; not every attempt in between."""
        if event.connection is Connection.CONNECTING:
            return
        problem = self._engine.last_problem
        # That it is unreachable now, after it hung up, is no news; that it refuses us is.
        news = event.connection, None if problem is None else problem.exit_code
        if news != self._told:
            self.tell(_connection_words(event, problem))
            # What only a person can mend; that a relay is away passes by itself.
            if problem and problem.hint and not isinstance(problem, RelayUnreachable):
                self.tell(f"Next: {self.speak(problem.hint)}")
        self._told, self._connection = news, event.connection
        self._set_prompt()

    def _set_prompt(self) -> None:
        offline = " (offline)" if self._connection is Connection.OFFLINE else ""
        self._view.prompt(f"{self.peer or ''}{offline}> ".lstrip())


def _state_words(entry: HistoryEntry) -> str:
    """Say how far a line above has come."""
    words = (
        f"{MARKS[entry.state]} {STATE_WORDS[entry.state]}: “{shorten(entry.text, _QUOTE_CHARS)}”"
    )
    return f"{words}. {entry.failure}" if entry.failure else words


def _connection_words(event: ConnectionChanged, problem: UserError | None) -> str:
    if event.connection is Connection.ONLINE:
        return "Connected."
    if isinstance(problem, NotOurs):
        return f"Not connected: {event.reason}"
    return f"Not connected: {event.reason} What you write is queued."


async def _newest_row_id(engine: Engine) -> int:
    """Give the highest row id there is, as far as the newest lines of all conversations tell."""
    newest = 0
    for contact in await engine.contacts():
        rows = [entry.row_id for entry in await engine.history(contact.name, _PAGE)]
        newest = max([newest, *rows])
    return newest
