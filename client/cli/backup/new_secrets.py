"""New secrets for a backup: digits that are shown and proven, a password and who guards it.

Everything here happens before anything is changed: cancelled at any screen, all is as it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from client.backup.secrets.guessing import stretch_beside
from client.backup.secrets.keyrings import NewPassword
from client.cli.backup.digits import prove_digits, show_digits
from client.cli.backup.page import page_html, write_private
from client.cli.backup.password import ask_new_password, require_strength
from client.cli.backup.unlocking import usable
from client.cli.output import Output
from client.cli.secret_files import PASSWORD, read_secret_line
from client.errors import LocalError
from client.network.vault_address import parse_vault
from client.text import shorten
from client.values import Surroundings
from protocol.archive.digits import RecoveryDigits
from protocol.errors import BadAddress
from protocol.ids import Name
from protocol.limits import MAX_VAULTS
from protocol.recovery import guesses
from protocol.recovery.errors import RecordRefused
from protocol.recovery.record import Vault, require_distinct_operators
from protocol.recovery.stretching import SALT_BYTES, Stretching


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the options say about new secrets.

    Args:
        digits_out: write the digits there instead of showing them and asking for two rows.
        page: write the page to print there.
        password_file: read the new password there instead of asking.
        vaults: as they were typed.
        threshold: how many of them a guess takes; None for more than half.
    """

    digits_out: Path | None = None
    page: Path | None = None
    password_file: str | None = None
    vaults: tuple[str, ...] = ()
    threshold: int | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose backup it is, where it lies, and at which relay its owner is."""

    name: Name
    target: str
    relay: str

    @property
    def own_words(self) -> tuple[str, ...]:
        """Give what a guesser knows."""
        return self.name, Path(self.target).name


def new_digits(
    wishes: Wishes, owner: Owner, surroundings: Surroundings, output: Output
) -> RecoveryDigits:
    """Draw digits, and see that somebody has them.

    Raises:
        LocalError: they cannot be written, or were not proven.
    """
    digits = RecoveryDigits.generate(surroundings.random_bytes)
    if wishes.page is not None:
        page = page_html(
            digits,
            name=owner.name,
            target=owner.target,
            relay=owner.relay,
            made_at_ms=surroundings.now_ms(),
        )
        write_private(wishes.page, page, "--page")
        output.note(f"Print {wishes.page}, then delete it: it opens the backup.")
    if wishes.digits_out is not None:
        write_private(wishes.digits_out, "\n".join(digits.rows()) + "\n", "--digits-out")
        return digits
    show_digits(digits, output)
    prove_digits(digits, surroundings.random_bytes, output)
    return digits


async def new_password(
    wishes: Wishes, vaults: Sequence[Vault], owner: Owner, surroundings: Surroundings
) -> NewPassword:
    """Take a new password, and stretch it.

    Raises:
        TrivialPassword: it would be guessed at once.
        LocalError: nothing was typed, or the vaults do not fit.
    """
    threshold = checked_threshold(vaults, wishes.threshold)
    if wishes.password_file is None:
        typed = await ask_new_password(owner.own_words)
    else:
        typed = read_secret_line(wishes.password_file, PASSWORD)
        require_strength(typed, owner.own_words)
    stretching = Stretching(surroundings.random_bytes(SALT_BYTES))
    stretched = await stretch_beside(usable(typed), stretching, surroundings)
    return NewPassword(stretched, stretching, tuple(vaults), threshold)


def parsed_vaults(texts: Sequence[str]) -> tuple[Vault, ...]:
    """Read vaults as they are typed behind ``--vault``.

    Raises:
        LocalError: one is none, two are one operator's, or there are too many or none.
    """
    vaults = tuple(map(_parsed, texts))
    if not 1 <= len(vaults) <= MAX_VAULTS:
        raise LocalError(
            "A password needs vaults that guard it."
            if not vaults
            else f"{len(vaults)} vaults are more than a password takes.",
            hint=f"Name 1 to {MAX_VAULTS}, three for example, each of another operator:"
            " --vault NAME=HOST:PORT#KEY",
        )
    try:
        require_distinct_operators(vaults)
    except RecordRefused as error:
        raise LocalError(
            "Two of these vaults are one operator's.",
            why="They have a name, a key or a host in common, and would be one vault.",
            hint="Name vaults of different operators.",
        ) from error
    return vaults


def checked_threshold(vaults: Sequence[Vault], wanted: int | None) -> int:
    """Give how many vaults a guess takes.

    Raises:
        LocalError: that many are not there, or so few that too many guesses would be allowed.
    """
    count = len(vaults)
    threshold = count // 2 + 1 if wanted is None else wanted
    possible = 1 <= threshold <= count
    if not possible or guesses.largest_limit(count, threshold) < 1:
        raise LocalError(
            f"{threshold} of {count} vaults is not possible.",
            hint=f"Choose a number from 1 to {count}.",
        )
    return threshold


def _parsed(text: str) -> Vault:
    try:
        return parse_vault(text)
    except BadAddress as error:
        raise LocalError(
            f"“{shorten(text, 60)}” is not a vault.",
            why=f"{error.reason[:1].upper()}{error.reason[1:]}.",
            hint="Copy the line that the vault prints when it starts: NAME=HOST:PORT#KEY",
        ) from error
