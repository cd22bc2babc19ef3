"""Three vaults to try things out with: started once, found again, stopped."""

from pathlib import Path

import pytest

from client.network.vault_address import parse_vault
from protocol.recovery.record import require_distinct_operators
from scripts import vaults

pytestmark = pytest.mark.slow


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert vaults.main([*arguments]) == 0
    return capsys.readouterr().out.splitlines()


def test_up_status_down_and_up_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = ("--data", str(tmp_path))
    try:
        addresses = run(capsys, "up", *here)
        require_distinct_operators(map(parse_vault, addresses))
        assert [line.partition("=")[0] for line in addresses] == [*vaults.NAMES]
        assert run(capsys, "up", *here) == addresses
        shown = run(capsys, "status", *here)
        assert all(line.endswith(address) for line, address in zip(shown, addresses, strict=True))
        assert all("stopped" in line for line in run(capsys, "down", *here))
        assert all("does not run" in line for line in run(capsys, "status", *here))
        assert run(capsys, "up", *here) == addresses
    finally:
        run(capsys, "down", *here)


def test_what_hinders_a_start_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "north").write_text("in the way")
    assert vaults.main(["up", "--data", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "The vault north does not start." in said
    assert "--data" in said
