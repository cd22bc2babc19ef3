"""Why the relay does not start: what happened, why, and what to do next."""

from protocol.errors import GlasspostError


class CannotStart(GlasspostError):
    """The relay cannot start; a person has to change something."""

    def __init__(self, what: str, why: str, advice: str) -> None:
        super().__init__(f"{what}: {why}. {advice}")
        self.what, self.why, self.advice = what, why, advice


def why(error: OSError) -> str:
    """Give the system's own reason, without numbers and paths."""
    return (error.strerror or str(error) or type(error).__name__).lower()
