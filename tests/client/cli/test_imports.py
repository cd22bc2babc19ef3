"""What a command does not need it does not load: starting costs more than sending."""

import subprocess
import sys

import pytest

PROBE = """
import sys
from client.cli.root import main
code = main(sys.argv[2:])
loaded = [name for name in sys.argv[1].split(",") if name in sys.modules]
sys.exit(f"loaded: {loaded}" if loaded else code)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["--help"], "trio,rich,nacl,cryptography,apsw,msgpack"),
        (["completion", "bash"], "trio,rich,nacl,cryptography,apsw,msgpack"),
        (["send", "--help"], "rich,getpass,readline,asyncio,client.cli.chat,client.xray"),
        (["listen", "--help"], "getpass,asyncio,client.cli.chat,client.xray"),
    ],
)
def test_it_stays_away(arguments: list[str], unwanted: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, unwanted, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
