"""Profile and engine for a verb."""

import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import trio

from client.cli.passphrases import ask_passphrase, read_passphrase_file
from client.cli.profiles import choose_profile, home_of
from client.cli.running import ended_by
from client.cli.settings import Settings
from client.engine.engine import Engine, open_engine
from client.engine.relay_settings import required_relay, use_relay
from client.engine.shared import Shared
from client.errors import LocalError, WrongSecret
from client.network.address import RelayAddress, parse_address
from client.network.one_error import one_error
from client.network.transport import dial
from client.profile.opening import OpenProfile, open_profile, unlock, wants_passphrase
from client.profile.passphrase import Passphrase
from client.profile.paths import ProfileFolder, profile_folder
from client.values import Surroundings
from protocol.ids import Name

# How often a person may mistype.
ATTEMPTS: Final = 3

REAL_SURROUNDINGS: Final = Surroundings(
    now_ms=lambda: time.time_ns() // 1_000_000,
    random_bytes=os.urandom,
    run_blocking=trio.to_thread.run_sync,
)


async def _nothing(_relay: RelayAddress) -> None:
    """Do nothing about the relay."""


@asynccontextmanager
async def opened_profile(settings: Settings) -> AsyncIterator[OpenProfile]:
    """Open the profile that the options mean; asks for its passphrase if it has one.

    A fingerprint named in the options is the one that its relay has to show from now on.

    Raises:
        LocalError: there is no such profile, it cannot be opened, or it lives at another relay
            than the options name.
        WrongSecret: the passphrase is wrong.
    """
    address = None if settings.relay is None else parse_address(settings.relay)
    home, name = home_of(settings), choose_profile(settings)
    passphrase = passphrase_of(settings, name)
    async with open_profile(home, name, passphrase, REAL_SURROUNDINGS) as profile:
        if address is not None:
            await use_relay(profile, address)
        yield profile


@asynccontextmanager
async def opened_offline(settings: Settings) -> AsyncIterator[Engine]:
    """Open the profile for what needs no network: nothing connects, nobody learns of it.

    Raises:
        UserError: as for :func:`opened_profile`.
    """
    async with opened_profile(settings) as profile:
        yield Engine(Shared(profile, REAL_SURROUNDINGS, dial))


@asynccontextmanager
async def opened_engine(
    settings: Settings,
    *,
    receive: bool,
    first: Callable[[RelayAddress], Awaitable[None]] = _nothing,
) -> AsyncIterator[Engine]:
    """Open the profile and start its engine.

    Args:
        settings: the global options.
        receive: whether to take deliveries, if no other process of this profile does.
        first: what to do about the profile's relay before it is connected to.
    """
    with one_error():
        async with opened_profile(settings) as profile:
            await first(await profile.database.read(required_relay))
            async with (
                # Not before: Ctrl-C has to end a question at the terminal, which nothing cancels.
                ended_by(signal.SIGINT, KeyboardInterrupt),
                open_engine(profile, receive=receive, surroundings=REAL_SURROUNDINGS) as engine,
            ):
                yield engine


def passphrase_of(settings: Settings, name: Name) -> Passphrase | None:
    """Give the profile's passphrase from the file or the terminal, or None if it has none.

    Raises:
        LocalError: the file cannot be read, or there is no terminal to ask on; or a file is named,
            and the profile is not locked.
    """
    folder = profile_folder(home_of(settings), name)
    if not wants_passphrase(folder):
        if settings.passphrase_file is not None:
            raise _has_none(name)
        return None
    if settings.passphrase_file is not None:
        return Passphrase.from_text(read_passphrase_file(settings.passphrase_file))
    return _asked(folder, name)


def _has_none(name: Name) -> LocalError:
    # Passed over in silence, the file would let its owner believe that the profile is locked.
    return LocalError(
        f"The profile of {name} has no passphrase: nothing can be read from a file for it.",
        hint="Leave --passphrase-file out, or lock the profile first: glasspost passphrase",
    )


def _asked(folder: ProfileFolder, name: Name) -> Passphrase:
    """Ask until the passphrase is right; the last wrong one is told where the profile is opened."""
    prompt = f"Passphrase of {name}: "
    for _ in range(ATTEMPTS - 1):
        passphrase = Passphrase.from_text(ask_passphrase(prompt))
        try:
            unlock(folder, passphrase)
        except WrongSecret:
            print("That is not the passphrase. Once more.", file=sys.stderr)
        else:
            return passphrase
    return Passphrase.from_text(ask_passphrase(prompt))
