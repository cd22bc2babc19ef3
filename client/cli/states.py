"""How far a message has come, as a mark, as words, and as a word for programs."""

from typing import Final

from client.values import HistoryEntry, MessageState

MARKS: Final = {
    MessageState.QUEUED: ".",
    MessageState.AT_RELAY: "v",
    MessageState.DELIVERED: "vv",
    MessageState.FAILED: "x",
    MessageState.RECEIVED: "",
}
STATE_WORDS: Final = {
    MessageState.QUEUED: "queued",
    MessageState.AT_RELAY: "at the relay",
    MessageState.DELIVERED: "delivered",
    MessageState.FAILED: "failed",
    MessageState.RECEIVED: "received",
}
SHORT_ID_CHARS: Final = 8


def short_id(entry: HistoryEntry) -> str:
    """Give the beginning of a message's id that people type."""
    return entry.message_id.hex()[:SHORT_ID_CHARS]


def state_word(state: MessageState) -> str:
    """Give a state as one word for programs."""
    return state.name.lower()
