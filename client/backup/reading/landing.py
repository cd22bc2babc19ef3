"""A file of a message on its way here: written in parts, and there whole or not at all."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import trio

from client.profile.media_folder import MediaFolder
from client.values import RunBlocking


@asynccontextmanager
async def landing(
    folder: MediaFolder, name: str, run: RunBlocking
) -> AsyncIterator[Callable[[bytes], Awaitable[object]]]:
    """Give what writes the next part of the file ``name``, which is there after the block.

    If the block raises, nothing is left.

    Raises:
        LocalError: the disk is full, or the folder may not be written.
    """
    file = await run(lambda: folder.begin(name))
    try:
        yield lambda data: run(lambda: folder.extend(file, data))
        await run(lambda: folder.finish(name, file))
    except BaseException:
        with trio.CancelScope(shield=True):
            await run(lambda: folder.abandon(name, file))
        raise
