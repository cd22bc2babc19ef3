"""What a relay says about blobs, as errors of a target.

A changed key of the relay (TrustOpen) passes as it is: that question is not about a backup.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from client.backup.targets.interface import (
    ObjectMissing,
    TargetError,
    TargetFull,
    TargetRefused,
    TargetUnreachable,
)
from client.errors import RefusedByRelay, RelayUnreachable
from client.network.refusals import RelayRefusal
from protocol.wire.messages import Refusal


@contextmanager
def told_about(where: str, path: str) -> Iterator[None]:
    """Turn the relay's errors into those of a target."""
    try:
        yield
    except RelayRefusal as error:
        raise _refused(where, path, error) from error
    except RelayUnreachable as error:
        hint = "Try again when it is back; what is there stays there."
        raise TargetUnreachable(
            where, "the relay cannot be reached.", why=error.reason, hint=hint
        ) from error
    except RefusedByRelay as error:
        raise TargetRefused(where, error.what, why=error.why, hint=error.hint) from error


def expired(where: str, path: str, count: int) -> ObjectMissing:
    """Say that a relay has forgotten ``count`` objects, ``path`` being one or near one."""
    return ObjectMissing(
        where,
        path,
        why=f"{count} objects are gone: a relay forgets what nobody kept for 90 days.",
        hint="Back up again: what is missing is uploaded anew if this device still has it.",
    )


def read_only(where: str) -> TargetRefused:
    """Say that the locator alone does not allow changes."""
    return TargetRefused(
        where,
        "this backup can be read, not changed.",
        why="Who changes it has to have its write secret, which is in the backup itself.",
        hint="Restore from it first.",
    )


def too_long(where: str, path: str, size: int) -> TargetRefused:
    """Say that ``size`` bytes are too many for what is replaced."""
    return TargetRefused(where, f"{path} has {size} bytes, which is too much.")


def never_there(where: str, path: str) -> ObjectMissing:
    """Say that there is no object."""
    return ObjectMissing(
        where,
        path,
        why="It was never there, or nobody kept it for 90 days.",
        hint="Check the locator, and which relay it is on.",
    )


def misbehaves(where: str, path: str) -> TargetRefused:
    """Say that sizes do not add up."""
    return TargetRefused(
        where,
        f"it does not give {path} as it should: sizes do not add up.",
        hint="Tell whoever runs it, or use another target.",
    )


def _refused(where: str, path: str, error: RelayRefusal) -> TargetError:
    if error.code == Refusal.NO_SUCH_BLOB:
        return never_there(where, path)
    if error.code == Refusal.QUOTA:
        return TargetFull(
            where,
            "the relay has no more room for you.",
            why=error.why,
            hint="Keep fewer backups or media, or set up another target.",
        )
    if error.code == Refusal.BAD_WRITE_SECRET:
        return TargetRefused(
            where,
            f"{path} belongs to somebody with another write secret.",
            hint="Set up a backup of your own: it gets a locator of its own.",
        )
    kind = TargetUnreachable if error.may_pass else TargetRefused
    return kind(where, error.what, why=error.why, hint=error.hint)
