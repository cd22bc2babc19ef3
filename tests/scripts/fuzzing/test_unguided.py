"""Fuzzing where atheris is not: the same targets, and a find is kept."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from scripts.fuzzing import unguided
from scripts.fuzzing.engines import unguided as engine_without_atheris
from scripts.fuzzing.unguided import inputs_of, run_round
from tests.fuzzing.target import Feed, Target
from tests.fuzzing.targets import TARGETS
from tests.support.mutations import change_bytes

SEED_BYTES = 8


def planted() -> tuple[Target, Feed]:
    """Make a target that breaks over every input that is shorter than its seed."""

    def take(data: bytes) -> None:
        assert len(data) >= SEED_BYTES

    feed = Feed(take, (bytes(SEED_BYTES),))
    return Target("planted", lambda: nullcontext(feed), change_bytes), feed


def test_a_find_is_kept(tmp_path: Path) -> None:
    target, feed = planted()
    find = tmp_path / "find"
    with pytest.raises(AssertionError):
        run_round(feed, inputs_of(target, feed.seeds), "1", find)
    assert len(find.read_bytes()) < SEED_BYTES


def test_a_target_that_holds_counts_its_inputs(tmp_path: Path) -> None:
    target = TARGETS["relay_link"]
    with target.opened() as feed:
        inputs = inputs_of(target, feed.seeds)
        assert run_round(feed, inputs, "1", tmp_path / "find", count=20) >= 20


def test_a_python_without_atheris_is_told_so() -> None:
    engine = engine_without_atheris("riscv64")
    assert engine.module == unguided.__name__
    assert "riscv64" in engine.remark
    assert "hypothesis" in engine.remark
    assert "PYTHON=" in engine.remark
