"""``glasspost unblock``: hear somebody again."""

import click

from client.cli.opening import opened_offline
from client.cli.options import global_options
from client.cli.output import Output
from client.cli.profiles import parse_peer
from client.cli.running import asynchronous
from client.cli.settings import Settings


@click.command(
    epilog="""\b
Examples:
  glasspost unblock mallory"""
)
@click.argument("peer")
@global_options(hidden=True)
@asynchronous
async def command(settings: Settings, peer: str) -> None:
    """Show what PEER writes from now on; works offline.

    What came while PEER was blocked is gone: the conversation shows how many messages are missing.
    """
    output, name = Output(json=settings.json), parse_peer(peer)
    async with opened_offline(settings) as engine:
        await engine.unblock(name)
    output.record({"peer": name, "blocked": False})
    output.line(f"{name} is not blocked.")
