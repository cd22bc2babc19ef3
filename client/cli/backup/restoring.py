"""A restore from the command line: open, choose the profile, text first, files after.

Nothing is made here before the backup is open and its owner known: cancelled at any screen, all is
as it was. Interrupted later, the same command goes on.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from client.backup.reading.archive import OpenArchive
from client.backup.reading.findings import OF_OBJECTS, BackupDamaged, Finding
from client.backup.reading.media import FilesInto, restore_media
from client.backup.reading.objects import read_object
from client.backup.reading.opening import open_archive, read_keyring
from client.backup.reading.restoring import restore
from client.backup.reading.segments import Selection
from client.backup.reading.wishes import Destination, Restored, Storage, Wishes
from client.backup.secrets.heads import vault_heads
from client.backup.secrets.keyrings import password_record
from client.backup.targets.interface import Target
from client.backup.targets.parse import RelayPlace, parse_target
from client.backup.targets.tar import tar_target
from client.cli.backup.noticed import tell_noticed
from client.cli.backup.progress import progress_of
from client.cli.backup.room import foreign_storage, interruptible
from client.cli.backup.unlocking import Unlocker
from client.cli.opening import REAL_SURROUNDINGS, opened_profile
from client.cli.output import Output
from client.cli.passphrases import new_passphrase
from client.cli.profiles import home_of, parse_own
from client.cli.settings import Settings
from client.cli.tables import count_of
from client.engine.relay_settings import use_relay
from client.errors import LocalError
from client.network.address import RelayAddress
from client.network.vaults import open_vault
from client.profile.creating import create_profile
from client.profile.media_folder import MediaFolder
from client.profile.opening import OpenProfile, open_profile
from client.profile.paths import is_profile, profile_folder
from client.store import account
from client.text import clean_line, join_words
from protocol.archive.layout import ObjectKind
from protocol.archive.state import decode_state_untrusted
from protocol.ids import Name


@dataclass(frozen=True, slots=True)
class Order:
    """What the options ask for.

    Args:
        source: a TARGET, or an exported file.
        relay: of a new profile, and of the blobs of ``relay:LOCATOR``; None if not named.
        no_passphrase: for a new profile.
        accept_older: take what the storage has where it lost the newest backup.
    """

    source: str
    relay: RelayAddress | None
    selection: Selection
    no_passphrase: bool
    accept_older: bool

    @property
    def exported(self) -> Path | None:
        """Give the exported file that is meant; None for a storage. Looks at the disk."""
        path = Path(self.source.removeprefix("folder:")).expanduser()
        return path if path.is_file() else None


async def restore_from(
    order: Order, settings: Settings, unlocker: Unlocker, output: Output
) -> None:
    """Restore what the options ask for.

    Raises:
        UserError: nothing has changed; or some is restored, and the same command goes on.
        BackupDamaged: some objects cannot be used; all others were restored.
    """
    async with _source(order) as target:
        archive = await _opened(order, target, unlocker, output)
        name = await _owner(archive, settings)
        async with _profile(name, order, settings) as profile:
            async with interruptible():
                restored = await _text(order, archive, profile, output)
                found = await _files(order, archive, profile, output)
            known = await profile.database.read(account.get)
    found = (*restored.findings, *found)
    _record(name, restored, found, output)
    _tell(restored, output, registered=known.registered)
    if found:
        raise BackupDamaged(target.where, found)


@asynccontextmanager
async def _source(order: Order) -> AsyncIterator[Target]:
    """Open a storage, or a file that was exported."""
    exported = order.exported
    if exported is not None:
        async with tar_target(exported, REAL_SURROUNDINGS.run_blocking) as file:
            yield file
    else:
        async with foreign_storage(order.source, order.relay) as target:
            yield target


async def _opened(order: Order, target: Target, unlocker: Unlocker, output: Output) -> OpenArchive:
    async with interruptible():
        keyring = await read_keyring(target)
    root = await unlocker.unlock(keyring)
    async with interruptible():
        sources = vault_heads(password_record(keyring.plan), root, open_vault)
        accepts = order.accept_older
        archive = await open_archive(target, keyring, root, sources, accept_older=accepts)
    tell_noticed(archive.noticed, output)
    return archive


async def _owner(archive: OpenArchive, settings: Settings) -> Name:
    """Give whose backup it is; what ``--as`` says has to be the same.

    Raises:
        LocalError: it is not, or the backup does not say and nobody else does.
    """
    wanted = None if settings.as_name is None else parse_own(settings.as_name)
    run, entries = REAL_SURROUNDINGS.run_blocking, archive.of_kind(ObjectKind.STATE)
    try:
        state = await read_object(archive.target, entries[-1], run, decode_state_untrusted)
    except (IndexError, *OF_OBJECTS) as error:
        if wanted is None:
            what = "The backup does not say whose it is."
            raise LocalError(what, hint="Name its owner with --as NAME.") from error
        return wanted
    if wanted not in (None, state.name):
        raise LocalError(
            f"This is the backup of {state.name}, not of {wanted}.",
            hint=f"Restore it as its owner: --as {state.name}",
        )
    return Name(state.name)


@asynccontextmanager
async def _profile(name: Name, order: Order, settings: Settings) -> AsyncIterator[OpenProfile]:
    """Open the owner's profile on this device, or make it."""
    home = home_of(settings)
    if is_profile(profile_folder(home, name).path):
        async with opened_profile(replace(settings, as_name=name)) as profile:
            yield profile
        return
    passphrase = new_passphrase(none=order.no_passphrase, file=settings.passphrase_file)
    draw = REAL_SURROUNDINGS.random_bytes
    await REAL_SURROUNDINGS.run_blocking(lambda: create_profile(home, name, passphrase, draw))
    async with open_profile(home, name, passphrase, REAL_SURROUNDINGS) as profile:
        if order.relay is not None:
            await use_relay(profile, order.relay)
        yield profile


async def _text(
    order: Order, archive: OpenArchive, profile: OpenProfile, output: Output
) -> Restored:
    # Who registers the new identity under the name passes ``take_over``: it is called with the
    # account key when the contacts are there, before the first line.
    wishes = Wishes(order.selection, take_over=None, storage=_continued(order))
    into = Destination(profile.database, REAL_SURROUNDINGS)
    with progress_of("Restoring messages", output) as meter:
        restored = await restore(archive, into, wishes, meter.report)
    output.line(f"{count_of(restored.lines, 'message')} restored; they can be read now.")
    output.flush()
    return restored


async def _files(
    order: Order, archive: OpenArchive, profile: OpenProfile, output: Output
) -> tuple[Finding, ...]:
    folder = MediaFolder(profile.folder.media)
    into = FilesInto(profile.database, folder, REAL_SURROUNDINGS.run_blocking)
    with progress_of("Restoring files", output) as meter:
        return await restore_media(archive, into, order.selection, meter.report)


def _continued(order: Order) -> Storage | None:
    """Give where the next backup goes on; nowhere for a file, or a relay whose secret is lost."""
    if order.exported is not None:
        return None
    address = parse_target(order.source)
    return None if isinstance(address, RelayPlace) else Storage(str(address))


def _record(name: Name, restored: Restored, found: tuple[Finding, ...], output: Output) -> None:
    output.record(
        {
            "name": name,
            "messages": restored.lines,
            "differing_contacts": [*restored.differing],
            "continues": restored.continues,
            "unusable": [each.path for each in found],
        }
    )


def _tell(restored: Restored, output: Output, *, registered: bool) -> None:
    if restored.differing:
        names = join_words([clean_line(name) for name in restored.differing])
        output.note(f"The backup has other keys of {names} than this profile, which stay as here.")
    if restored.continues:
        output.line("The next glasspost backup create goes on with this backup.")
    else:
        output.note("This profile does not go on with this backup; see glasspost backup setup.")
    if not registered:
        output.note(
            "This device has an identity of its own, which no relay knows under the name yet: it"
            " reads, and cannot send or receive before the name is taken over."
        )
