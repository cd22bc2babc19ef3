"""Readers that go away: a real pipe into ``head`` ends every verb quietly."""

import shlex
import subprocess

import pytest

from tests.client.cli.harness import Person

pytestmark = pytest.mark.slow

# Three of them are more than a pipe holds, so that the reader is gone before all is printed.
TEXT = "the tide is high tonight, " * 2_400
PIPELINES = [
    (["history", "bob", "--limit", "1000"], "head -1"),
    (["--json", "history", "bob"], "head -1"),
    (["search", "tide"], "head -c 5"),
    (["listen", "--timeout", "1"], "head -c 5"),
    (["chat", "bob"], "head -c 5"),
]


def test_a_reader_that_goes_away_is_no_error(people: tuple[Person, Person]) -> None:
    alice, bob = people
    for _ in range(3):
        assert alice.run("send", "bob", "-", stdin=TEXT).code == 0
    for verb, reader in PIPELINES:
        reading = bob if verb[0] == "listen" else alice
        done = subprocess.run(
            f"{shlex.join(reading.command(*verb))} | {reader}",
            shell=True,
            executable="/bin/bash",
            env=reading.environment,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        assert done.stderr == "", verb
        assert done.stdout, verb
