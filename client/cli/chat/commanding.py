"""What each command of the chat does."""

from typing import TYPE_CHECKING, Final

from rich.text import Text

from client.cli.asking import asking
from client.cli.chat.commands import Command, help_rows
from client.cli.chat.views import View
from client.cli.lines import layout_for, width_of
from client.cli.profiles import parse_peer
from client.cli.tables import columns
from client.cli.trust import answered_words, comparing, require_same
from client.cli.verbs.contacts import contact_lines
from client.cli.verbs.history import with_days
from client.cli.verbs.search import found_lines
from client.cli.verbs.status import status_lines
from client.cli.verbs.trust import answer
from client.cli.verbs.verify import checked_line
from client.engine.engine import Engine
from client.errors import LocalError
from client.local_relay import default_folder, running_relay
from protocol.ids import Name

if TYPE_CHECKING:
    from client.cli.chat.talk import Talk

DEFAULT_HISTORY: Final = 20
MOST_HISTORY: Final = 10_000
MOST_FOUND: Final = 20


class Commanding:
    """Carries out commands for one talk."""

    def __init__(self, engine: Engine, view: View, talk: "Talk") -> None:
        self._engine, self._view, self._talk = engine, view, talk
        self._does = {
            "to": self._to,
            "contacts": self._contacts,
            "verify": self._verify,
            "block": self._block,
            "unblock": self._unblock,
            "trust": self._trust,
            "veto": self._veto,
            "history": self._history,
            "search": self._search,
            "status": self._status,
            "help": self._help,
        }

    async def obey(self, command: Command) -> bool:
        """Carry out a command; tells whether the talk goes on.

        Raises:
            UserError: it cannot be done.
        """
        if command.name == "quit":
            return False
        await self._does[command.name](command.argument)
        return True

    async def show_beginning(self) -> None:
        """Show the conversations there are, and how to begin one."""
        contacts = await self._engine.contacts()
        if contacts:
            self._view.say(contact_lines(contacts))
        self._talk.tell("/to NAME begins a conversation, /help lists the commands, /quit leaves.")

    async def _to(self, argument: str) -> None:
        # Whoever mistypes the name goes on to type a text, and means it for nobody we know of.
        self._talk.talk_with_nobody()
        if not argument:
            raise LocalError("/to needs a name.", hint="For example: /to bob; see /contacts.")
        peer = parse_peer(argument)
        if peer == (await self._engine.status()).name:
            raise LocalError("That is you.", hint="Name somebody else.")
        await self._talk.switch_to(peer)

    async def _contacts(self, _argument: str) -> None:
        self._view.say(contact_lines(await self._engine.contacts()))

    async def _verify(self, argument: str) -> None:
        peer = self._peer()
        shown = await self._engine.trust.safety_number(peer)
        if argument:
            require_same(peer, shown, argument, await self._engine.trust.question(peer))
            await self._engine.trust.verify(peer)
            self._view.say(checked_line(peer))
            return
        own = (await self._engine.status()).name
        self._view.say(comparing(peer, own, shown))
        self._talk.tell("Then:  /verify DIGITS")

    async def _block(self, argument: str) -> None:
        peer = parse_peer(argument) if argument else self._peer()
        await self._engine.block(peer)
        self._talk.tell(f"{peer} is blocked. /unblock {peer} undoes it.")

    async def _unblock(self, argument: str) -> None:
        peer = parse_peer(argument) if argument else self._peer()
        await self._engine.unblock(peer)
        self._talk.tell(f"{peer} is not blocked.")

    async def _trust(self, argument: str) -> None:
        peer = self._peer()
        if argument not in ("", "accept", "keep"):
            raise LocalError("That is no answer.", hint="Type /trust accept or /trust keep.")
        question = await self._engine.trust.question(peer)
        if question is None:
            self._talk.tell(f"There is no question open about {peer}.")
            return
        if argument:
            await answer(self._engine, peer, accept=argument == "accept")
            self._talk.tell(answered_words(question, accepted=argument == "accept"))
            return
        own = (await self._engine.status()).name
        self._view.say(asking(question, own, self._talk.speak))

    async def _veto(self, _argument: str) -> None:
        await self._engine.own_device.object()
        # Whether it came in time is told when the relay has answered.
        self._talk.tell("Your veto is kept, and goes to the relay as soon as it is reached.")

    async def _history(self, argument: str) -> None:
        peer = self._peer()
        entries = await self._engine.history(peer, _count(argument))
        spoken = [self._talk.spoken(entry) for entry in entries]
        for text in with_days(spoken, layout_for(self._view.console, [peer])):
            self._view.say(text)

    async def _search(self, argument: str) -> None:
        if not argument:
            raise LocalError("There is nothing to search for.", hint="Type /search and a word.")
        entries = await self._engine.search(argument, MOST_FOUND)
        for text in found_lines(entries, argument, layout_for(self._view.console, [])):
            self._view.say(text)

    async def _status(self, _argument: str) -> None:
        local = running_relay(default_folder())
        self._view.say(
            status_lines(
                await self._engine.status(), local, width_of(self._view.console), self._talk.speak
            )
        )

    async def _help(self, _argument: str) -> None:
        self._view.say(columns((Text(name, style="bold"), words) for name, words in help_rows()))

    def _peer(self) -> Name:
        if self._talk.peer is None:
            raise LocalError("You talk with nobody yet.", hint="Choose with /to NAME.")
        return self._talk.peer


def _count(argument: str) -> int:
    if not argument:
        return DEFAULT_HISTORY
    if argument.isascii() and argument.isdecimal() and len(argument) < 9 and int(argument) > 0:
        return min(int(argument), MOST_HISTORY)
    raise LocalError("That is not a number of messages.", hint="For example: /history 50")
