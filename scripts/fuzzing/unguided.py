"""The engine for a Python without atheris: hypothesis, which makes a find simpler.

Runs as ``python -m scripts.fuzzing.unguided TARGET SECONDS SEED FIND``.
"""

import random
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

import hypothesis
from hypothesis import strategies as st

from tests.fuzzing.target import Feed, Target
from tests.fuzzing.targets import TARGETS, corpus_of

INPUTS_A_ROUND: Final = 500
MOST_CHANGES: Final = 5
MOST_SEED: Final = (1 << 32) - 1
MOST_TIME_AN_INPUT: Final = timedelta(seconds=5)


def main(name: str, seconds: str, seed: str, find: str) -> None:
    """Fuzz; an input that breaks something is written to ``find`` and raises."""
    target, ends = TARGETS[name], time.monotonic() + int(seconds)
    with target.opened() as feed:
        inputs = inputs_of(target, (b"", *feed.seeds, *corpus_of(name).values()))
        runs = 0
        while time.monotonic() < ends:
            runs += run_round(feed, inputs, f"{seed} {runs}", Path(find))
    print(f"Done {runs} runs")


def inputs_of(target: Target, known: tuple[bytes, ...]) -> st.SearchStrategy[bytes]:
    """Draw a known input, changed a few times."""

    def changed(data: bytes, seed: int, times: int) -> bytes:
        rng = random.Random(seed)  # noqa: S311 - chance that can be repeated is what is wanted
        for _ in range(times):
            data = target.mutate(data, rng)
        return data

    # Draws of a seed, not of each choice: a find has few changes, and is found soon.
    seeds = st.integers(0, MOST_SEED)
    return st.builds(changed, st.sampled_from(known), seeds, st.integers(1, MOST_CHANGES))


def run_round(
    feed: Feed,
    inputs: st.SearchStrategy[bytes],
    seed: str,
    find: Path,
    *,
    count: int = INPUTS_A_ROUND,
) -> int:
    """Feed about ``count`` inputs; give how many it were."""
    fed = 0

    @hypothesis.seed(seed)
    @hypothesis.settings(max_examples=count, deadline=MOST_TIME_AN_INPUT, database=None)
    @hypothesis.given(inputs)
    def take(data: bytes) -> None:
        nonlocal fed
        fed += 1
        find.write_bytes(data)  # the last one that is tried is the one that is reported
        feed.take(data)

    take()
    return fed


if __name__ == "__main__":
    main(*sys.argv[1:])
