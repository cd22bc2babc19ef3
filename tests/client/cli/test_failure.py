"""Every kind of error becomes what, why and next, with its exit code."""

import errno
import json

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.cli.failure import Failure, failure_of
from client.cli.output import Output
from client.cli.root import main
from client.errors import LocalError, RefusedByRelay, RelayUnreachable, TrustOpen, WrongSecret
from client.text import clean
from protocol import errors as protocol_errors
from tests.client.test_text import FOREIGN, commands_in


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (LocalError("What.", why="Why.", hint="Next."), 1),
        (RelayUnreachable("What.", why="Why.", hint="Next."), 2),
        (RefusedByRelay("What.", why="Why.", hint="Next."), 3),
        (TrustOpen("What.", why="Why.", hint="Next."), 4),
        (WrongSecret("What.", why="Why.", hint="Next."), 5),
    ],
)
def test_errors_for_people_keep_their_words_and_codes(error: Exception, exit_code: int) -> None:
    failure = failure_of(error)
    assert failure == Failure(exit_code, type(error).__name__, "What.", "Why.", "Next.")


PROTOCOL_ERRORS = [
    (protocol_errors.InvalidName(), 1),
    (protocol_errors.TooLong("text", 70_000, 65_536), 1),
    (protocol_errors.DamagedState("session"), 1),
    (protocol_errors.BadAddress("the host is missing"), 1),
    (protocol_errors.WireError("expected a name"), 1),
]


@pytest.mark.parametrize(("error", "exit_code"), PROTOCOL_ERRORS)
def test_errors_of_the_protocol_say_what_to_do(
    error: protocol_errors.GlasspostError, exit_code: int
) -> None:
    failure = failure_of(error)
    assert failure.exit_code == exit_code
    assert failure.what.endswith(".")
    assert failure.hint.endswith(".")
    said = str(getattr(error, "reason", error))
    assert said[1:].rstrip(".") in failure.what + failure.why


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EFBIG, errno.EIO, None])
def test_errors_of_the_system_say_what_to_do(number: int | None) -> None:
    error = OSError() if number is None else OSError(number, "Refused", "/some/where")
    failure = failure_of(error)
    assert (failure.exit_code, bool(failure.why), bool(failure.hint)) == (1, True, True)


def test_a_bug_names_its_place_and_not_its_message() -> None:
    with pytest.raises(AttributeError) as caught:
        clean(Secretive())  # type: ignore[arg-type]
    failure = failure_of(caught.value)
    assert failure.exit_code == 1
    assert failure.why.startswith("AttributeError in client/text.py, line ")
    assert "GLASSPOST_DEBUG=1" in failure.hint
    assert "secret" not in f"{failure}"


class Secretive:
    """Something whose errors say too much."""

    def __getattr__(self, name: str) -> object:
        raise AttributeError("a secret text")


def test_a_bug_does_not_hide_behind_another_error_of_its_group() -> None:
    group = ExceptionGroup(
        "", [RelayUnreachable("lost"), ExceptionGroup("", [ZeroDivisionError()])]
    )
    assert failure_of(group).kind == "ZeroDivisionError"


@given(FOREIGN, FOREIGN, FOREIGN)
def test_no_error_can_command_a_terminal(what: str, why: str, hint: str) -> None:
    failure = failure_of(LocalError(what, why=why, hint=hint))
    with pytest.MonkeyPatch.context() as patch:
        lines = captured(patch, failure)
    for line in lines:
        assert commands_in(line) == []


def captured(patch: pytest.MonkeyPatch, failure: Failure) -> list[str]:
    """Give both forms of a failure as they are printed."""
    import io
    import sys

    results = []
    for as_json in (False, True):
        stream = io.StringIO()
        patch.setattr(sys, "stderr", stream)
        Output(json=as_json).fail(failure)
        text = stream.getvalue()
        assert len(text.split("\n")) <= 4
        results += text.split("\n")
    return results


def test_json_errors_are_one_line_with_all_parts(capsys: pytest.CaptureFixture[str]) -> None:
    Output(json=True).fail(Failure(3, "RefusedByRelay", "What.", "Why.", "Next."))
    printed = json.loads(capsys.readouterr().err)
    assert printed == {
        "error": "RefusedByRelay",
        "what": "What.",
        "why": "Why.",
        "next": "Next.",
        "exit_code": 3,
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sned"], "Did you mean send?"),
        (["--jsno"], "Did you mean --json"),
        (["send", "bob"], "Missing argument 'TEXT|-'"),
        (["send", "bob", "two", "words"], "goes into quotes"),
        (["listen", "--count", "0"], "--count"),
        (["listen", "--count", "many"], "'many' is not a whole number."),
        (["relay"], "Choose from: status, stop."),
        (["listen", "--timeout", "-1"], "is not a number of seconds"),
        (["listen", "--timeout", "nan"], "is not a number of seconds"),
        (["listen", "--timeout", "inf"], "is not a number of seconds"),
        (["listen", "--timeout", "soon"], "is not a number of seconds"),
        (["completion", "tcsh"], "tcsh"),
        (["relay", "start"], "start"),
        (["--home"], "--home"),
    ],
)
def test_usage_errors_end_with_one(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert words in printed.err
    assert "--help" in printed.err
    assert "Traceback" not in printed.err


def test_without_a_verb_the_help_page_shows_and_the_code_is_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == 1
    assert "Usage: glasspost" in capsys.readouterr().err


def test_ctrl_c_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    from client.cli import root

    with pytest.MonkeyPatch.context() as patch:
        for error in (
            KeyboardInterrupt(),
            click.Abort(),
            BaseExceptionGroup("", [KeyboardInterrupt()]),
        ):
            patch.setattr(root, "_run", raising(error))
            assert main(["status"]) == 130
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "")


def raising(error: BaseException) -> object:
    def run(_arguments: object) -> int:
        raise error

    return run


STRINGS = st.one_of(FOREIGN, st.text())


@given(STRINGS)
def test_json_is_plain_ascii(text: str) -> None:
    from client.cli.output import as_json

    line = as_json({"text": text})
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line) == {"text": text}
