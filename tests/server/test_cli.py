"""The command line, without a relay behind it."""

from pathlib import Path

import pytest

from server import cli
from server.launch import Options


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Options]:
    """What the relay would have been started with."""
    seen: list[Options] = []

    def run(_serve: object, options: Options, _ready: object) -> None:
        seen.append(options)

    monkeypatch.setattr("server.cli.trio.run", run)
    monkeypatch.delenv("GLASSPOST_RELAY_DATA", raising=False)
    return seen


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr("sys.argv", ["glasspost-server", *arguments])
    cli.main()


def test_defaults(served: list[Options], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    run(monkeypatch, "relay")
    (options,) = served
    assert (options.listen.host, options.listen.port) == ("127.0.0.1", 7667)
    assert options.data == tmp_path / "glasspost" / "relay"
    assert options.tls
    assert options.log is None
    assert options.takeover_hold_ms == 24 * 3_600_000


@pytest.mark.parametrize(("hours", "hold_ms"), [("0", 0), ("0.5", 1_800_000), ("72", 259_200_000)])
def test_the_hold_is_given_in_hours(
    served: list[Options], monkeypatch: pytest.MonkeyPatch, hours: str, hold_ms: int
) -> None:
    run(monkeypatch, "relay", "--memory", "--takeover-hold", hours)
    assert [options.takeover_hold_ms for options in served] == [hold_ms]


def test_the_folder_comes_from_option_or_environment(
    served: list[Options], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GLASSPOST_RELAY_DATA", str(tmp_path / "environment"))
    run(monkeypatch, "relay")
    run(monkeypatch, "relay", "--data", str(tmp_path / "option"))
    run(monkeypatch, "relay", "--memory")
    assert [options.data for options in served] == [
        tmp_path / "environment",
        tmp_path / "option",
        None,
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["relay", "--listen", "nonsense"], "HOST:PORT"),
        (["relay", "--listen", "0.0.0.0:7667", "--no-tls"], "loopback"),
        (["relay", "--memory", "--data", "somewhere"], "Leave one out"),
        (["relay", "--takeover-hold", "soon"], "no number of hours"),
        (["relay", "--takeover-hold", ""], "no number of hours"),
        (["relay", "--takeover-hold", "-1"], "not between 0 and 720 hours"),
        (["relay", "--takeover-hold", "721"], "0 replaces at once"),
        (["relay", "--takeover-hold", "nan"], "not between"),
        (["relay", "--takeover-hold", "inf"], "not between"),
        (["relay", "--glass-half-full"], "No such option"),
        (["relay", "extra"], "unexpected extra argument"),
        (["relais"], "No such command"),
    ],
)
def test_usage_errors_exit_with_one(
    served: list[Options],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, *arguments)
    assert ended.value.code == 1
    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""
    assert served == []


@pytest.mark.parametrize("arguments", [["--help"], ["relay", "--help"], ["relay", "-h"]])
def test_help_has_examples(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    run(monkeypatch, *arguments)
    assert "  glasspost-server relay --listen 0.0.0.0:7667" in capsys.readouterr().out
