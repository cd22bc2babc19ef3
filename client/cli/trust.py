"""Trust in plain words: what is known about a contact's key, and how to check it."""

from rich.text import Text

from client.cli.tables import count_of
from client.errors import TrustOpen
from client.messaging.trust import OpenQuestion, Question, ResendQuestion
from client.values import Contact
from protocol.e2ee.safety_number import format_safety_number, parse_safety_number
from protocol.ids import Name


def trust_words(contact: Contact) -> Text:
    """Say how far a contact's key can be relied on."""
    if contact.pending_identity is not None:
        return Text("key changed: answer needed", style="bold yellow")
    if contact.held_back_count:
        texts = count_of(contact.held_back_count, "text")
        return Text(f"key changed: {texts} held back", style="bold yellow")
    if contact.verified:
        return Text("checked", style="green")
    if contact.identity is None:
        return Text("not heard of yet", style="dim")
    return Text("not yet checked", style="dim")


def trust_word(contact: Contact) -> str:
    """Give the same as one word for programs."""
    if contact.pending_identity is not None:
        return "changed"
    if contact.verified:
        return "checked"
    return "unknown" if contact.identity is None else "unchecked"


def relay_sees(contact: Contact) -> Text:
    """Say whether the relay sees that we write to a contact, or that nobody does."""
    if contact.blocked:
        return Text("blocked", style="bold red")
    if contact.sealed:
        return Text("sealed", style="green")
    return Text("the relay sees you write", style="dim")


def comparing(peer: Name, own: Name, number: str) -> Text:
    """Show a safety number and tell how two people compare it."""
    text = Text(f"Safety number of {own} and {peer}:\n\n")
    for line in format_safety_number(number).splitlines():
        text.append(f"    {line}\n", style="bold")
    text.append(
        f"\n{peer} sees the same digits with:  glasspost verify {own}\n"
        "Read them to each other, in person or in a call: somewhere the relay is not.\n"
        "If they are the same, nobody is listening in between.\n"
    )
    return text


def answered_words(question: Question, *, accepted: bool) -> str:
    """Say what the answer means from now on."""
    peer = question.peer
    if isinstance(question, ResendQuestion):
        texts = count_of(question.text_count, "text")
        if accepted:
            return f"{texts} to the new key of {peer}, which is not yet checked."
        return f"{texts} failed: to be copied from the history, if you like."
    if accepted:
        return f"The new key of {peer} is the expected one now, not yet checked."
    return f"The key of {peer} that was expected stays; the other one is refused."


def require_same(peer: Name, shown: str, typed: str, question: Question | None = None) -> None:
    """Compare the number a person was told with the one shown here; blanks do not count.

    Args:
        question: about ``peer``, if one is open; then a mismatch has an answer of its own.

    Raises:
        BadSafetyNumber: what was typed is not 60 digits.
        TrustOpen: they differ.
    """
    number = parse_safety_number(typed)
    if number == shown:
        return
    if isinstance(question, OpenQuestion) and number == question.expected:
        raise TrustOpen(
            f"These are the digits of the key that was expected, not of the new one of {peer}.",
            why=f"If {peer} reads them now, the new key is somebody else's.",
            hint=f"Keep the expected key: glasspost trust {peer} --keep.",
        )
    refuse = "" if question is None else f" and refuse the key: glasspost trust {peer} --keep"
    raise TrustOpen(
        f"These are not the digits that belong to you and {peer}.",
        why="A digit was misread, or somebody has put a key of their own in between.",
        hint=f"Compare once more. If they differ again, do not rely on what {peer} writes here"
        f"{refuse}.",
    )
