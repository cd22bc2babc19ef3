"""What ``register`` says when it makes nothing."""

from pathlib import Path

import pytest

from client.cli.root import main
from tests.client.cli.harness import Person, RelayProcess, free_port


def test_with_the_relay_away_nothing_is_promised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    relay = f"127.0.0.1:{free_port()}"
    command = ["--home", str(tmp_path), "--relay", relay, "register", "alice", "--no-passphrase"]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert "Nothing was made here." in said
    assert "queued" not in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_registering_again_says_so(relay: RelayProcess, strangers: tuple[Person, Person]) -> None:
    alice = strangers[0]
    alice.register(relay.address)
    again = alice.run("register", "alice")
    assert (again.code, again.out.splitlines()[0].split(" at ")[0]) == (
        0,
        "alice is already registered",
    )
