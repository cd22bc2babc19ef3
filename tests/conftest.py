"""One seed for a whole run: printed at its head and beside every failure.

``.venv/bin/pytest --seed N`` repeats a run. CI always takes the same seed; elsewhere each run
takes a new one, so that everyday runs keep looking in new places.
"""

import os
import random
import secrets
import shutil
from collections.abc import Generator

import hypothesis
import pytest

IN_CI = os.environ.get("CI") == "true"
CI_SEED = 1

# Deadlines measure the machine, not the code. Examples found once are replayed from the
# database, except in CI, where every run starts from the same state.
hypothesis.settings.register_profile("dev", deadline=None, print_blob=True)
hypothesis.settings.register_profile("ci", deadline=None, print_blob=True, database=None)
hypothesis.settings.load_profile("ci" if IN_CI else "dev")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--seed``."""
    parser.addoption("--seed", type=int, help="seed of every random choice in the tests")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Fix the seed, and hand it to hypothesis before that reads its own option."""
    if config.option.seed is None:
        config.option.seed = CI_SEED if IN_CI else secrets.randbits(32)
    if config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = str(config.option.seed)


def pytest_report_header(config: pytest.Config) -> str:
    """Show the seed at the head of the run."""
    return f"seed: {config.option.seed}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failure how to repeat it."""
    report = yield
    if report.failed:
        again = f".venv/bin/pytest --seed {item.config.option.seed} {item.nodeid!r}"
        report.sections.append(("repeat with", again))
    return report


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """Give the run's seed, for tests that make more than one generator."""
    value: int = request.config.option.seed
    return value


@pytest.fixture
def rng(seed: int, request: pytest.FixtureRequest) -> random.Random:
    """Give a generator of this test's own: the run's order and selection do not move it."""
    return random.Random(f"{seed} {request.node.nodeid}")


@pytest.fixture(scope="session")
def strace() -> str:
    """Give the path of strace; skip where there is none (scripts/test installs it if it can)."""
    path = shutil.which("strace")
    if path is None:
        pytest.skip("strace is not installed: apt-get install strace")
    return path
