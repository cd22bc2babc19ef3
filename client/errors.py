"""Every error a person can meet: what happened, why, and what to do next.

The exit codes are a contract (README): scripts rely on them. Errors of the
protocol are translated into these at the seams; a person never sees a traceback.
"""

from enum import IntEnum
from typing import ClassVar

from protocol.errors import GlasspostError


class ExitCode(IntEnum):
    """How a ``glasspost`` command ends."""

    DONE = 0
    LOCAL = 1
    UNREACHABLE = 2
    REFUSED = 3
    TRUST = 4
    WRONG_SECRET = 5


class UserError(GlasspostError):
    """An error written for a person.

    Args:
        what: what happened, one sentence.
        why: the likely cause, one sentence, or empty where ``what`` says it.
        hint: what to do next, an imperative sentence.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.LOCAL

    def __init__(self, what: str, *, why: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what, self.why, self.hint = what, why, hint

    @property
    def reason(self) -> str:
        """What happened and why, on one line."""
        return f"{self.what} {self.why}".strip()


class LocalError(UserError):
    """Usage, or something on this machine."""


class RelayUnreachable(UserError):
    """The relay cannot be reached; what was to be sent is queued."""

    exit_code = ExitCode.UNREACHABLE


class RelayKeyUnknown(RelayUnreachable):
    """A relay elsewhere is not connected to while nobody has named its key."""


class StillQueued(RelayUnreachable):
    """The relay answers, and cannot take the message yet; it goes out later by itself."""


class RefusedByRelay(UserError):
    """The relay said no."""

    exit_code = ExitCode.REFUSED


class TrustOpen(UserError):
    """A person has to decide about a changed key first."""

    exit_code = ExitCode.TRUST


class WrongSecret(UserError):
    """A passphrase, key or password is wrong."""

    exit_code = ExitCode.WRONG_SECRET
