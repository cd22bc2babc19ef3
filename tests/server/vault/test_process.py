"""The vault as a process: its one line, its folder, its end; killed at each write it makes."""

import subprocess
import sys
from pathlib import Path

import pytest

from client.network.vault_errors import VaultKeyChanged, VaultUnreachable
from client.network.vaults import VaultClient, open_vault
from protocol.recovery import oprf
from protocol.recovery.evaluation import EvaluationRequest, UnlockRequest
from protocol.recovery.record import Vault
from protocol.recovery.registration import Registration
from protocol.recovery.set_up import Guard, set_up
from protocol.recovery.stretching import Stretching
from protocol.signing import public_key_of
from tests.protocol.recovery.cast import OWNER, SALT, stretched
from tests.support.randomness import SeededBytes
from tests.support.relay_process import ROOT
from tests.support.vault_process import vault_command, vault_process

pytestmark = pytest.mark.slow

DRAW = SeededBytes("vault processes")
LIMIT = 10
FREE_GUESSES = 3
"""After these the next one has to wait."""


def registration_at(vault: Vault) -> Registration:
    """Set a password up with this vault alone, which then counts to ten."""
    guard = Guard((vault,), 1, public_key_of(OWNER))
    return set_up(stretched("right"), Stretching(SALT), guard, DRAW).registrations[0]


def a_guess(registration: Registration) -> EvaluationRequest:
    return EvaluationRequest(
        registration.record_id, oprf.blind(stretched("wrong"), DRAW).element.encoding
    )


async def guess_until_it_dies(client: VaultClient, registration: Registration) -> int:
    """Guess three times, as is possible without waiting; give the number of answers."""
    answered = 0
    try:
        for _ in range(FREE_GUESSES):
            await client.evaluate(a_guess(registration))
            answered += 1
    except VaultUnreachable:
        pass
    return answered


async def test_it_says_its_address_and_serves_it(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "vault"
    with vault_process(folder, "north") as vault:
        registration = registration_at(vault.address)
        assert vault.address.name == "north"
        async with open_vault(vault.address) as client:
            await client.register(registration)
        files = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
        assert {"vault.key", "vault.db", "vault.log", "vault.lock"} <= files.keys()
        assert set(files.values()) == {0o600}
        assert vault.terminate() == 0
    with vault_process(folder, "north") as again:
        assert again.address.key == vault.address.key
        async with open_vault(again.address) as client:
            assert (await client.status(registration.record_id)).guesses_left == LIMIT


async def test_another_vault_at_its_place_is_not_spoken_to(tmp_path: Path) -> None:
    with (
        vault_process(tmp_path / "one", "north") as one,
        vault_process(tmp_path / "two", "south") as two,
    ):
        imposter = Vault(one.address.name, two.address.address, one.address.key)
        with pytest.raises(VaultKeyChanged, match="another key"):
            async with open_vault(imposter):
                raise AssertionError


def test_the_folder_is_for_one_vault(tmp_path: Path) -> None:
    with vault_process(tmp_path, "north") as vault:
        assert "another vault is using it" in refused(vault_command(tmp_path, "south"))
        assert vault.terminate() == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["vault"], "--name"),
        (["vault", "--name", "North Pole"], "a name has 1 to 32 characters"),
        (["vault", "--name", "north", "--listen", "nonsense"], "HOST:PORT"),
    ],
)
def test_usage_errors_are_sentences(options: list[str], words: str) -> None:
    assert words in refused([sys.executable, "-m", "server", *options])


def test_a_damaged_database_is_not_to_be_restored(tmp_path: Path) -> None:
    (tmp_path / "vault.db").write_bytes(b"noise" * 2_000)
    complaint = refused(vault_command(tmp_path, "north"))
    assert "damaged" in complaint
    assert "Do not bring the file back from a backup" in complaint


def refused(command: list[str]) -> str:
    """Run a command that must end with 1, a sentence and no traceback; give the sentence."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1, done
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5, 6, 8, 11, 15])
async def test_b5_killed_at_the_nth_write_it_gives_no_guess_away(
    tmp_path: Path, strace: str, nth: int
) -> None:
    """Die inside a write or sync of some guess: what was answered was counted."""
    with vault_process(tmp_path, "north") as vault:
        registration = registration_at(vault.address)
        async with open_vault(vault.address) as client:
            await client.register(registration)
        vault.kill()
    inject = f"inject=pwrite64,fdatasync,fsync:signal=SIGKILL:when={nth}"
    trace = ["-e", "trace=pwrite64,fdatasync,fsync", "-e", inject]
    under = (strace, "-f", "-qq", "-o", "/dev/null", *trace)
    answered = 0
    with vault_process(tmp_path, "north", under=under) as dying:
        if dying.said:  # else it died while it started
            async with open_vault(dying.address) as client:
                answered = await guess_until_it_dies(client, registration)
    with vault_process(tmp_path, "north") as vault:
        async with open_vault(vault.address) as client:
            left = (await client.status(registration.record_id)).guesses_left
            # At most the one guess that was under way is counted without an answer.
            assert answered <= LIMIT - left <= answered + 1
            await client.unlock(UnlockRequest(registration.record_id, registration.tag))
            assert (await client.status(registration.record_id)).guesses_left == LIMIT
