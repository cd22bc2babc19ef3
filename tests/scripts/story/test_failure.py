"""A step that does not happen ends the demo with a sentence, never with silence."""

from pathlib import Path

import pytest
import trio

from scripts.story.failure import DemoFailed, leaves, step, tail


async def test_a_step_that_takes_too_long_names_itself(
    autojump_clock: trio.testing.MockClock, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    log.write_text("first\n" * 50 + "the last words\n")
    with (
        pytest.raises(DemoFailed, match=r"bob reads: not done within 15 s") as caught,
        step("bob reads", 15, log),
    ):
        await trio.sleep_forever()
    assert caught.value.said.splitlines()[-1] == "the last words"
    assert len(caught.value.said.splitlines()) < 20


async def test_a_step_in_time_says_nothing(
    autojump_clock: trio.testing.MockClock, tmp_path: Path
) -> None:
    with step("bob reads", 15, tmp_path / "log"):
        await trio.sleep(14)


def test_a_log_that_is_not_there_has_no_tail(tmp_path: Path) -> None:
    assert tail(tmp_path / "none") == ""


def test_errors_are_found_in_groups_of_groups() -> None:
    inner, outer = ValueError(), KeyError()
    assert list(leaves(ExceptionGroup("", [ExceptionGroup("", [inner]), outer]))) == [inner, outer]
    assert list(leaves(inner)) == [inner]
