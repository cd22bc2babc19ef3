"""Lines of the history in which the client itself speaks."""

from dataclasses import dataclass, replace

from client.store import conversation, history, ordering, settings
from client.store.history import NewEntry
from client.store.ordering import KEY_REPLACED
from client.store.transaction import Transaction
from client.values import EntryKind, MessageState
from protocol.ids import IDENTIFIER_BYTES, MessageId, Name, SessionId
from protocol.randomness import RandomBytes


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    at_ms: int
    about: bytes | None = None
    announced: bool = False


def first_contact(tx: Transaction, peer: Name, at_ms: int, random_bytes: RandomBytes) -> None:
    """Say that an identity was pinned because it was the first.

    Args:
        at_ms: when it was shown (relay time): mail that waited for days is older than now.
    """
    text = (
        f"First contact: the key that {peer} shows now is the one that is expected from now on."
        f" To be sure whose it is, compare the safety number: glasspost verify {peer}"
    )
    _add(tx, peer, text, at_ms, random_bytes)


def identity_changed(
    tx: Transaction, peer: Name, random_bytes: RandomBytes, *, verified: bool
) -> None:
    """Say that another identity was shown, and what it may mean."""
    kind = "verified" if verified else "expected"
    text = (
        f"{peer} shows another identity key than the {kind} one. Either {peer} has a new device,"
        " or somebody sits in between. Nothing goes out and nothing new is opened until you"
        f" decide: glasspost trust {peer}"
    )
    _add_once(tx, peer, b"changed", _Line(text, settings.relay_clock_ms(tx)), random_bytes)


def identity_replaced(
    tx: Transaction, peer: Name, at_ms: int, held_back_count: int, random_bytes: RandomBytes
) -> None:
    """Say that another identity took the place of one that was never verified.

    The next ones that come before anybody has written are said in the same line.

    Args:
        at_ms: relay time of the line; not after what the new identity wrote. It stands behind
            all that was said before, whatever the relay's clock says.
        held_back_count: texts that wait because of it.
    """
    said = history.notices_about(tx, peer, KEY_REPLACED, conversation.last_line(tx, peer))
    changed = "has changed more than once" if said else "has changed"
    text = (
        f"{peer}'s key {changed}: a new device, or somebody in between."
        f" Compare: glasspost verify {peer}"
    )
    if held_back_count:
        texts = "1 text" if held_back_count == 1 else f"{held_back_count} texts"
        text += f" - {texts} to the former key, without a receipt, wait: glasspost trust {peer}"
    at_ms = max(at_ms, ordering.behind_last(tx, peer))
    _add_once(tx, peer, KEY_REPLACED, _Line(text, at_ms, announced=True), random_bytes)


def identity_accepted(
    tx: Transaction, peer: Name, random_bytes: RandomBytes, *, verified: bool
) -> None:
    """Say that the user took the new identity."""
    how = " after comparing the safety number" if verified else " without comparing it"
    text = f"You accepted the new identity key of {peer}{how}."
    _add(tx, peer, text, settings.relay_clock_ms(tx), random_bytes)


def identity_refused(tx: Transaction, peer: Name, random_bytes: RandomBytes) -> None:
    """Say that the user kept the old identity."""
    text = f"You refused the other identity key of {peer}."
    _add(tx, peer, text, settings.relay_clock_ms(tx), random_bytes)


def blocked(tx: Transaction, peer: Name, random_bytes: RandomBytes) -> None:
    """Say that the user blocked a contact."""
    text = (
        f"You blocked {peer}: nothing that {peer} writes is kept from now on."
        f" To undo it: glasspost unblock {peer}"
    )
    _add(tx, peer, text, settings.relay_clock_ms(tx), random_bytes)


def session_lost(tx: Transaction, peer: Name, session_id: SessionId) -> None:
    """Say that keys of this conversation were damaged, and what that costs; once a session."""
    text = (
        "Keys of this conversation could not be read from the database and were dropped."
        f" What {peer} encrypted to them cannot be opened. The next message from here begins anew"
        " with fresh keys."
    )
    _add(tx, peer, text, settings.relay_clock_ms(tx), lambda _: session_id)


def identity_as_expected(tx: Transaction, peer: Name, random_bytes: RandomBytes) -> None:
    """Say that a question was closed without the user."""
    text = (
        f"The relay shows the expected identity key of {peer} again: the other one is dropped,"
        " and what waited goes out."
    )
    _add_once(tx, peer, b"expected", _Line(text, settings.relay_clock_ms(tx)), random_bytes)


def other_key_in_backup(tx: Transaction, peer: Name, random_bytes: RandomBytes) -> None:
    """Say that a restored backup knew the contact by another key, and which one stays."""
    text = (
        f"The backup that was restored has another identity key of {peer} than the one that is"
        f" expected here. The one here stays. To be sure whose it is, compare the safety number:"
        f" glasspost verify {peer}"
    )
    _add(tx, peer, text, settings.relay_clock_ms(tx), random_bytes)


def unblocked(tx: Transaction, peer: Name, random_bytes: RandomBytes) -> None:
    """Say that the user hears a contact again."""
    text = f"You unblocked {peer}."
    _add(tx, peer, text, settings.relay_clock_ms(tx), random_bytes)


def _add_once(
    tx: Transaction, peer: Name, about: bytes, line: _Line, random_bytes: RandomBytes
) -> None:
    """Add a line in the place of the last one ``about`` the same, if nobody has written since.

    So a relay that shows one key after the other fills no history with that.
    """
    said = history.notices_about(tx, peer, about, conversation.last_line(tx, peer))
    _add_line(tx, peer, replace(line, about=about), random_bytes)
    for row_id in said:  # only now: the new line is to have a number of its own
        history.remove_notice(tx, row_id)


def _add(tx: Transaction, peer: Name, text: str, at_ms: int, random_bytes: RandomBytes) -> None:
    _add_line(tx, peer, _Line(text, at_ms), random_bytes)


def _add_line(tx: Transaction, peer: Name, line: _Line, random_bytes: RandomBytes) -> None:
    history.add(
        tx,
        NewEntry(
            peer=peer,
            sender=peer,
            message_id=MessageId(random_bytes(IDENTIFIER_BYTES)),
            kind=EntryKind.NOTICE,
            text=line.text,
            state=MessageState.RECEIVED,
            sent_at_ms=line.at_ms,
            arrival_ms=line.at_ms,
            raw=line.about,
            announced=line.announced,
        ),
    )
