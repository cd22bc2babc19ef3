"""``glasspost veto``: keep the name when another device asks for it."""

from typing import Final

import click

from client.cli.opening import opened_engine
from client.cli.options import global_options
from client.cli.output import Output
from client.cli.running import asynchronous
from client.cli.settings import Settings
from client.cli.takeovers import announced_fields, announced_words, fingerprint
from client.engine.engine import Engine
from client.errors import RelayUnreachable

ANSWER_TIMEOUT_S: Final = 20.0


@click.command(
    epilog="""\b
Examples:
  glasspost status      shows whether another device asks
  glasspost veto        keeps the name here"""
)
@global_options(hidden=True)
@asynchronous
async def command(settings: Settings) -> None:
    """Cancel the takeover of this name by another device, and change the account key.

    Whoever asked has the old account key. So account files saved before are stale afterwards: save
    a new one. If the relay is away, the veto is kept and goes out later, with exit code 2.
    """
    output = Output(json=settings.json)
    async with opened_engine(settings, receive=False) as engine:
        await _hear(engine)
        objection = await engine.own_device.object()
        announced, ours = objection.announced, await engine.own_device.identity()
        output.line(announced_words(announced).partition(" If that")[0])
        output.line(f"  this device   {fingerprint(ours)}")
        output.line(f"  the other     {fingerprint(announced.new_identity)}")
        output.flush()
        await engine.own_device.wait_settled(objection, ANSWER_TIMEOUT_S)
    output.record({"vetoed": True, "identity": ours.hex(), **announced_fields(announced)})
    output.line("It is cancelled, and the account key is another one now.")
    output.line("Account files saved before are stale. Save a new one: glasspost account save FILE")


async def _hear(engine: Engine) -> None:
    """Wait for what the relay announces at a login, if it can be reached."""
    try:
        await engine.wait_online(ANSWER_TIMEOUT_S)
    except RelayUnreachable:
        return
    await engine.own_device.announced_at_login(ANSWER_TIMEOUT_S)
