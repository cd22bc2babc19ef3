"""What is said about a name that is none."""

import io
import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from client.cli.profiles import parse_own, parse_peer
from client.cli.settings import Settings
from client.cli.verbs.send import _read
from client.errors import LocalError
from protocol.errors import TooLong
from protocol.ids import Name
from protocol.limits import MAX_TEXT_BYTES


@pytest.mark.parametrize("parse", [parse_peer, parse_own])
def test_lower_case_is_offered(parse: Callable[[str], Name]) -> None:
    with pytest.raises(LocalError, match="“Carol” is not a name") as caught:
        parse("Carol")
    assert caught.value.hint == "Did you mean carol?"


def test_too_long_is_told_with_the_length_and_nothing_can_command_a_terminal() -> None:
    with pytest.raises(LocalError) as caught:
        parse_own("\x1b" + "x" * 40)
    assert caught.value.why.startswith("It has 41 characters")
    assert "\x1b" not in caught.value.what


def test_a_text_that_is_too_long_is_told_with_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    size = MAX_TEXT_BYTES + 12_345
    stdin = SimpleNamespace(buffer=io.BytesIO(b"x" * size + b"\n"))
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(TooLong, match=f"has {size} bytes"):
        _read(Settings())
