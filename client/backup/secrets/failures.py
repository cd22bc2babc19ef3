"""Why a backup does not open, in words: each says what is left to try.

Spec: docs/recovery.md#recovery
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from client.errors import ExitCode, LocalError, UserError, WrongSecret
from client.text import clean_line, join_words
from protocol.recovery.errors import UnusablePassword
from protocol.recovery.guesses import tries_left
from protocol.recovery.record import PasswordRecord, Vault

_DIGITS_HINT: Final = "Or open it with the 64 digits: --digits-file FILE."


@dataclass(frozen=True, slots=True)
class Guarding:
    """How one vault stands towards a password.

    Args:
        left: guesses; 0 if it has none, or cannot be asked.
        limit: what it counts to.
        wait_ms: how long it makes the next guess wait.
        gone: it has no such record any more: erased, deleted, or put back from a copy.
        problem: why it cannot be asked, or None.
    """

    vault: Vault
    left: int
    limit: int
    wait_ms: int = 0
    gone: bool = False
    problem: UserError | None = None

    @property
    def ready(self) -> bool:
        """Tell whether it would take a guess now."""
        return self.left > 0 and self.wait_ms == 0

    def words(self) -> str:
        """Say how it stands, without a full stop."""
        if self.problem is not None:
            return self._problem_words(self.problem)
        if self.gone:
            return f"{self.vault.name} has erased its part after too many wrong passwords"
        if self.left == 0:
            return f"{self.vault.name} allows no more tries"
        if self.wait_ms:
            return f"{self.vault.name} wants {_span(self.wait_ms)} to pass first"
        return f"{self.vault.name} allows {self.left} of {self.limit}"

    def _problem_words(self, problem: UserError) -> str:
        where = f"{self.vault.name} at {self.vault.address}"
        if problem.exit_code is ExitCode.UNREACHABLE:
            return f"{where} cannot be reached"
        return f"{where}: {(problem.why or problem.what).rstrip('.')}"


class WrongPassword(WrongSecret):
    """The vaults answered, and the slot did not open.

    Args:
        guards: how the vaults stand after it.
        threshold: how many a guess takes.
    """

    def __init__(self, guards: Sequence[Guarding], threshold: int) -> None:
        self.left = {each.vault.name: each.left for each in guards}
        self.total_left = tries_left(list(self.left.values()), threshold)
        again = "Try again with care: after the third miss the vaults make you wait."
        hint = f"{again} {_DIGITS_HINT}" if self.total_left else _DIGITS_HINT
        super().__init__(
            "That is not the password of this backup.",
            why=f"Tries left in all: {self.total_left}. By vault:"
            f" {join_words([f'{name} {left}' for name, left in self.left.items()])}.",
            hint=hint,
        )


class TooFewVaultsAnswer(UserError):
    """Fewer vaults can be asked than a guess takes; none of the tries was used."""

    exit_code = ExitCode.UNREACHABLE

    def __init__(self, guards: Sequence[Guarding], threshold: int) -> None:
        ready = sum(each.ready for each in guards)
        others = join_words([each.words() for each in guards if not each.ready])
        super().__init__(
            f"{ready} of the {threshold} vaults that are needed can be asked; no try was used.",
            why=f"{others}.",
            hint=f"Try again later. {_DIGITS_HINT}",
        )
        self.names = tuple(each.vault.name for each in guards if not each.ready)


class PasswordExhausted(UserError):
    """So many tries were wrong that the password opens nothing any more."""

    exit_code = ExitCode.REFUSED

    def __init__(self, guards: Sequence[Guarding]) -> None:
        gone = join_words([each.words() for each in guards if each.left == 0])
        super().__init__(
            "The tries of this backup's password are used up: it opens nothing any more.",
            why=f"{gone}.",
            hint="Open it with the 64 digits: --digits-file FILE. Then set a new password:"
            " glasspost backup passwd",
        )


class GuessesWasted(UserError):
    """Vaults that were asked lied or fell silent, so that too few answers came together."""

    exit_code = ExitCode.REFUSED

    def __init__(self, record: PasswordRecord, liars: Collection[Vault]) -> None:
        names = join_words([f"{vault.name} at {vault.address}" for vault in liars])
        super().__init__(
            f"Fewer than {record.threshold} vaults gave an answer that can be used.",
            why=f"Proven to have lied: {names}." if liars else "They stopped answering.",
            hint=f"Try again later; tell the operators. {_DIGITS_HINT}",
        )
        self.liars = tuple(liars)


class NotEnoughVaults(UserError):
    """A password cannot be set up, because too few vaults took their part; nothing has changed."""

    exit_code = ExitCode.UNREACHABLE

    def __init__(self, problems: Sequence[UserError], taken: int, threshold: int) -> None:
        super().__init__(
            f"{taken} of the {threshold} vaults that are needed took their part; nothing was"
            " changed.",
            why=" ".join(problem.reason for problem in problems),
            hint="Try again when they can be reached, or name other vaults with --vault.",
        )


class AlreadySetUp(LocalError):
    """The profile has a backup already."""

    def __init__(self, target: str) -> None:
        super().__init__(
            f"This profile has a backup already, in {clean_line(target)}.",
            hint="Change what opens it with glasspost backup passwd or glasspost backup slot; to"
            " begin anew elsewhere, use glasspost backup setup --anew.",
        )


class NothingWouldOpen(LocalError):
    """A backup without digits and password could never be restored."""

    def __init__(self) -> None:
        super().__init__(
            "Nothing would open this backup.",
            hint="Choose --digits, --password, or both: losing one leaves the other.",
        )


class NoSuchSlot(LocalError):
    """A backup has no slot of the kind that was tried.

    Args:
        wanted: "digits" or "password".
        there: what it opens by.
    """

    def __init__(self, wanted: str, there: Sequence[str]) -> None:
        words = {"digits": "the 64 digits", "password": "a password"}
        opens = join_words([words.get(each, each) for each in there], "or")
        super().__init__(
            f"This backup does not open by {words[wanted]}.",
            why=f"It opens by {opens}." if opens else "It has no slot that this program knows.",
            hint="Use what it opens by, or check that it is the backup that you mean.",
        )


class WrongDigits(WrongSecret):
    """Each row is a row of digits, and together they open nothing here."""

    def __init__(self) -> None:
        super().__init__(
            "These digits do not open this backup.",
            why="Each row is right in itself, so they belong to another backup, or were replaced.",
            hint="Look for a newer page of digits, or check where the backup lies.",
        )


class TrivialPassword(LocalError):
    """A new password that anybody would try among the first."""

    def __init__(self, why: str) -> None:
        super().__init__(
            "This password would be guessed at once.",
            why=why,
            hint="Take four or five words that do not belong together.",
        )


def unusable_password(error: UnusablePassword) -> LocalError:
    """Put the protocol's refusal into words."""
    return LocalError(
        "That is not a usable password.",
        why=f"{clean_line(str(error))[:1].upper()}{clean_line(str(error))[1:]}.",
        hint="Type at least one character.",
    )


def _span(wait_ms: int) -> str:
    """Give a time to wait, rounded up."""
    minutes = -(-wait_ms // 60_000)
    return f"{minutes} min" if minutes < 120 else f"{-(-minutes // 60)} h"
