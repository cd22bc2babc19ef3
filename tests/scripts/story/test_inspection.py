"""What the story can search on systems of other kinds."""

from pathlib import Path
from typing import cast

import pytest

from scripts.blindness import process_memory
from scripts.blindness.examination import Examination
from scripts.blindness.media import Medium
from scripts.story.inspection import Inspector
from scripts.story.stage import Stage


@pytest.mark.parametrize("proc", ["/proc", "/no/proc"])
def test_p1_memory_that_cannot_be_searched_is_named(
    proc: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a system other than Linux: the others are searched, and the gap is told."""
    monkeypatch.setattr(process_memory, "PROC", Path(proc))
    inspector = Inspector(cast("Stage", None), cast("Examination", None), ())
    gaps = dict(inspector.not_searched)
    assert gaps.keys() == (set() if proc == "/proc" else {Medium.MEMORY})
    assert all("no /proc" in reason for reason in gaps.values())
