"""What the first chat does before it begins: a name, a passphrase, a relay."""

import sys
from dataclasses import replace

from client.cli.opening import REAL_SURROUNDINGS
from client.cli.output import Output
from client.cli.passphrases import UNLOCKED, new_passphrase
from client.cli.profiles import choose_profile, home_of, parse_own
from client.cli.settings import DEFAULT_RELAY, Settings
from client.engine.registration import register
from client.errors import LocalError
from client.local_relay import answers, default_folder, ensure_running, last_address
from client.network.address import RelayAddress, parse_address
from client.profile.paths import list_home, profile_folder
from protocol.ids import Name


async def ready_profile(settings: Settings, output: Output, *, no_passphrase: bool) -> Settings:
    """Give settings that name a profile, made now if need be.

    Args:
        no_passphrase: the user said that a new profile is not to be locked.

    Raises:
        LocalError: there are several profiles and none is named, or nobody is there to ask.
        UserError: as for registering.
    """
    home = home_of(settings)
    profiles = list_home(home).profiles
    if settings.as_name is None and profiles:
        return replace(settings, as_name=choose_profile(settings))
    name = _asked_name() if settings.as_name is None else parse_own(settings.as_name)
    if not profile_folder(home, name).path.exists():
        await _make(settings, name, output, no_passphrase=no_passphrase)
    return replace(settings, as_name=name)


async def _make(settings: Settings, name: Name, output: Output, *, no_passphrase: bool) -> None:
    """Register ``name``, at a relay that is started here if none answers on this machine."""
    address = parse_address(DEFAULT_RELAY if settings.relay is None else settings.relay)
    passphrase = new_passphrase(none=no_passphrase, file=settings.passphrase_file)
    await ready_relay(address, output)
    await register(home_of(settings), name, address, passphrase, REAL_SURROUNDINGS)
    output.note(f"You are {name} at {address.endpoint}. Others reach you by that name.")
    if passphrase is None:
        output.note(UNLOCKED)


async def ready_relay(address: RelayAddress, output: Output) -> None:
    """Start a relay where none answers on this machine.

    An address whose key is pinned is only ever answered by the relay that has that key: one of the
    user's own that is down must not be replaced by ours.

    Raises:
        LocalError: it does not start.
    """
    if not address.is_loopback or address.plain or await answers(address):
        return
    folder = default_folder()
    if address.fingerprint is not None and address != last_address(folder):
        return
    relay, started = await ensure_running(folder, address)
    if started:
        output.note(
            f"Started a relay on this machine at {relay.address.endpoint} (process {relay.pid})."
            " It keeps running; glasspost relay stop ends it."
        )


def _asked_name() -> Name:
    """Ask for the name to take.

    Raises:
        LocalError: nobody is there to ask, or no name was given.
    """
    if not sys.stdin.isatty():
        raise LocalError(
            "There is no profile yet, and nobody to ask for a name.",
            hint="Say who you are: glasspost --as NAME chat",
        )
    for _ in range(3):
        try:
            return parse_own(input("Name others will see? ").strip().lower())
        except LocalError as error:
            print(error.reason, file=sys.stderr)
        except EOFError:
            break
    raise LocalError(
        "No name was given.", hint="Choose one, for example: glasspost --as alice chat"
    )
