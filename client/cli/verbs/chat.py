"""``glasspost chat``: talk, line by line."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import click

from client.cli.chat.commands import complete
from client.cli.chat.setup import ready_profile, ready_relay
from client.cli.chat.talk import Talk
from client.cli.chat.terminal import is_terminal
from client.cli.chat.views import StreamView, TerminalView, View
from client.cli.opening import opened_engine
from client.cli.options import global_options
from client.cli.output import Output
from client.cli.profiles import parse_peer
from client.cli.running import asynchronous
from client.cli.settings import Settings
from client.engine.engine import Engine
from client.errors import LocalError


@click.command(
    epilog="""\b
Examples:
  glasspost chat                    who is there, and how to begin
  glasspost --as alice chat bob     in one terminal
  glasspost --as bob chat alice     in another

\b
Inside: /help lists the commands. Enter sends, Alt-Enter begins a new line,
a paste stays one message, Ctrl-D or /quit leaves."""
)
@click.argument("peer", required=False)
@click.option(
    "--no-passphrase",
    is_flag=True,
    help="Do not lock a new profile; whoever copies its folder can read it.",
)
@global_options(hidden=True)
@asynchronous
async def command(settings: Settings, peer: str | None, no_passphrase: bool) -> None:
    """Talk with PEER; what others write shows with their name.

    The first chat asks for your name and a passphrase, and registers you. Where no relay answers
    on this machine, it starts one, which keeps running. Without a terminal, lines are read from
    standard input and printed as they come.
    """
    output = Output(json=False)
    if settings.json:
        raise LocalError("chat is for people.", hint="For programs: glasspost --json listen")
    name = None if peer is None else parse_peer(peer)
    settings = await ready_profile(settings, output, no_passphrase=no_passphrase)
    if name == settings.as_name:
        raise LocalError("That is you.", hint="Name somebody else.")
    first = partial(ready_relay, output=output)
    async with (
        opened_engine(settings, receive=True, first=first) as engine,
        _view(engine) as view,
    ):
        await Talk(engine, view, name).run()


@asynccontextmanager
async def _view(engine: Engine) -> AsyncIterator[View]:
    if not is_terminal():
        yield StreamView()
        return
    names = [contact.name for contact in await engine.contacts()]
    async with TerminalView.opened(lambda line: complete(line, [*names])) as view:
        yield view
