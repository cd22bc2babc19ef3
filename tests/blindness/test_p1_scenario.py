"""P1, whole: real relay, real clients, every medium; and for each medium a planted secret."""

import contextlib
import io
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.blindness import process_memory
from scripts.blindness.media import Medium
from scripts.story.performance import perform
from scripts.story.plain import PlainTeller

ROOT = Path(__file__).resolve().parents[2]
DEMO = [sys.executable, "-P", "-m", "scripts.demo", "--headless"]
TIMEOUT_S = 90

pytestmark = pytest.mark.slow


def run_demo(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*DEMO, *options], cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )


def media_lines(story: str) -> dict[str, str]:
    return dict(re.findall(r"^medium (\w+): (.*)$", story, re.MULTILINE))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that one whole story leaves."""
    return tmp_path_factory.mktemp("demo") / "kept"


@pytest.fixture(scope="module")
def done(kept: Path) -> subprocess.CompletedProcess[str]:
    """Play one whole story, for all who look at it."""
    done = run_demo("--keep", str(kept))
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_p1_the_relay_is_blind(done: subprocess.CompletedProcess[str], kept: Path) -> None:
    """No hit in any medium, each searched in earnest, each with all its controls."""
    media = media_lines(done.stdout)
    assert set(media) == set(Medium)
    for line in media.values():
        assert " hits=0 " in line
        assert "MISSING" not in line
    assert int(media["memory"].split("bytes=")[1].split()[0]) > 50_000_000
    assert "alice read 4 of 4: once, in order" in done.stdout
    assert "bob read 6 of 6: once, in order" in done.stdout
    assert re.search(r"^verdict: HOLDS canaries=\d{3,}", done.stdout, re.MULTILINE)
    assert (kept / "story.txt").read_text() == done.stdout
    assert processes_in(kept) == []


def test_p7_a_swapped_key_is_told_to_one_and_stops_the_other(
    done: subprocess.CompletedProcess[str],
) -> None:
    """Whoever never compared loses what comes after the notice, and nothing from before it."""
    act = done.stdout[done.stdout.index("act 5: ") : done.stdout.index("act 6: ")]
    notice = act.index("bob is warned: alice's key has changed")
    lost = re.search(r"^bob says: (.+)$", act, re.MULTILINE)
    assert lost
    assert notice < lost.start()
    assert f"lost: its operator opens it with that key:, {lost[1]}" in act
    assert act.count("lost: ") == 1
    assert "alice is warned: The key of bob has changed: nothing goes there" in act
    assert "alice is warned: stopped: exit code 4, nothing was sent" in act
    assert "nothing comes back, nothing is opened" in act
    assert "lost by bob to a swapped key: 1" in done.stdout
    assert "lost by alice to a swapped key: 0" in done.stdout


def test_p1_what_is_planted_is_found_where_it_is() -> None:
    """A word for each medium, so that none can be found for another one."""
    done = run_demo(*(option for medium in Medium for option in ("--plant", medium)))
    assert done.returncode == 1, done.stdout + done.stderr
    for medium in Medium:
        assert f"planted in {medium}: FOUND" in done.stdout
        assert " hits=0 " not in media_lines(done.stdout)[medium]
    assert "verdict: FAILS" in done.stdout
    # Everything else went on as ever: the plant alone made it fail.
    assert "MISSING" not in done.stdout
    assert "bob read 6 of 6: once, in order" in done.stdout


def test_p1_without_proc_the_verdict_says_what_was_not_searched(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a system other than Linux: everything else is searched, and the gap is named."""
    monkeypatch.setattr(process_memory, "PROC", Path("/no/proc"))
    told = io.StringIO()
    verdict = perform(tmp_path_factory.mktemp("demo"), [PlainTeller(told)])
    assert verdict.holds
    assert "medium memory: NOT SEARCHED: this system has no /proc" in told.getvalue()
    assert set(media_lines(told.getvalue())) == set(Medium)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_ends_its_processes_when_it_is_interrupted(
    number: signal.Signals, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kept = tmp_path_factory.mktemp("demo") / "kept"
    with subprocess.Popen(
        [*DEMO, "--keep", str(kept)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as demo:
        assert demo.stdout
        for line in demo.stdout:
            if line.startswith("bob reads"):
                break
        assert len(processes_in(kept)) >= 3  # demo, relay, a listening client
        demo.send_signal(number)
        _, errors = demo.communicate(timeout=TIMEOUT_S)
    assert demo.returncode == 130
    assert "Interrupted" in errors
    assert "Traceback" not in errors
    assert processes_in(kept) == []


def test_a_folder_that_holds_something_is_not_written_to(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("full")
    (folder / "diary.txt").touch()
    done = run_demo("--keep", str(folder))
    assert done.returncode == 1
    assert "is not empty; name a new folder" in done.stderr
    assert os.listdir(folder) == ["diary.txt"]


@pytest.mark.parametrize("options", [DEMO, DEMO[:-1]], ids=["headless", "screen"])
def test_a_reader_that_goes_away_ends_the_demo_quietly(options: list[str]) -> None:
    with subprocess.Popen(
        options, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stdout
        assert demo.stderr
        demo.stdout.readline()
        demo.stdout.close()
        errors = demo.stderr.read()
    assert demo.returncode == 1
    assert errors == ""


def processes_in(folder: Path) -> list[int]:
    """Find the processes whose command line names ``folder``."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # gone by now
            if str(folder).encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found
