"""What Apache OpenDAL says, as errors of a target.

Its messages carry addresses, headers and what the server answered, so none of them is shown: the
kind, the HTTP status and a few known words are taken out, the rest stays behind.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from opendal import exceptions

from client.backup.targets.interface import (
    ObjectMissing,
    TargetError,
    TargetFull,
    TargetRefused,
    TargetUnreachable,
)

# They have no common root. An open file raises OSError, with the same words inside.
OPENDAL_ERRORS: Final[tuple[type[Exception], ...]] = (
    exceptions.AlreadyExists,
    exceptions.ConditionNotMatch,
    exceptions.ConfigInvalid,
    exceptions.Conflict,
    exceptions.IsADirectory,
    exceptions.IsSameFile,
    exceptions.NotADirectory,
    exceptions.NotFound,
    exceptions.PermissionDenied,
    exceptions.RangeNotSatisfied,
    exceptions.RateLimited,
    exceptions.Unexpected,
    exceptions.Unsupported,
    OSError,
)

_STATUS: Final = re.compile(r"status: (\d{3})")
_FULL: Final = re.compile(
    r"status: 507|InsufficientStorage|insufficient_space|[qQ]uota_?[eE]xceeded"
)
_REASONS: Final = (
    ("dns error", "The host name is not known."),
    ("Connection refused", "Nothing listens at that address."),
    ("imed out", "It did not answer in time."),
    ("timeout", "It did not answer in time."),
    ("certificate", "Its certificate is not valid."),
    ("client error (Connect)", "No connection could be made."),
)


@contextmanager
def told_about(where: str, path: str) -> Iterator[None]:
    """Turn OpenDAL's errors into those of a target; the cause is dropped, it may hold secrets."""
    try:
        yield
    except OPENDAL_ERRORS as error:
        raise _told(where, path, str(error)) from None


def misbehaves(where: str, path: str) -> TargetRefused:
    """Say that sizes do not add up."""
    return TargetRefused(
        where,
        f"it does not give {path} as it should: sizes do not add up.",
        hint="Look whether the service works otherwise, or use another target.",
    )


def _told(where: str, path: str, text: str) -> TargetError:
    kind, status = text.partition(" ")[0], _STATUS.search(text)
    code = status[1] if status else ""
    if kind == "NotFound":
        return ObjectMissing(where, path, why="It was never there, or somebody deleted it.")
    if _FULL.search(text):
        return TargetFull(
            where, "there is no room left.", hint="Make room, or set up another target."
        )
    if kind == "PermissionDenied" or code in ("401", "403"):
        return TargetRefused(
            where,
            "access is denied.",
            why="The credentials are missing, wrong, or do not allow this.",
            hint="Check them; they come from the environment or a credentials file.",
        )
    if kind in ("ConfigInvalid", "Unsupported"):
        return TargetRefused(
            where,
            "this address cannot be used so.",
            why="An option or a credential is missing or wrong, or the service cannot do this.",
            hint="Compare it with the examples in the manual.",
        )
    return _failed(where, text, code)


def _failed(where: str, text: str, code: str) -> TargetError:
    known = [why for words, why in _REASONS if words in text]
    why = known[0] if known else (f"It answers with status {code}." if code else "")
    if known or "(temporary)" in text or "(persistent)" in text or "RateLimited" in text:
        return TargetUnreachable(
            where, "it cannot be reached.", why=why, hint="Check the network, and try again."
        )
    return TargetRefused(
        where,
        "it does not do what it was asked for.",
        why=why,
        hint="Check the address, and whether the service works otherwise.",
    )
