"""A change of what opens a backup, from the command line.

Secrets first, then the vaults, then one transaction, then a backup that brings it into the storage:
stopped before the transaction nothing has changed, and after it the next backup goes on.
"""

from client.backup.secrets.keyrings import NewPassword, Slots, kinds_of
from client.backup.writing.locking import alone
from client.cli.backup.new_secrets import Owner, Wishes, new_password, parsed_vaults
from client.cli.backup.room import Room, interruptible
from client.cli.backup.saving import save
from client.cli.opening import REAL_SURROUNDINGS
from client.cli.output import Output
from client.engine.relay_settings import required_relay
from client.text import join_words
from protocol.recovery.record import Vault


async def apply(room: Room, slots: Slots, output: Output) -> None:
    """Change what opens the backup, and save.

    Raises:
        UserError: nothing has changed; or it is decided and not in the storage yet, then the
            next backup brings it there.
    """
    room = await _settled(room, output)
    async with interruptible():
        with alone(room.profile.folder):
            missing = await room.changer.change(room.held, slots)
    room = await room.refreshed()
    await save(room, output)
    _tell(room, missing, output)


async def password_for(room: Room, wishes: Wishes) -> NewPassword:
    """Take a new password, guarded by the vaults that are named, or else by those of the old one.

    Raises:
        LocalError: there are none, or the password is not good enough.
    """
    record = room.record
    if wishes.vaults or record is None:
        vaults: tuple[Vault, ...] = parsed_vaults(wishes.vaults)
    else:
        vaults = tuple(part.vault for part in record.parts)
    return await new_password(wishes, vaults, await owner_of(room), REAL_SURROUNDINGS)


async def owner_of(room: Room) -> Owner:
    """Give whose backup it is."""
    relay = await room.profile.database.read(required_relay)
    return Owner(room.profile.name, room.held.target, str(relay))


async def _settled(room: Room, output: Output) -> Room:
    """End a backup that was stopped: its head names the keyring that there is now."""
    if room.held.published:
        return room
    await save(room, output)
    return await room.refreshed()


def _tell(room: Room, missing: tuple[Vault, ...], output: Output) -> None:
    kinds = kinds_of(room.plan)
    output.record({"slots": [*kinds], "vaults_missing": [vault.name for vault in missing]})
    words = {"digits": "the 64 digits", "password": "the password"}
    opens = join_words([words.get(kind, kind) for kind in kinds], "or")
    output.line(f"The backup now opens by {opens}.")
    output.note("A copy of the storage that was taken before opens as it did then.")
