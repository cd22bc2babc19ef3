"""Published test vectors that stand beside the checkout, not in it."""

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[3] / "shared/vectors"


def wycheproof(name: str) -> list[dict[str, Any]]:
    """Give all tests of a Wycheproof file, each with its group's fields.

    The count is compared with the file's own, so that an empty or truncated
    file cannot pass. Where the folder is absent the test is skipped.
    """
    path = FOLDER / "wycheproof" / name
    if not path.exists():
        pytest.skip(f"no published vectors here: {path.name} is not beside the checkout")
    content = json.loads(path.read_text())
    tests = [
        {**{key: value for key, value in group.items() if key != "tests"}, **test}
        for group in content["testGroups"]
        for test in group["tests"]
    ]
    assert len(tests) == content["numberOfTests"] > 0
    return tests
