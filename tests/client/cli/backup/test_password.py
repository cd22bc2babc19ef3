"""A password while it is typed: what is seen, what is refused."""

import pytest

from client.backup.secrets.failures import TrivialPassword
from client.cli.backup.password import PasswordField, require_strength
from client.cli.chat.keys import Key, Typed
from tests.client.cli.emulator import Emulator


def field_with(text: str) -> PasswordField:
    field = PasswordField("New password: ", ["alice"])
    for character in text:
        assert not field.take(Typed(character))
    return field


def shown(field: PasswordField, width: int = 80) -> list[str]:
    screen = Emulator(width, 5)
    screen.write(field.painted(width))
    return [row for row in screen.rows if row]


def test_dots_and_a_word_are_seen_and_nothing_else() -> None:
    assert shown(field_with("")) == ["New password:"]
    (line,) = shown(field_with("hunter2"))
    assert line == "New password: ●●●●●●●  too easy: It has fewer than 8 characters."
    (line,) = shown(field_with("herbst regen dach"))
    assert line.endswith("●  strong")


@pytest.mark.parametrize("width", [40, 50, 80])
def test_it_stays_on_its_line(width: int) -> None:
    for text in ("x", "hunter2hunter3", "correct horse battery staple of the north"):
        assert len(shown(field_with(text), max(width, 60))) == 1


def test_keys_do_what_they_say() -> None:
    field = field_with("abc")
    field.take(Key.BACKSPACE)
    assert field.text == "ab"
    field.take(Key.LEFT)
    field.take(Typed("cd\nef"))
    assert field.text == "abcd"
    field.take(Key.ERASE_LINE)
    assert field.text == ""
    assert field.take(Key.ENTER)
    with pytest.raises(KeyboardInterrupt):
        field.take(Key.CANCEL)


def test_a_trivial_one_from_a_file_is_refused_with_words() -> None:
    require_strength("herbst regen dach", ["alice"])
    with pytest.raises(TrivialPassword) as caught:
        require_strength("alice1999", ["alice"])
    assert "name" in caught.value.why
    assert "four or five words" in caught.value.hint
