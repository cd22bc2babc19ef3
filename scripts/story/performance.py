"""One performance of the story: stage, script, tellers, and an orderly end in any case."""

import os
import signal
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

import trio

from scripts.blindness.media import Medium
from scripts.blindness.plants import environment_with
from scripts.story.acts import Story
from scripts.story.conversation import Conversation
from scripts.story.events import Opening, Teller
from scripts.story.inspection import Inspector, plants_of
from scripts.story.script import write_script
from scripts.story.stage import open_stage
from scripts.story.verdict import Verdict

_OPENING: Final = (
    "A relay, Alice and Bob: real processes on this machine, real TLS between them. "
    "Everything below happens now; the odd words are drawn anew in each run."
)


class Terminated(Exception):
    """Somebody asked this process to end."""


def perform(folder: Path, tellers: Sequence[Teller], planted: Sequence[Medium] = ()) -> Verdict:
    """Play the story in ``folder``; when this returns or raises, all its processes have ended.

    Args:
        folder: an empty folder, takes all files.
        tellers: those who show it.
        planted: where to plant a canary each.

    Raises:
        DemoFailed: a step did not happen, within a group or by itself.
        Terminated: by SIGTERM or SIGHUP, within a group or by itself.
    """
    return trio.run(_until_signalled, folder, tuple(tellers), tuple(planted))


async def _until_signalled(
    folder: Path, tellers: tuple[Teller, ...], planted: tuple[Medium, ...]
) -> Verdict:
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGHUP) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_raise_on_signal, signals)
            verdict = await _play(folder, tellers, planted)
            nursery.cancel_scope.cancel()
    return verdict


async def _play(folder: Path, tellers: tuple[Teller, ...], planted: tuple[Medium, ...]) -> Verdict:
    script = write_script(os.urandom)
    plants = plants_of(script, planted)
    environment: dict[str, str] = {}
    for plant in plants:
        if plant.medium is Medium.MEMORY:
            environment = environment_with(plant.canary)
    for teller in tellers:
        teller.tell(Opening(_OPENING))
    async with open_stage(folder, environment) as stage:
        inspector = Inspector.of(stage, script, plants)
        return await Story(script, Conversation(stage, tellers), inspector).play()


async def _raise_on_signal(signals: AsyncIterator[int]) -> None:
    async for _number in signals:
        raise Terminated
