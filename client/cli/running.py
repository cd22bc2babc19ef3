"""An async verb in an event loop, and how a signal ends it.

Whatever is open is closed in order. What was queued is in the database already, so ending early
loses nothing.
"""

import functools
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
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
    async with ended_by(signal.SIGTERM, Terminated):
        await verb()


@asynccontextmanager
async def ended_by(number: signal.Signals, error: type[BaseException]) -> AsyncIterator[None]:
    """Let a signal cancel what is done inside, and leave as ``error``.

    What is open is closed in order then; Python's own KeyboardInterrupt may come between the
    making of a socket and the line that would close it.
    """
    with trio.open_signal_receiver(number) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_raise_on_signal, signals, error)
            yield
            nursery.cancel_scope.cancel()


async def _raise_on_signal(signals: AsyncIterator[int], error: type[BaseException]) -> None:
    async for _number in signals:
        raise error
