"""Setting a backup up and restoring it at a terminal: what is asked, shown, and left undone."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.client.cli.backup_rig import Keeper, keeper_with_history, vaults_up
from tests.client.cli.test_chat import Session, sessions

__all__ = ["sessions"]

pytestmark = pytest.mark.slow

Start = Callable[..., Session]

ROW = re.compile(r"^ {2}([1-8]) {2}(\d{4} \d{4})$")
ASKED = re.compile(r"Row (\d) of 8: *$")


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    with keeper_with_history(tmp_path) as keeper:
        yield keeper


def rows_shown(session: Session) -> dict[str, str]:
    """Give the digits that are on the screen, as somebody writes them down."""
    session.wait_for(lambda _rows: ASKED.search(session.prompt) is not None)
    found = (ROW.match(row) for row in session.emulator.shown)
    return {match[1]: match[2] for match in found if match is not None}


def answer_rows(session: Session, digits: dict[str, str], count: int) -> None:
    """Type the rows that are asked for, one after the other."""
    for _ in range(count):
        session.wait_for(lambda _rows: ASKED.search(session.prompt) is not None)
        asked = ASKED.search(session.prompt)
        assert asked is not None
        session.type(f"{digits[asked[1]]}\n")
        _wait_until_answered(session, asked[0].strip())


def _wait_until_answered(session: Session, prompt: str) -> None:
    session.wait_for(lambda _rows: not session.prompt.endswith(prompt))


def test_digits_are_shown_once_proven_and_typed_again(
    keeper: Keeper, sessions: Start, tmp_path: Path
) -> None:
    setup = sessions(keeper.person, "backup", "setup", "--to", str(keeper.cloud), "--digits")
    digits = rows_shown(setup)
    assert len(digits) == 8
    answer_rows(setup, digits, 2)
    assert setup.end() == 0
    keeper.done("create")
    device = replace(keeper.person, home=tmp_path / "new")
    where = ("restore", "--from", str(keeper.cloud), "--no-passphrase")
    restore = sessions(device, "--relay", keeper.relay, *where)
    restore.wait_for_text("Row 1 of 8")
    restore.type(f"{' '.join(digits.values())}\n")
    assert restore.end() == 0
    assert keeper.history(tmp_path / "new") == keeper.history()


def test_cancelled_at_any_screen_nothing_has_changed(keeper: Keeper, sessions: Start) -> None:
    before = keeper.history()
    arguments = ("backup", "setup", "--to", str(keeper.cloud), "--digits")
    with vaults_up(keeper.folder, "north") as named:
        guarded = (*arguments, "--password", "--vault", named["north"])
        for steps in range(4):
            setup = sessions(keeper.person, *guarded)
            digits = rows_shown(setup)
            answer_rows(setup, digits, min(steps, 2))
            if steps == 3:
                setup.wait_for_text("New password:")
                setup.type("herbst regen dach")
                setup.wait_for_text("strong")
            setup.type("\x03")
            assert setup.end() == 130
            assert keeper.run("status").code == 1
    assert list(keeper.cloud.iterdir()) == []
    assert keeper.history() == before


def test_a_password_is_judged_while_it_is_typed(keeper: Keeper, sessions: Start) -> None:
    with vaults_up(keeper.folder, "north") as named:
        options = ("--to", str(keeper.cloud), "--vault", named["north"])
        setup = sessions(keeper.person, "backup", "setup", *options)
        setup.wait_for_text("New password:")
        setup.type("alice1999\r")
        setup.wait_for_text("four or five words")
        setup.type("herbst regen dach")
        setup.wait_for_text("strong")
        setup.type("\r")
        setup.wait_for_text("The same again:")
        setup.type("herbst regen dach\n")
        assert setup.end() == 0
        assert "herbst" not in "\n".join(setup.emulator.shown)
        keeper.done("create")
        verify = sessions(keeper.person, "backup", "verify", "--drill")
        verify.wait_for_text("Password of the backup:")
        assert any("it takes 1 of 1 vault:" in row for row in verify.emulator.shown)
        verify.type("wrong\n")
        verify.wait_for_text("Tries left in all: 9")
        verify.type("herbst regen dach\n")
        assert verify.end() == 0
