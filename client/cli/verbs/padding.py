"""``glasspost padding``: how the sizes of messages are hidden."""

from typing import Final

import click

from client.cli.opening import opened_offline
from client.cli.options import global_options
from client.cli.output import Output
from client.cli.running import asynchronous
from client.cli.settings import Settings
from protocol.e2ee.padding import Padding

_MEANING: Final = {
    Padding.PADME: "at least 4,096 bytes, then steps that grow with the size (up to 12% more)",
    Padding.BLOCK: "up to the next multiple of 4,096 bytes",
    Padding.NONE: "not at all: the relay sees how long each message is",
}


@click.command(
    epilog="""\b
Examples:
  glasspost padding           show it
  glasspost padding none      see with xray what it costs, and what it hides
  glasspost padding padme     the default"""
)
@click.argument("mode", type=click.Choice([each.value for each in Padding]), required=False)
@global_options(hidden=True)
@asynchronous
async def command(settings: Settings, mode: str | None) -> None:
    """Show or choose how the sizes of what you send are hidden; works offline.

    It holds for what is encrypted from now on.
    """
    output = Output(json=settings.json)
    async with opened_offline(settings) as engine:
        if mode is not None:
            await engine.set_padding(Padding(mode))
        chosen = await engine.padding()
    output.record({"padding": chosen.value})
    output.line(f"{chosen}: {_MEANING[chosen]}")
