"""Alice with a history, vaults of their own processes, and what backups need in files."""

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path

from client.cli.root import main
from tests.client.cli.harness import Person, Ran, environment_of, running_relay
from tests.support.vault_process import vault_process

PASSWORD = "herbst regen dach"


@dataclass(frozen=True)
class Keeper:
    """Somebody with a backup in ``folder/cloud``."""

    person: Person
    folder: Path
    relay: str

    @property
    def cloud(self) -> Path:
        return self.folder / "cloud"

    @property
    def digits(self) -> Path:
        return self.folder / "digits"

    @property
    def password(self) -> Path:
        return self.folder / "password"

    def run(self, *arguments: str) -> Ran:
        return run_here(self.person, "backup", *arguments)

    def says(self, text: str) -> None:
        """Write to Bob; it is queued if need be."""
        assert run_here(self.person, "send", "bob", text).code == 0

    def done(self, *arguments: str) -> Ran:
        """Run a command that has to succeed."""
        done = self.run(*arguments)
        assert done.code == 0, done
        return done

    def restore(self, new: Path, *arguments: str) -> Ran:
        """Restore on a new device."""
        device = replace(self.person, home=new)
        where = () if "--from" in arguments else ("--from", str(self.cloud))
        always = ("--relay", self.relay, "restore", "--no-passphrase")
        return run_here(device, *always, *where, *arguments)

    def set_up(self, *vaults: str, options: tuple[str, ...] = ()) -> None:
        """Set the backup up: digits always, a password if there are vaults."""
        self.password.write_text(f"{PASSWORD}\n")
        guarded = [f"--vault={vault}" for vault in vaults]
        if vaults:
            guarded += ["--password", "--password-file", str(self.password)]
        where = ("--to", str(self.cloud), "--digits", "--digits-out", str(self.digits))
        self.done("setup", *where, *guarded, *options)
        self.done("create")

    def copy(self, folder: Path) -> "Keeper":
        """Give the same profile, in a folder of its own, without a backup of it."""
        folder.mkdir()
        shutil.copytree(self.person.home, folder / "home")
        return Keeper(replace(self.person, home=folder / "home"), folder, self.relay)

    def history(self, device: Path | None = None) -> list[object]:
        """Give what a device shows of the conversation with Bob."""
        person = replace(self.person, home=device or self.person.home)
        done = run_here(person, "--json", "history", "bob")
        assert done.code == 0, done
        return [json.loads(line) for line in done.out.splitlines()]


def run_here(person: Person, *arguments: str) -> Ran:
    """Run ``glasspost`` to its end in this process: a tenth of the time of another one."""
    out, err = StringIO(), StringIO()
    options = ["--home", str(person.home), "--as", person.name]
    with redirect_stdout(out), redirect_stderr(err):
        code = main([*options, *arguments])
    return Ran(code, out.getvalue(), err.getvalue())


@contextmanager
def keeper_with_history(folder: Path) -> Iterator[Keeper]:
    """Give Alice, who has talked with Bob; she has no backup yet."""
    environment = environment_of(folder / "xdg")
    with running_relay(folder / "relay") as relay:
        alice, bob = (Person(name, folder / name[0], environment) for name in ("alice", "bob"))
        for person in (alice, bob):
            person.register(relay.address)
        for text in ("the tide is high", "Grüße 🦉"):
            assert alice.run("send", "bob", text).code == 0
        assert len(bob.listen(2)) == 2
        assert bob.run("send", "alice", "so it is").code == 0
        assert alice.listen(1) == ["so it is"]
        yield Keeper(alice, folder, relay.address)


@contextmanager
def vaults_up(folder: Path, *names: str) -> Iterator[dict[str, str]]:
    """Run vaults; give how each is named behind ``--vault``."""
    with ExitStack() as stack:
        running = {
            name: stack.enter_context(vault_process(folder / f"vault-{name}", name))
            for name in names
        }
        yield {name: process.said.strip() for name, process in running.items()}
