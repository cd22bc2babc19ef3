"""From digits or a password to the root of a backup: asked for, or read from files.

Operators and their keys are on the screen before the password is asked for: a storage could have
forged the slot, with vaults of its own in it.
"""

import sys
from dataclasses import dataclass
from typing import Final

from client.backup.secrets.failures import (
    NoSuchSlot,
    WrongDigits,
    WrongPassword,
    unusable_password,
)
from client.backup.secrets.guessing import Opened, open_by_password
from client.backup.secrets.keyrings import kinds_of, password_record
from client.backup.secrets.party import VaultDialer
from client.cli.backup.asking import ask_line, require_terminal
from client.cli.backup.digits import ask_digits
from client.cli.backup.room import interruptible
from client.cli.output import Output
from client.cli.passphrases import ask_passphrase
from client.cli.secret_files import DIGITS, PASSWORD, read_secret_line, read_secret_text
from client.cli.tables import count_of
from client.errors import LocalError, WrongSecret
from client.text import clean_line, join_words
from client.values import Surroundings
from protocol.archive.digits import RecoveryDigits, parse_digits
from protocol.archive.keyring import Keyring, open_keyring
from protocol.archive.keys import ArchiveRoot
from protocol.archive.layout import SlotKind
from protocol.errors import DigitsRefused, WrongSlotSecret
from protocol.recovery.errors import RecordRefused, UnusablePassword
from protocol.recovery.guesses import total_guesses, worst_total
from protocol.recovery.record import PasswordRecord
from protocol.recovery.stretching import Password

ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class SecretFiles:
    """Where the options say that secrets are: paths, ``-``, descriptors; None to be asked."""

    digits: str | None = None
    password: str | None = None


@dataclass(frozen=True, slots=True)
class Unlocker:
    """What a backup is opened with."""

    files: SecretFiles
    output: Output
    connect: VaultDialer
    surroundings: Surroundings

    async def unlock(self, keyring: Keyring) -> ArchiveRoot:
        """Give the root.

        Raises:
            WrongSecret: it does not open (exit code 5).
            UserError: it cannot be tried now, or there is no such slot.
        """
        kinds = kinds_of(keyring.plan)
        way = self._way(list(kinds))
        if way not in kinds:
            raise NoSuchSlot(way, kinds)
        if way == "digits":
            return open_by_digits(keyring, self._digits())
        return await self._by_password(keyring)

    def _way(self, kinds: list[str]) -> str:
        """Choose between digits and password: by the files, by what there is, or by asking."""
        given = {"digits": self.files.digits, "password": self.files.password}
        named = [way for way, file in given.items() if file is not None]
        if len(named) == 1:
            return named[0]
        if named:
            raise LocalError("Two files with secrets were named.", hint="One is enough.")
        usable = [kind for kind in kinds if kind in given]
        if len(usable) == 1:
            return usable[0]
        if not usable:
            return "digits"
        answer = ask_line("Open it by the 64 digits or by the password? [d/p] ")
        return "password" if answer.strip().lower().startswith("p") else "digits"

    def _digits(self) -> RecoveryDigits:
        try:
            if self.files.digits is not None:
                return parse_digits(read_secret_text(self.files.digits, DIGITS))
            return ask_digits()
        except DigitsRefused as error:
            raise wrong_row(error) from error

    async def _by_password(self, keyring: Keyring) -> ArchiveRoot:
        record = checked_record(keyring)
        show_operators(record, self.output)
        if self.files.password is not None:
            typed = read_secret_line(self.files.password, PASSWORD)
            return (await self._guess(keyring, record, typed)).root
        require_terminal()
        for _ in range(ATTEMPTS - 1):
            try:
                return (await self._guess(keyring, record, ask_passphrase(_PROMPT))).root
            except WrongPassword as error:
                if not error.total_left:
                    raise
                print(error.reason, file=sys.stderr)
        return (await self._guess(keyring, record, ask_passphrase(_PROMPT))).root

    async def _guess(self, keyring: Keyring, record: PasswordRecord, typed: str) -> Opened:
        password = usable(typed)
        async with interruptible():
            opened = await open_by_password(
                keyring, record, password, self.connect, self.surroundings
            )
        tell_of_vaults(opened, self.output)
        return opened


_PROMPT: Final = "Password of the backup: "


def open_by_digits(keyring: Keyring, digits: RecoveryDigits) -> ArchiveRoot:
    """Give the root.

    Raises:
        WrongDigits: they open no slot here.
    """
    try:
        return open_keyring(keyring, SlotKind.DIGITS, digits.slot_secret())
    except WrongSlotSecret as error:
        raise WrongDigits from error


def checked_record(keyring: Keyring) -> PasswordRecord:
    """Give who guards a backup's password.

    Raises:
        LocalError: no honest client would have written that.
    """
    try:
        record = password_record(keyring.plan)
    except RecordRefused as error:
        raise LocalError(
            "The password of this backup cannot be used.",
            why=f"{clean_line(str(error))[:1].upper()}{clean_line(str(error))[1:]}.",
            hint="Do not type the password. Open it with the 64 digits: --digits-file FILE.",
        ) from error
    if record is None:
        raise NoSuchSlot("password", kinds_of(keyring.plan))
    return record


def show_operators(record: PasswordRecord, output: Output) -> None:
    """Show who guards the password, and how many guesses that allows."""
    count = len(record.parts)
    output.note(f"To try the password it takes {record.threshold} of {count_of(count, 'vault')}:")
    for part in record.parts:
        vault = part.vault
        output.note(
            f"  {vault.name} at {clean_line(vault.address)}, key {vault.key.hex()}",
            {"vault": vault.name, "address": vault.address, "key": vault.key.hex()},
        )
    shape = (count, record.threshold, record.limit)
    outsider, worst = total_guesses(*shape), worst_total(*shape)
    output.note(
        f"Whoever has the backup may try {outsider} passwords, {worst} with the help of"
        f" {record.threshold - 1} of the vaults. If you do not know these operators, stop here."
    )


def tell_of_vaults(opened: Opened, output: Output) -> None:
    """Name the vaults that lied, and those whose counts stay raised."""
    if opened.liars:
        names = join_words([vault.name for vault in opened.liars])
        output.note(
            f"Proven to have lied: {names}. Set the password up anew without them.",
            {"liars": [vault.name for vault in opened.liars]},
        )
    if opened.untold:
        names = join_words([vault.name for vault in opened.untold])
        output.note(
            f"Not told that the password was right: {names}. Earlier misses still count there.",
            {"untold": [vault.name for vault in opened.untold]},
        )


def usable(typed: str) -> Password:
    """Take a typed password.

    Raises:
        LocalError: it is empty, or holds half of a character.
    """
    try:
        return Password.from_text(typed)
    except UnusablePassword as error:
        raise unusable_password(error) from None


def wrong_row(error: DigitsRefused) -> WrongSecret:
    """Say which row of the digits is wrong."""
    where = "The digits" if error.row is None else f"Row {error.row} of the digits"
    return WrongSecret(
        f"{where} cannot be right.",
        why=f"{error.reason[:1].upper()}{error.reason[1:]}.",
        hint="Compare with what you wrote down; nothing was tried.",
    )
