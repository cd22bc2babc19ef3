"""Which kept message is meant by the first digits of an id."""

from collections.abc import Sequence
from typing import Final

from client.errors import LocalError
from client.store import specimens
from client.store.transaction import Transaction
from client.values import Specimen
from protocol.ids import Name

_CHOICES: Final = 5  # one less than are looked for


def the_specimen(
    tx: Transaction, prefix: str, *, peer: Name | None, outgoing: bool | None
) -> Specimen:
    """Give the one message that is meant; arguments as for ``Engine.specimen``.

    Raises:
        LocalError: no message or several begin with ``prefix``, or none of its bytes were kept.
    """
    found = specimens.find(tx, prefix, peer=peer, outgoing=outgoing)
    if len(found) == 1:
        return found[0]
    if found:
        raise _several(prefix, found)
    raise LocalError(
        f"No kept message begins with {prefix}.",
        why="The bytes of the newest thousand messages are kept, from when they travelled.",
        hint="The ids stand in: glasspost --json history PEER",
    )


def _several(prefix: str, found: Sequence[Specimen]) -> LocalError:
    """Name the messages of whom one has to be chosen: a peer may have taken the id of another."""
    named = [f"{each.message_id.hex()} {_way(each)} {each.peer}" for each in found]
    count = f"{len(found)} messages" if len(found) <= _CHOICES else "Many messages"
    return LocalError(
        f"{count} begin with {prefix}.",
        why=f"They are {', '.join(named[:_CHOICES])}{', …' if len(found) > _CHOICES else '.'}",
        hint="Give more digits, or --to NAME or --from NAME.",
    )


def _way(specimen: Specimen) -> str:
    return "to" if specimen.outgoing else "from"
