"""The engine that sees what code an input reaches (atheris, with libFuzzer inside).

Runs as ``python -m scripts.fuzzing.guided TARGET SECONDS SEED FIND`` and ends its
process. A custom mutator knows the target's format; each second input comes from
libFuzzer's own, which knows the values that the code compares with.
"""

import random
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

import atheris

# Only what is imported in here is seen; the targets import all that they feed.
with atheris.instrument_imports(include=["protocol", "client"]):
    from tests.fuzzing.target import Target
    from tests.fuzzing.targets import TARGETS, corpus_of

Mutator = Callable[[bytes, int, int], bytes]

MOST_BYTES: Final = 8_192
MOST_SECONDS_AN_INPUT: Final = 5


def main(name: str, seconds: str, seed: str, find: str) -> None:
    """Fuzz; an input that breaks something is written to ``find``, and ends the process."""
    target = TARGETS[name]
    with target.opened() as feed:
        corpus = _written_down((*feed.seeds, *corpus_of(name).values()))
        options = [
            f"-max_total_time={seconds}",
            f"-seed={int(seed) + 1}",  # 0 would mean: any
            f"-max_len={MOST_BYTES}",
            f"-timeout={MOST_SECONDS_AN_INPUT}",
            f"-exact_artifact_path={find}",
        ]
        atheris.Setup([sys.argv[0], *options, corpus], feed.take, custom_mutator=_mutator(target))
        atheris.Fuzz()


def _written_down(seeds: tuple[bytes, ...]) -> str:
    folder = Path(mkdtemp())
    for number, seed in enumerate(seeds):
        (folder / str(number)).write_bytes(seed)
    return str(folder)


def _mutator(target: Target) -> Mutator:
    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        rng = random.Random(seed)  # noqa: S311 - chance that can be repeated is what is wanted
        if rng.random() < 0.5:
            changed: bytes = atheris.Mutate(data, max_size)
            return changed
        return target.mutate(bytes(data), rng)[:max_size]

    return mutate


if __name__ == "__main__":
    main(*sys.argv[1:])
