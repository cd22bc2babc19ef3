"""From where a backup lies to a target that reads and writes there.

Spec: docs/backup.md#target
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from client.backup.targets.blob_line import Dial
from client.backup.targets.credentials import Credentials
from client.backup.targets.folder import FolderTarget
from client.backup.targets.interface import Target
from client.backup.targets.parse import CloudAddress, FolderAddress, RelayPlace, TargetAddress
from client.backup.targets.relay import relay_target
from client.errors import LocalError
from client.network.blobs import WriteSecret
from client.values import Surroundings

if TYPE_CHECKING:
    from client.backup.targets.cloud import CloudTarget


@dataclass(frozen=True, slots=True)
class Means:
    """What targets are reached with.

    Args:
        dial: opens a stream to the profile's relay.
        write_secret: of the archive at a relay; None reads only.
        credentials: of a cloud storage.
    """

    surroundings: Surroundings
    dial: Dial
    write_secret: WriteSecret | None = None
    credentials: Credentials = field(default_factory=Credentials)


@asynccontextmanager
async def open_target(address: TargetAddress, means: Means) -> AsyncIterator[Target]:
    """Open the target at ``address`` until the block is left; nothing is asked of it yet.

    Raises:
        LocalError: Apache OpenDAL is not installed.
        TargetRefused: the service has not all options that it needs.
    """
    match address:
        case FolderAddress(path):
            yield FolderTarget(path, means.surroundings)
        case RelayPlace(locator):
            async with relay_target(locator, means.write_secret, means.dial) as target:
                yield target
        case CloudAddress():
            yield _cloud(address, means)


def _cloud(address: CloudAddress, means: Means) -> "CloudTarget":
    # Loaded where it is used only: it is an extra, and large.
    try:
        from client.backup.targets.cloud_opening import open_cloud
    except ImportError as error:
        raise LocalError(
            f"{address} needs Apache OpenDAL, which is not installed.",
            hint="Install it with: pip install glasspost[cloud]",
        ) from error
    return open_cloud(address, means.credentials, means.surroundings)
