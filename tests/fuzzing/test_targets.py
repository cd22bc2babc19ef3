"""Each fuzz target for a moment, and every input that once broke something."""

import random

import pytest

from tests.fuzzing.targets import CORPUS, TARGETS, corpus_of
from tests.protocol.untrusted import DECODERS

MOST_CHANGES = 4


def test_every_decoder_is_a_target() -> None:
    assert set(DECODERS) < set(TARGETS)


def test_every_folder_of_the_corpus_belongs_to_a_target() -> None:
    folders = {folder.name for folder in CORPUS.iterdir()}
    assert folders <= set(TARGETS)
    assert sum(len(corpus_of(name)) for name in folders) == len(list(CORPUS.rglob("*.*")))


@pytest.mark.parametrize("name", TARGETS)
def test_p5_hostile_bytes_do_no_harm(name: str, rng: random.Random) -> None:
    """What a seed, a kept input, or changes of them do is in the target's own words."""
    target = TARGETS[name]
    with target.opened() as feed:
        known = (b"", *feed.seeds, *corpus_of(name).values())
        for data in known:
            feed.take(data)
        for _ in range(target.short_run):
            data = rng.choice(known)
            for _ in range(rng.randint(1, MOST_CHANGES)):
                data = target.mutate(data, rng)
            feed.take(data)
