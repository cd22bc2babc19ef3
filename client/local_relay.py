"""The relay of this machine, as a process of its own.

The first ``chat`` starts it, it outlives the chat, ``glasspost relay stop`` ends it. Two chats
that start at once must not start two: whoever holds the lock may start one, and the relay inherits
the lock::

    nobody holds it        no relay runs; take it and start one
    held, no answer yet    a chat is starting one: wait
    held, it answers       it runs

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
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import platformdirs
import trio

from client.errors import LocalError
from client.network.address import RelayAddress
from client.profile.files import PRIVATE_FILE, PRIVATE_FOLDER, write_atomically

START_TIMEOUT_S: Final = 15
STOP_TIMEOUT_S: Final = 15

_POLL_S: Final = 0.05
_MAX_LOG_LINE: Final = 300


@dataclass(frozen=True, slots=True)
class LocalRelay:
    """A relay that runs on this machine."""

    pid: int
    endpoint: str
    started_at_ms: int


@dataclass(frozen=True, slots=True)
class RelayFolder:
    """Where the local relay keeps its things; it need not exist yet."""

    path: Path

    @property
    def lock(self) -> Path:
        """Locked as long as the relay lives."""
        return self.path / "lock"

    @property
    def state(self) -> Path:
        """Which process it is, and where it listens."""
        return self.path / "relay.json"

    @property
    def log(self) -> Path:
        """What the relay says."""
        return self.path / "relay.log"

    @property
    def data(self) -> Path:
        """The relay's own data folder."""
        return self.path / "data"


def default_folder() -> RelayFolder:
    """Give the folder beside the profiles' in the user's data directory."""
    return RelayFolder(Path(platformdirs.user_data_dir("glasspost-relay", appauthor=False)))


def running_relay(folder: RelayFolder) -> LocalRelay | None:
    """Give the relay that runs, or None."""
    if not folder.lock.exists():
        return None
    lock = _try_lock(folder)
    if lock is None:
        return _read_state(folder)
    os.close(lock)
    return None


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
                if await answers(address):
                    return relay, False
            await trio.sleep(_POLL_S)
    raise _does_not_start(folder, "It does not answer.")


async def stop(folder: RelayFolder) -> LocalRelay | None:
    """End the relay and wait for its end; None if none runs.

    Raises:
        LocalError: it does not end, or belongs to another user.
    """
    relay = running_relay(folder)
    if relay is None:
        return None
    try:
        os.kill(relay.pid, signal.SIGTERM)
    except ProcessLookupError:
        return None
    except PermissionError as error:
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
        hint=f"Look at its log, {folder.log}, or end it with: kill -9 {relay.pid}",
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
    """Start the relay and wait until it answers; it takes the lock over."""
    try:
        # What an earlier relay left would mislead those who wait for this one.
        folder.state.unlink(missing_ok=True)
        relay = LocalRelay(_spawn(folder, address, lock), address.endpoint, time.time_ns() // 10**6)
        write_atomically(folder.state, json.dumps(asdict(relay)).encode())
        while not await answers(address):
            if _has_ended(relay):
                raise _does_not_start(folder, _last_words(folder))
            await trio.sleep(_POLL_S)
        return relay
    finally:
        os.close(lock)


def _has_ended(relay: LocalRelay) -> bool:
    """Tell whether a child of ours is dead."""
    return os.waitpid(relay.pid, os.WNOHANG) != (0, 0)


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
                (os.POSIX_SPAWN_OPEN, 1, str(folder.log), append, PRIVATE_FILE),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
            setsigdef=[signal.SIGINT, signal.SIGTERM, signal.SIGPIPE],
        )
    finally:
        os.set_inheritable(lock, False)


def _try_lock(folder: RelayFolder) -> int | None:
    """Take the lock without waiting; gives its descriptor, or None while another has it."""
    folder.path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
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
    """Read who runs; None before the first start has got that far."""
    try:
        fields = json.loads(folder.state.read_bytes())
        return LocalRelay(int(fields["pid"]), str(fields["endpoint"]), int(fields["started_at_ms"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _require_same_place(relay: LocalRelay, address: RelayAddress) -> None:
    if relay.endpoint != address.endpoint:
        raise LocalError(
            f"The local relay runs at {relay.endpoint}, not at {address.endpoint}.",
            hint=f"Use --relay {relay.endpoint}, or end it with glasspost relay stop.",
        )


def _last_words(folder: RelayFolder) -> str:
    lines = folder.log.read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[-1][:_MAX_LOG_LINE] if lines else "It said nothing."


def _does_not_start(folder: RelayFolder, why: str) -> LocalError:
    return LocalError(
        "The local relay does not start.",
        why=why,
        hint=f"Look at its log, {folder.log}, or name another relay with --relay.",
    )
