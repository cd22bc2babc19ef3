"""An async verb in an event loop.

SIGTERM ends a verb like Ctrl-C does: whatever is open is closed in order. What was queued is in
the database already, so ending early loses nothing.
"""

import functools
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import click
import trio

from client.cli.failure import Terminated
from client.cli.settings import Settings


def asynchronous(verb: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make an async function of settings and arguments the body of a click command."""

    @click.pass_obj
    @functools.wraps(verb)
    def run(settings: Settings, /, **arguments: Any) -> None:
        trio.run(_until_terminated, functools.partial(verb, settings, **arguments))

    return run


async def _until_terminated(verb: Callable[[], Awaitable[None]]) -> None:
    with trio.open_signal_receiver(signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_raise_on_signal, signals)
            await verb()
            nursery.cancel_scope.cancel()


async def _raise_on_signal(signals: Any) -> None:
    async for _number in signals:
        raise Terminated
