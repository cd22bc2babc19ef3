"""What one person has seen on the screen, over all their chats."""

from dataclasses import dataclass, field

from scripts.story.chat_lines import Mark, MarkChanged, Message, Remark, parse


@dataclass(slots=True)
class Screen:
    """Takes a chat's lines, and knows what was shown.

    Attributes:
        read: texts of the other side in the order in which they were new. Each chat begins
            with the last lines of the one before; those are not new. A text that one chat
            shows twice is here twice.
        marks: how far each own text has come.
        is_connected: whether the chat has said so, and nothing else since.
        remarks: what the present chat itself has said.
    """

    read: list[str] = field(default_factory=list)
    marks: dict[str, Mark] = field(default_factory=dict)
    is_connected: bool = False
    remarks: list[str] = field(default_factory=list)
    _old: frozenset[str] = frozenset()

    def begin_chat(self) -> None:
        """A new chat begins: what was read before may be repeated."""
        self._old = frozenset(self.read)
        self.is_connected = False
        self.remarks = []

    def remark(self, words: str) -> str | None:
        """Give the last remark that holds ``words``, from there on, or None."""
        found = (each[each.index(words) :] for each in reversed(self.remarks) if words in each)
        return next(found, None)

    def take(self, line: str) -> None:
        """Take the next line of the chat."""
        match parse(line):
            case Message(None, text):
                if text not in self._old:
                    self.read.append(text)
            case Message(Mark() as mark, text):
                self.marks[text] = mark
            case MarkChanged(mark, beginning):
                for text in self.marks:
                    if text.startswith(beginning):
                        self.marks[text] = mark
            case Remark(words):
                self.remarks.append(words)
                if words.startswith(("Connected", "Not connected")):
                    self.is_connected = words.startswith("Connected")
