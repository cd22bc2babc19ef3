"""Full-text search over the history, inside the encrypted file (SQLite's FTS5).

What a user types is words, never FTS5's query language: each is quoted. All
must be in a message; the last may be the beginning of a word, so that results
come while one types. Newest first by row id, which the index gives in order
(ranking by relevance would read every hit).

Spec: docs/formats.md#history_words
"""

from typing import Final

from client.store.transaction import Transaction

TABLE: Final = (
    "CREATE VIRTUAL TABLE history_words USING fts5("
    "text, content = 'history', content_rowid = 'row_id',"
    " tokenize = 'unicode61 remove_diacritics 2')",
)


def add(tx: Transaction, row_id: int, text: str) -> None:
    """Index the text of a line."""
    tx.execute("INSERT INTO history_words (rowid, text) VALUES (?, ?)", (row_id, text))


def remove(tx: Transaction, row_id: int, text: str) -> None:
    """Take a line out of the index; ``text`` is what was indexed."""
    tx.execute(
        "INSERT INTO history_words (history_words, rowid, text) VALUES ('delete', ?, ?)",
        (row_id, text),
    )


def find(tx: Transaction, words: str, limit: int) -> list[int]:
    """Give the row ids of lines that hold all ``words``, newest first.

    Args:
        words: as typed; whatever is in it, it is only words.
        limit: most to give.
    """
    # NUL ends a query for FTS5, and a lone surrogate has no UTF-8: neither is part of a word.
    readable = words.encode(errors="ignore").replace(b"\0", b" ").decode()
    quoted = [_quote(word) for word in readable.split()]
    if not quoted:
        return []
    rows = tx.all(
        "SELECT rowid FROM history_words WHERE history_words MATCH ? ORDER BY rowid DESC LIMIT ?",
        (" ".join(quoted) + "*", limit),
    )
    return [row_id for (row_id,) in rows]


def _quote(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
