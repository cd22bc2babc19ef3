"""Why a takeover came to nothing, in words."""

from client.errors import LocalError, RefusedByRelay, RelayUnreachable, UserError
from client.network.failures import ConnectionLost
from client.profile.account_file import Credential
from protocol.ids import Name


def not_its_key(credential: Credential, generation: int) -> UserError:
    """Say that the account has another key than the credential.

    Args:
        generation: the account's, as the relay says.
    """
    name, relay = credential.name, credential.relay.endpoint
    if generation > credential.generation:
        return RefusedByRelay(
            f"This account file is stale: {name} has another account key by now.",
            why=f"The file is of generation {credential.generation}, the account at {relay} of"
            f" {generation}: another copy was used since, or a takeover was vetoed.",
            hint="Use the newest file; or, on the device that has the name:"
            " glasspost account save FILE",
        )
    if generation < credential.generation:
        return RefusedByRelay(
            f"{name} at {relay} has a key from before this account file.",
            why=f"The file is of generation {credential.generation}, the account there of"
            f" {generation}: it is another relay, or its disk was put back to a copy that is older"
            " than the keys in the file.",
            hint="Try an older copy of the file; or name another relay with --relay.",
        )
    return RefusedByRelay(
        f"{name} at {relay} is somebody else's: this account file does not fit it.",
        why="The account key there is no key of this file, and no later one.",
        hint="Name the relay where the file was saved with --relay, or leave --relay out.",
    )


def superseded(name: Name, *, vetoed: bool, stays: bool) -> UserError:
    """Say that a profile can never have the name; only if it ever had it, it ``stays``."""
    fate = (
        "What was said can still be read in the profile here."
        if stays
        else "The profile that waited here was removed; it held nothing."
    )
    if vetoed:
        return RefusedByRelay(
            f"The other device of {name} has objected: this takeover is cancelled.",
            why=f"It has also changed the account key, so the account file is stale. {fate}",
            hint="On that device: glasspost account save FILE. If it is in strange hands, choose"
            " another name and tell your friends.",
        )
    return RefusedByRelay(
        f"Another device has taken over {name} meanwhile.",
        why=f"It used the same account key. {fate}",
        hint="If that was you, run the same command again to move the name here.",
    )


def another_is_held(name: Name) -> UserError:
    """Say that the relay holds the replacement by yet another device."""
    return RefusedByRelay(
        f"Another takeover of {name} is waiting at the relay.",
        why="It was begun with the same account key, by another profile.",
        hint="Go on where it was begun, or wait: it is forgotten a week after it could be used.",
    )


def already_here(name: Name) -> UserError:
    """Say that there is a profile of the name which does not wait for it."""
    return LocalError(
        f"There is a profile named {name} already.",
        why="A takeover makes a new one; what is in this one would be lost.",
        hint="Name another folder of profiles with --home, or move this one away.",
    )


def broken_off(lost: ConnectionLost) -> RelayUnreachable:
    """Say that the connection broke, and how to go on."""
    return RelayUnreachable(
        "The connection broke during the takeover.",
        why=lost.why,
        hint="Run the same command again: it continues where this one ended.",
    )
