"""A fuzz target: a place where foreign bytes come in, and what must hold there."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from tests.protocol.untrusted import Decoder
from tests.support.mutations import Mutate


@dataclass(frozen=True)
class Feed:
    """A target that is ready.

    Args:
        take: deals with any bytes; raises if what must hold does not.
        seeds: inputs that go deep, to begin with.
    """

    take: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


@dataclass(frozen=True)
class Target:
    """What can be fuzzed.

    Args:
        name: as on the command line, and of its folder in ``corpus/``.
        opened: makes what the target needs (a store, say), for as long as the
            context lasts.
        mutate: makes other inputs out of inputs, knowing their format.
        short_run: inputs in a test: fewer where each takes milliseconds.
    """

    name: str
    opened: Callable[[], AbstractContextManager[Feed]]
    mutate: Mutate
    short_run: int = 1_500


def decoder_target(name: str, decoder: Decoder) -> Target:
    """Make a target of one decoder."""
    feed = Feed(decoder.feed, decoder.samples)
    return Target(name, lambda: nullcontext(feed), decoder.mutate)
