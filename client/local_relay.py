"""The relay of this machine, as a process of its own.

The first ``chat`` starts it, it outlives the chat, ``glasspost relay stop`` ends it. Two chats
that start at once start one: see :mod:`client.local_service`.
"""

from pathlib import Path

import platformdirs
import trio

from client.errors import LocalError
from client.local_service import Running, Service, ServiceFolder
from client.network.address import RelayAddress, parse_address
from protocol.errors import BadAddress

LocalRelay = Running[RelayAddress]
RelayFolder = ServiceFolder


def default_folder() -> RelayFolder:
    """Give the folders in the user's data directory; no profile's name begins with a dot."""
    base = Path(platformdirs.user_data_dir("glasspost", appauthor=False))
    return RelayFolder(base / "relay", base / ".local-relay")


def running_relay(folder: RelayFolder) -> LocalRelay | None:
    """Give the relay that runs, or None."""
    return _service(folder).running()


def last_address(folder: RelayFolder) -> RelayAddress | None:
    """Give the address, with fingerprint, of the relay that runs or ran last; None if none did."""
    return _service(folder).last_address()


async def ensure_running(folder: RelayFolder, address: RelayAddress) -> tuple[LocalRelay, bool]:
    """Start a relay at ``address`` unless one runs or is being started.

    Returns:
        The relay, ready to answer, and whether this call started it.

    Raises:
        LocalError: it does not start, or one runs at another address.
    """
    arguments = ["relay", "--listen", address.endpoint, "--data", str(folder.data)]
    relay, started = await _service(folder).ensure_running(arguments)
    if relay.address.endpoint != address.endpoint:
        raise LocalError(
            f"The local relay runs at {relay.address.endpoint}, not at {address.endpoint}.",
            hint=f"Use --relay {relay.address.endpoint}, or end it with glasspost relay stop.",
        )
    return relay, started


async def stop(folder: RelayFolder) -> LocalRelay | None:
    """End the relay and wait for its end; None if none runs.

    Raises:
        LocalError: it does not end, or belongs to another user.
    """
    return await _service(folder).stop()


async def answers(address: RelayAddress) -> bool:
    """Tell whether something takes connections at ``address``."""
    try:
        with trio.fail_after(1):
            stream = await trio.open_tcp_stream(address.host, address.port)
    except (OSError, trio.TooSlowError):
        return False
    await trio.aclose_forcefully(stream)
    return True


def _service(folder: RelayFolder) -> Service[RelayAddress]:
    advice = "Mend what it complains about, or name another relay with --relay."
    return Service("The local relay", folder, _read_address, advice)


def _read_address(line: str) -> RelayAddress:
    if "://" not in line:
        raise BadAddress("a relay says its address with its scheme")
    return parse_address(line)
