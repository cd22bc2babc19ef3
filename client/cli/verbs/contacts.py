"""``glasspost contacts``: who is known here."""

import click
from rich.text import Text

from client.cli.opening import opened_offline
from client.cli.options import global_options
from client.cli.output import Output
from client.cli.running import asynchronous
from client.cli.settings import Settings
from client.cli.tables import columns, count_of
from client.cli.trust import relay_sees, trust_word, trust_words
from client.moments import clock, day
from client.values import Contact


@click.command(
    epilog="""\b
Examples:
  glasspost contacts
  glasspost verify bob      compare keys with somebody who is not yet checked"""
)
@global_options(hidden=True)
@asynchronous
async def command(settings: Settings) -> None:
    """List the people this profile has written to or heard from; works offline.

    "sealed": the relay does not see who writes to them. That begins when they have answered once.
    """
    output = Output(json=settings.json)
    async with opened_offline(settings) as engine:
        contacts = await engine.contacts()
    for contact in contacts:
        output.record(
            {
                "name": contact.name,
                "trust": trust_word(contact),
                "sealed": contact.sealed,
                "blocked": contact.blocked,
                "held_back": contact.held_back_count,
                "messages": contact.message_count,
                "last_activity_ms": contact.last_activity_ms,
            }
        )
    output.line(contact_lines(contacts))


def contact_lines(contacts: list[Contact]) -> Text:
    """Give one line for each contact, or how to get one."""
    if not contacts:
        return Text('Nobody yet. Begin:  glasspost send NAME "hello"')
    return columns(
        (
            Text(contact.name, style="bold"),
            trust_words(contact),
            relay_sees(contact),
            count_of(contact.message_count, "message"),
            _last(contact),
        )
        for contact in contacts
    )


def _last(contact: Contact) -> Text:
    time_ms = contact.last_activity_ms
    return Text("" if time_ms is None else f"{day(time_ms)} {clock(time_ms)}", style="dim")
