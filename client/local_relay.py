"""The relay of this machine, as a process of its own.

The first ``chat`` starts it, it outlives the chat, ``glasspost relay stop`` ends it. Two chats
that start at once must not start two: whoever holds the lock may start one, and the relay inherits
the lock::

    nobody holds it            no relay runs; take it and start one
    held, no address yet       a chat is starting one: wait
    held, it said its address  it runs

A chat whose relay died starts it again; one that somebody stopped stays stopped, until a chat is
begun: `relay stop` leaves a mark, and a start takes it away.

The kernel gives the lock back when the relay is dead, however it died; so no process id is ever
trusted without it. The client knows the relay's command line and nothing else of it.
"""

import errno
import fcntl
import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs
import trio

from client.errors import LocalError
from client.network.address import RelayAddress, parse_address
from client.profile.files import PRIVATE_FILE, PRIVATE_FOLDER, write_atomically
from client.text import clean_line
from protocol.errors import BadAddress

START_TIMEOUT_S: Final = 15
STOP_TIMEOUT_S: Final = 15

_POLL_S: Final = 0.05
_MAX_SAID: Final = 300


@dataclass(frozen=True, slots=True)
class LocalRelay:
    """A relay that runs on this machine, ready to answer at ``address``."""

    pid: int
    address: RelayAddress
    started_at_ms: int


@dataclass(frozen=True, slots=True)
class RelayFolder:
    """Where the local relay keeps its things; nothing says that they exist.

    Args:
        data: the relay's own folder.
        ours: what clients know about it.
    """

    data: Path
    ours: Path

    @property
    def lock(self) -> Path:
        """Locked as long as the relay lives."""
        return self.ours / "lock"

    @property
    def state(self) -> Path:
        """Which process it is."""
        return self.ours / "process.json"

    @property
    def output(self) -> Path:
        """What this start of the relay has said; first, when it is ready, its address."""
        return self.ours / "output"

    @property
    def stopped(self) -> Path:
        """There if the relay that ran last was ended on purpose."""
        return self.ours / "stopped"


def default_folder() -> RelayFolder:
    """Give the folders in the user's data directory; no profile's name begins with a dot."""
    base = Path(platformdirs.user_data_dir("glasspost", appauthor=False))
    return RelayFolder(base / "relay", base / ".local-relay")


def running_relay(folder: RelayFolder) -> LocalRelay | None:
    """Give the relay that runs, or None."""
    if not folder.lock.exists():
        return None
    lock = _try_lock(folder)
    if lock is None:
        return _read_state(folder)
    os.close(lock)
    return None


def last_address(folder: RelayFolder) -> RelayAddress | None:
    """Give the address, with fingerprint, of the relay that runs or ran last; None if none did."""
    try:
        return parse_address(next(line for line in _said(folder) if "://" in line))
    except (StopIteration, BadAddress):
        return None


def was_stopped(folder: RelayFolder) -> bool:
    """Tell whether the relay that ran last was ended on purpose."""
    return folder.stopped.exists()


async def ensure_running(folder: RelayFolder, address: RelayAddress) -> tuple[LocalRelay, bool]:
    """Start a relay at ``address`` unless one runs or is being started.

    Returns:
        The relay, ready to answer, and whether this call started it.

    Raises:
        LocalError: it does not start, or one runs at another address.
    """
    with trio.move_on_after(START_TIMEOUT_S):
        while True:
            lock = _try_lock(folder)
            if lock is not None:
                return await _start(folder, address, lock), True
            relay = _read_state(folder)
            if relay is not None:
                _require_same_place(relay, address)
                return relay, False
            await trio.sleep(_POLL_S)
    raise _does_not_start(folder)


async def stop(folder: RelayFolder) -> LocalRelay | None:
    """End the relay and wait for its end; None if none runs.

    Raises:
        LocalError: it does not end, or belongs to another user.
    """
    relay = running_relay(folder)
    if relay is None:
        return None
    # Before the signal: a chat that loses its connection looks at once.
    write_atomically(folder.stopped, b"")
    try:
        os.kill(relay.pid, signal.SIGTERM)
    except ProcessLookupError:
        return None
    except PermissionError as error:
        folder.stopped.unlink(missing_ok=True)
        raise LocalError(
            f"The local relay (process {relay.pid}) belongs to another user.",
            hint="Ask that user to stop it.",
        ) from error
    with trio.move_on_after(STOP_TIMEOUT_S):
        while running_relay(folder) is not None:  # noqa: ASYNC110  # another process ends: polled
            await trio.sleep(_POLL_S)
        return relay
    raise LocalError(
        f"The local relay (process {relay.pid}) does not end.",
        hint=f"Look at what it said, in {folder.output}, or: kill -9 {relay.pid}",
    )


async def answers(address: RelayAddress) -> bool:
    """Tell whether something takes connections at ``address``."""
    try:
        with trio.fail_after(1):
            stream = await trio.open_tcp_stream(address.host, address.port)
    except (OSError, trio.TooSlowError):
        return False
    await trio.aclose_forcefully(stream)
    return True


async def _start(folder: RelayFolder, address: RelayAddress, lock: int) -> LocalRelay:
    """Start the relay and wait until it is ready; it takes the lock over."""
    try:
        # What an earlier relay left would mislead those who wait for this one.
        folder.state.unlink(missing_ok=True)
        folder.output.unlink(missing_ok=True)
        folder.stopped.unlink(missing_ok=True)
        pid = _spawn(folder, address, lock)
        state = {"pid": pid, "started_at_ms": time.time_ns() // 1_000_000}
        write_atomically(folder.state, json.dumps(state).encode())
        while (relay := _read_state(folder)) is None:
            if _has_ended(pid):
                raise _does_not_start(folder)
            await trio.sleep(_POLL_S)
        return relay
    finally:
        os.close(lock)


def _has_ended(pid: int) -> bool:
    """Tell whether a child of ours is dead."""
    return os.waitpid(pid, os.WNOHANG) != (0, 0)


def _spawn(folder: RelayFolder, address: RelayAddress, lock: int) -> int:
    """Start the process in a session of its own, so that no Ctrl-C of ours reaches it."""
    # -P: a folder named `server` where the user stands must not be imported.
    command = [sys.executable, "-P", "-m", "server", "relay"]
    command += ["--listen", address.endpoint, "--data", str(folder.data)]
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    os.set_inheritable(lock, True)
    try:
        return os.posix_spawn(
            sys.executable,
            command,
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(folder.output), append, PRIVATE_FILE),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
            setsigdef=[signal.SIGINT, signal.SIGTERM, signal.SIGPIPE],
        )
    finally:
        os.set_inheritable(lock, False)


def _try_lock(folder: RelayFolder) -> int | None:
    """Take the lock without waiting; gives its descriptor, or None while another has it."""
    folder.ours.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    descriptor = os.open(folder.lock, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return None
        raise
    return descriptor


def _read_state(folder: RelayFolder) -> LocalRelay | None:
    """Read who runs; None until it has said its address."""
    try:
        fields = json.loads(folder.state.read_bytes())
        pid, started_at_ms = int(fields["pid"]), int(fields["started_at_ms"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    address = last_address(folder)
    return None if address is None else LocalRelay(pid, address, started_at_ms)


def _said(folder: RelayFolder) -> list[str]:
    """Give the whole lines that the relay has said."""
    try:
        text = folder.output.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    return [line.rstrip() for line in text.splitlines(keepends=True) if line.endswith("\n")]


def _require_same_place(relay: LocalRelay, address: RelayAddress) -> None:
    if relay.address.endpoint != address.endpoint:
        raise LocalError(
            f"The local relay runs at {relay.address.endpoint}, not at {address.endpoint}.",
            hint=f"Use --relay {relay.address.endpoint}, or end it with glasspost relay stop.",
        )


def _does_not_start(folder: RelayFolder) -> LocalError:
    said = _said(folder)
    return LocalError(
        "The local relay does not start.",
        why=clean_line(said[-1][:_MAX_SAID]) if said else "It said nothing.",
        hint="Mend what it complains about, or name another relay with --relay.",
    )
