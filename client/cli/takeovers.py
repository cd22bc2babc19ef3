"""A takeover of the name in words, wherever the user looks."""

from client.cli.output import Json, Output
from client.moments import day_and_clock
from client.values import TakeoverAnnounced

_GROUP_DIGITS = 8


def announced_words(announced: TakeoverAnnounced) -> str:
    """Say what is about to happen, and what to do against it."""
    return (
        "Another device has asked to take over your name, with your account key. It can from"
        f" {day_and_clock(announced.until_ms)} on. If that is not you: glasspost veto"
    )


def announced_fields(announced: TakeoverAnnounced) -> dict[str, Json]:
    """Give the same for programs."""
    return {"until_ms": announced.until_ms, "new_identity": announced.new_identity.hex()}


def note_takeover(output: Output, announced: TakeoverAnnounced) -> None:
    """Tell of it on standard error, beside the result of a command."""
    fields: dict[str, Json] = {"notice": "takeover_announced", **announced_fields(announced)}
    output.note(announced_words(announced), fields)


def fingerprint(identity: bytes) -> str:
    """Give a 32-byte identity key in groups that can be compared by eye."""
    digits = identity.hex()
    return " ".join(digits[at : at + _GROUP_DIGITS] for at in range(0, len(digits), _GROUP_DIGITS))
