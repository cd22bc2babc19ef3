"""Which profile a command means."""

import os
from pathlib import Path

from client.cli.settings import Settings
from client.errors import LocalError
from client.profile.paths import home_folder, list_home, profile_folder
from client.text import clean_line, join_words, shorten
from protocol.errors import InvalidName
from protocol.ids import Name, parse_name
from protocol.limits import MAX_NAME_BYTES


def home_of(settings: Settings) -> Path:
    """Give the folder of profiles."""
    return home_folder(settings.home, os.environ)


def choose_profile(settings: Settings) -> Name:
    """Give the profile that ``--as`` names, or the only one there is.

    Raises:
        LocalError: ``--as`` is not a name, or of no profile; or it was left out, and there is
            none or several.
    """
    home = home_of(settings)
    profiles = list_home(home).profiles
    if settings.as_name is not None:
        name = parse_own(settings.as_name)
        if not profile_folder(home, name).path.exists():
            raise _not_there(name, profiles, home)
        return name
    if len(profiles) == 1:
        return profiles[0]
    raise _several(profiles) if profiles else _none(home)


def parse_peer(text: str) -> Name:
    """Read the name of somebody else.

    Raises:
        LocalError: it is not a name; says what it may have been meant to be.
    """
    return _parsed(text, "See glasspost contacts for the names you know.")


def parse_own(text: str) -> Name:
    """Read the name of the user.

    Raises:
        LocalError: as for :func:`parse_peer`.
    """
    return _parsed(text, "Choose another name.")


def _parsed(text: str, advice: str) -> Name:
    try:
        return parse_name(text)
    except InvalidName as error:
        size = len(text)
        long = f"It has {size} characters: {error}." if size > MAX_NAME_BYTES else ""
        raise LocalError(
            f"“{shorten(text, 40)}” is not a name.",
            why=long or f"{str(error)[0].upper()}{str(error)[1:]}.",
            hint=_meant(text, advice),
        ) from error


def _meant(text: str, advice: str) -> str:
    lower = text.strip().lower()
    try:
        return f"Did you mean {parse_name(lower)}?"
    except InvalidName:
        return advice


def _not_there(name: Name, profiles: tuple[Name, ...], home: Path) -> LocalError:
    place = clean_line(str(home))
    why = f"In {place} there is {join_words(profiles)}." if profiles else f"{place} has none."
    hint = f"Name one of these with --as, or make it: glasspost register {name}"
    return LocalError(f"There is no profile named {name}.", why=why, hint=hint)


def _several(profiles: tuple[Name, ...]) -> LocalError:
    return LocalError(
        f"There are several profiles: {join_words(profiles)}.",
        hint=f"Say which with --as, for example: glasspost --as {profiles[0]} …",
    )


def _none(home: Path) -> LocalError:
    return LocalError(
        "There is no profile yet.",
        why=f"{clean_line(str(home))} has none.",
        hint="Make one: glasspost register NAME, or begin with glasspost chat.",
    )
