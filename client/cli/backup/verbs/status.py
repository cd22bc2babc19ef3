"""``glasspost backup status``: how the backup does, and who sees what of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import click
from rich.text import Text

from client.backup.reading.dates import minute
from client.backup.secrets.keyrings import kinds_of, password_record
from client.backup.secrets.watching import Watch, watch
from client.backup.targets.parse import RelayPlace, parse_target
from client.cli.backup.room import held_archive, interruptible
from client.cli.backup.verbs.list import Kept, kept_backups
from client.cli.lines import width_of
from client.cli.opening import opened_profile
from client.cli.options import global_options
from client.cli.output import Json, Output
from client.cli.running import asynchronous
from client.cli.settings import Settings
from client.cli.sizes import size_words
from client.cli.tables import columns, count_of
from client.network.vaults import open_vault
from client.store import archive, archive_changes
from client.store.archive import Archive
from client.store.transaction import Transaction
from client.text import clean_line, join_words
from protocol.archive.keyring import Keyring
from protocol.recovery.guesses import tries_left
from protocol.recovery.record import PasswordRecord

_WORDS: Final = {"digits": "the 64 digits", "password": "the password"}


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a backup.

    Args:
        changed: lines that are not saved as they are now.
        owed: vaults that have not been told the newest head.
    """

    held: Archive
    kept: Sequence[Kept]
    changed: int
    owed: frozenset[str]
    watches: Sequence[Watch]

    @property
    def kinds(self) -> Sequence[str]:
        """What it opens by."""
        return kinds_of(Keyring.decode_untrusted(self.held.keyring).plan)

    @property
    def record(self) -> PasswordRecord | None:
        """Who guards its password."""
        return password_record(Keyring.decode_untrusted(self.held.keyring).plan)


@click.command(
    epilog="""\b
Examples:
  glasspost backup status
  glasspost --json backup status | jq .vaults"""
)
@click.option("--offline", is_flag=True, help="Ask no vault: nobody learns that you looked.")
@global_options(hidden=True)
@asynchronous
async def command(settings: Settings, offline: bool) -> None:
    """Show the last backup, what opens it, the tries left, and what each party sees.

    The vaults are asked; a guess that was not yours shows in their logs.
    """
    output = Output(json=settings.json)
    async with opened_profile(settings) as profile:
        await held_archive(profile)
        standing = await profile.database.read(_read)
    if standing.record is not None and not offline:
        async with interruptible():
            watches = await watch(standing.record, open_vault)
        standing = Standing(standing.held, standing.kept, standing.changed, standing.owed, watches)
    output.record(_record(standing))
    width = width_of(output.console)
    output.line(columns(_rows(standing), width))
    output.line()
    output.line("Who sees what of it:")
    output.line(columns(_parties(standing), width))


def _read(tx: Transaction) -> Standing:
    held = archive.find(tx)
    if held is None:
        raise LookupError("the archive was forgotten meanwhile")
    changed = archive_changes.count(tx, archive_changes.newest_number(tx))
    return Standing(held, kept_backups(tx), changed, archive.owed(tx), ())


def _rows(standing: Standing) -> list[tuple[Text | str, ...]]:
    opens = join_words([_WORDS.get(kind, kind) for kind in standing.kinds], "or")
    if standing.kept and not standing.held.keyring_stored:
        opens += "; until glasspost backup create it opens as before"
    rows: list[tuple[Text | str, ...]] = [
        ("lies in", clean_line(standing.held.target)),
        ("last backup", _last(standing)),
        ("not saved yet", count_of(standing.changed, "line")),
        ("opens by", opens),
    ]
    if standing.watches:
        rows.append(("tries left", _tries(standing)))
        rows += [(f"  {each.guarding.vault.name}", _vault(each)) for each in standing.watches]
    if standing.owed:
        rows.append(("not told yet", join_words(sorted(standing.owed))))
    return rows


def _last(standing: Standing) -> str:
    if not standing.kept:
        return "none: glasspost backup create"
    newest = standing.kept[-1]
    when = minute(newest.backup.made_at_ms)
    shown = "" if standing.held.published else ", not in the storage yet"
    return (
        f"{newest.backup.epoch} of {when}, {size_words(newest.stored_bytes)}{shown};"
        f" {count_of(len(standing.kept), 'backup')} kept"
    )


def _tries(standing: Standing) -> str:
    record = standing.record
    left = [each.guarding.left for each in standing.watches]
    threshold = 1 if record is None else record.threshold
    unknown = sum(each.guarding.problem is not None for each in standing.watches)
    more = f", and what {count_of(unknown, 'vault')} without an answer would add" if unknown else ""
    return f"{tries_left(left, threshold)} in all ({threshold} vaults each){more}"


def _vault(each: Watch) -> Text:
    text = Text(each.guarding.words().removeprefix(f"{each.guarding.vault.name} "))
    if each.problem is None:
        head = "no head yet" if not each.epoch else f"has the head of backup {each.epoch}"
        text.append(f"; {head}; {_guesses(each)}")
    elif each.guarding.problem is None:
        text.append(f"; {clean_line(each.problem.reason)}", style="bold red")
    return text


def _guesses(each: Watch) -> str:
    if not each.guesses_ms:
        return "nobody has tried it"
    return f"tried {len(each.guesses_ms)} times, last {minute(each.guesses_ms[-1])}"


def _parties(standing: Standing) -> list[tuple[str, ...]]:
    at_relay = isinstance(parse_target(standing.held.target), RelayPlace)
    objects = "sizes in steps and times of objects"
    names = "" if standing.record is None else ", the vaults' names"
    parties: list[tuple[str, ...]] = [
        ("relay", f"{objects}, under numbers that name nobody{names}" if at_relay else "nothing"),
    ]
    if not at_relay:
        parties.append(("storage", f"{objects}, how many{names}"))
    record = standing.record
    if record is not None:
        count, needed = len(record.parts), record.threshold
        parties.append(
            ("a vault", "when backups are made, tries, addresses; not whose, no password, no key")
        )
        parties.append(
            (f"{needed} of {count} vaults", "with the storage: may guess the password at leisure")
        )
    if "digits" in standing.kinds:
        parties.append(("who has the digits", "with the storage: everything"))
    return parties


def _record(standing: Standing) -> dict[str, Json]:
    newest = standing.kept[-1] if standing.kept else None
    return {
        "target": standing.held.target,
        "epoch": None if newest is None else newest.backup.epoch,
        "made_at_ms": None if newest is None else newest.backup.made_at_ms,
        "bytes": None if newest is None else newest.stored_bytes,
        "published": standing.held.published,
        "keyring_stored": standing.held.keyring_stored,
        "kept": len(standing.kept),
        "changed": standing.changed,
        "slots": [*standing.kinds],
        "vaults": [_vault_record(each) for each in standing.watches],
        "vaults_owed": [*sorted(standing.owed)],
    }


def _vault_record(each: Watch) -> Json:
    vault = each.guarding.vault
    return {
        "name": vault.name,
        "address": vault.address,
        "left": each.guarding.left,
        "limit": each.guarding.limit,
        "head_epoch": each.epoch,
        "guesses_ms": [*each.guesses_ms],
        "problem": None if each.problem is None else each.problem.reason,
    }
