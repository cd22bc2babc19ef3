"""Why there is no backup, or none yet: what happened, why, what to do next.

Spec: docs/backup.md#order
"""

from collections.abc import Iterable

from client.backup.reading.dates import minute
from client.errors import LocalError, RelayUnreachable, TrustOpen


class StorageSetBack(TrustOpen):
    """The storage does not show the backup that was made last: a person decides."""

    def __init__(self, where: str, made_at_ms: int, shown_at_ms: int | None) -> None:
        shown = "none" if shown_at_ms is None else f"one made {minute(shown_at_ms)}"
        super().__init__(
            f"{where} lost the backup made {minute(made_at_ms)}.",
            why=f"It shows {shown}: it was set back, or emptied, or is another one.",
            hint="If it is the right place, set the backup up anew: glasspost backup setup",
        )


class ForeignHead(TrustOpen):
    """The storage shows a head that this profile did not sign."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"{where} holds another backup than this profile's.",
            why="Another profile writes there, its password or digits were changed on another"
            " device, or somebody tampered with it.",
            hint="Compare the place with your printed page, or set the backup up anew elsewhere:"
            " glasspost backup setup",
        )


class VaultsUnreachable(RelayUnreachable):
    """Too few vaults took the head: everything is stored, and the backup not yet shown."""

    def __init__(self, vaults: Iterable[str], least: int) -> None:
        super().__init__(
            f"The backup is stored, but fewer than {least} vaults could be told of it.",
            why=f"Not reached: {', '.join(vaults)}.",
            hint="Run the backup again when they can be reached; until then the one before it"
            " restores.",
        )


def not_set_up() -> LocalError:
    """Say that there is no backup to be written."""
    return LocalError("This profile has no backup.", hint="Set one up with: glasspost backup setup")


def under_way() -> LocalError:
    """Say that another process writes this profile's backup."""
    return LocalError(
        "A backup of this profile is being written by another process.",
        hint="Wait for it to end.",
    )
