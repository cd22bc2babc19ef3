"""``glasspost block``: hear somebody no more, and take a permission back."""

from typing import Final

import click

from client.cli.opening import opened_engine
from client.cli.options import global_options
from client.cli.output import Output
from client.cli.profiles import parse_peer
from client.cli.running import asynchronous
from client.cli.settings import Settings
from client.engine.engine import Engine
from client.errors import RelayUnreachable

ANSWER_TIMEOUT_S: Final = 20.0
SETTLE_TIMEOUT_S: Final = 5.0


@click.command(
    epilog="""\b
Examples:
  glasspost block mallory
  glasspost contacts          shows who is blocked
  glasspost unblock mallory"""
)
@click.argument("peer")
@global_options(hidden=True)
@asynchronous
async def command(settings: Settings, peer: str) -> None:
    """Show nothing of PEER any more, and send no receipts.

    PEER is not told. The permission to write to you without a name is taken back: your other
    contacts get a new one. If the relay cannot be reached that follows later, and the exit code is
    2; the block itself holds at once.
    """
    output, name = Output(json=settings.json), parse_peer(peer)
    async with opened_engine(settings, receive=False) as engine:
        await engine.block(name)
        problem = await _hand_over(engine)
    output.record({"peer": name, "blocked": True, "permission_ended": problem is None})
    output.line(f"{name} is blocked.")
    output.flush()
    if problem is not None:
        raise RelayUnreachable(
            f"{name} can still submit to you without a name.",
            why=problem.reason,
            hint="Nothing of it is shown; the permission ends when the relay is reached.",
        )


async def _hand_over(engine: Engine) -> RelayUnreachable | None:
    """Let the relay and the other contacts hear of it; gives the reason if they cannot now."""
    try:
        await engine.wait_online(ANSWER_TIMEOUT_S)
        await engine.wait_token_set(ANSWER_TIMEOUT_S)
    except RelayUnreachable as problem:
        return problem
    await engine.settle(SETTLE_TIMEOUT_S)
    return None
