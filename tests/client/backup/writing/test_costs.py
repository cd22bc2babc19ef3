"""What a backup costs: bytes of the next one, memory of a large one."""

import random
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from protocol.archive.layout import ObjectKind
from tests.client.backup.writing.rig import Person, read_back
from tests.support.histories import Shape

MIB = 1 << 20


async def test_the_next_backup_costs_what_is_new(tmp_path: Path, rng: random.Random) -> None:
    person = Person.make(tmp_path, rng)
    await person.write_lines(Shape(3_000, peers=3))
    first = await person.back_up()
    await person.write_lines(Shape(100, peers=3))
    outcome = await person.back_up()
    assert outcome.put_bytes < first.put_bytes / 8
    assert outcome.put_objects <= 1 + 3


async def test_a_conversation_has_few_segments(tmp_path: Path, rng: random.Random) -> None:
    person = Person.make(tmp_path, rng)
    put = 0
    for _ in range(40):
        await person.write_lines(Shape(5, peers=1))
        put += (await person.back_up()).put_objects
    segments = [each for each in read_back(person).needed if each.kind == ObjectKind.SEGMENT]
    assert sum(each.messages for each in segments) == 200
    assert len(segments) <= 8
    assert put < 40 * 3


async def test_progress_ends_where_it_said(tmp_path: Path, rng: random.Random) -> None:
    person = Person.make(tmp_path, rng)
    await person.write_lines(Shape(500, peers=3))
    outcome = await person.back_up()
    done = [each.done_bytes for each in person.progress]
    assert done == sorted(done)
    assert person.progress[-1].done_bytes == person.progress[-1].total_bytes == outcome.put_bytes


def peak_of(folder: Path, lines: int) -> int:
    """Give the peak memory in MiB of a process that backs up ``lines``."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.client.backup.writing.test_costs", str(folder), str(lines)],
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return int(done.stdout)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_history(tmp_path: Path) -> None:
    small, large = (peak_of(tmp_path / str(lines), lines) for lines in (20_000, 120_000))
    assert large < small + 16
    assert large < 200


def main(folder: Path, lines: int) -> None:
    """Make a profile, then back it up; say how much memory that took."""
    person = Person.make(folder, random.Random(1))

    async def run() -> None:
        await person.write_lines(Shape(lines, peers=6))
        person.target.keep_nothing = True
        await person.back_up()

    trio.run(run)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 // MIB)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
