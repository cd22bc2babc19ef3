"""P1: what a process holds is found in its memory, and it goes on unharmed."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from scripts.blindness import process_memory
from scripts.blindness.canaries import Canary
from scripts.blindness.process_memory import MemoryUnreadable, Region, parse_maps
from scripts.blindness.scanner import Scanner

pytestmark = pytest.mark.skipif(
    not process_memory.is_supported(), reason="this system has no /proc/PID/mem"
)

# Takes a hexadecimal secret, keeps it as bytes only, and answers to show that it lives.
HOLDER = """
import sys
held = bytes.fromhex(input())
print("holding", flush=True)
input()
print(sum(held), flush=True)
"""

SECRET = bytes(range(100, 132))


@pytest.fixture
def holder() -> Iterator[subprocess.Popen[str]]:
    """A process that holds SECRET in its heap."""
    command = [sys.executable, "-c", HOLDER]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(SECRET.hex() + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "holding\n"
        yield process
        process.kill()


def test_a_secret_in_memory_is_found(holder: subprocess.Popen[str]) -> None:
    scanner = Scanner([Canary("held", SECRET)])
    with process_memory.stopped(holder.pid):
        findings = scanner.search(process_memory.stretches(holder.pid))
    assert "raw" in {hit.form for hit in findings.hits}
    assert all(hit.place.startswith("memory") for hit in findings.hits)
    assert findings.searched_bytes > 4_000_000


def test_a_secret_that_is_not_there_is_not_found(holder: subprocess.Popen[str]) -> None:
    absent = Canary("absent", SECRET[::-1])
    with process_memory.stopped(holder.pid):
        assert Scanner([absent]).search(process_memory.stretches(holder.pid)).hits == ()


def test_the_process_goes_on_afterwards(holder: subprocess.Popen[str]) -> None:
    with process_memory.stopped(holder.pid):
        assert process_memory.is_stopped(holder.pid)
    assert not process_memory.is_stopped(holder.pid)
    assert holder.stdin
    assert holder.stdout
    holder.stdin.write("\n")
    holder.stdin.flush()
    assert holder.stdout.readline() == f"{sum(SECRET)}\n"


def test_the_process_goes_on_after_an_error(holder: subprocess.Popen[str]) -> None:
    with pytest.raises(ZeroDivisionError), process_memory.stopped(holder.pid):
        _ = 1 // 0
    assert not process_memory.is_stopped(holder.pid)


def test_a_process_that_is_gone_is_a_clear_error(holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait()
    with pytest.raises(MemoryUnreadable, match="is gone"), process_memory.stopped(holder.pid):
        pass
    with pytest.raises(MemoryUnreadable, match="cannot be read"):
        list(process_memory.stretches(holder.pid))


def test_maps_are_read_line_by_line() -> None:
    text = (
        "55d0c0de0000-55d0c0de1000 r--p 00000000 fe:00 1234       /usr/bin/a name (deleted)\n"
        "55d0c0de1000-55d0c0de2000 ---p 00000000 00:00 0 \n"
        "7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0                          [stack]\n"
        "7ffd00030000-7ffd00034000 r--p 00000000 00:00 0                          [vvar]\n"
        "7f0000000000-7f0000001000 rw-p 00000000 00:00 0 \n"
    )
    assert list(parse_maps(text)) == [
        Region(0x55D0C0DE0000, 0x55D0C0DE1000, "/usr/bin/a name (deleted)"),
        Region(0x7FFD00000000, 0x7FFD00021000, "[stack]"),
        Region(0x7F0000000000, 0x7F0000001000, "anonymous"),
    ]


def test_maps_of_another_form_are_an_error() -> None:
    with pytest.raises(MemoryUnreadable, match="another form"):
        list(parse_maps("nonsense\n"))
