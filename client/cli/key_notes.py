"""Telling that a contact's key has changed, where standard output is for messages only."""

from client.cli.output import Json, Output
from client.values import HistoryEntry


def note_changed_key(output: Output, entry: HistoryEntry) -> None:
    """Tell on standard error that a key changed and the conversation goes on."""
    fields: dict[str, Json] = {"notice": "identity_changed", "from": entry.peer, "verified": False}
    output.note(entry.text, fields)
