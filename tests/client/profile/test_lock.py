import subprocess
import sys
from pathlib import Path

import pytest

from client.errors import LocalError
from client.profile.lock import is_locked, try_lock

HOLDER = """
import sys
from pathlib import Path
from client.profile.lock import try_lock
lock = try_lock(Path(sys.argv[1]))
print("held" if lock else "refused", flush=True)
sys.stdin.read()
"""


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "receiver.lock"
    first = try_lock(path)
    assert first is not None
    assert try_lock(path) is None
    assert is_locked(path)
    first.release()
    first.release()
    second = try_lock(path)
    assert second is not None
    with second:
        assert is_locked(path)
    assert not is_locked(path)


def test_two_locks_of_a_profile_are_independent(tmp_path: Path) -> None:
    receiver, listen = try_lock(tmp_path / "receiver.lock"), try_lock(tmp_path / "listen.lock")
    assert receiver is not None
    assert listen is not None
    receiver.release()
    listen.release()


def test_a_lock_in_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="cannot be opened"):
        try_lock(tmp_path / "none" / "receiver.lock")


@pytest.mark.slow
def test_p3_a_killed_holder_leaves_no_stale_lock(tmp_path: Path) -> None:
    path = tmp_path / "receiver.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert try_lock(path) is None
        holder.kill()
    lock = try_lock(path)
    assert lock is not None
    lock.release()
