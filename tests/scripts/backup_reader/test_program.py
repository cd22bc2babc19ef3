"""The reader stays short, and takes nothing of the product."""

import ast
import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[3] / "scripts"
PROGRAM = [SCRIPTS / "open_backup.py", *sorted((SCRIPTS / "backup_reader").glob("*.py"))]


def test_the_program_is_short_and_takes_nothing_of_the_product() -> None:
    assert len(PROGRAM) > 5
    allowed = {"cryptography", "msgpack", "nacl", "zstandard", *sys.stdlib_module_names}
    for file in PROGRAM:
        text = file.read_text()
        assert len(text.splitlines()) < 200, file
        for name in _imported(ast.parse(text)):
            assert name.split(".")[0] in allowed or name.startswith("scripts.backup_reader."), name


def _imported(tree: ast.Module) -> list[str]:
    plain = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    taken = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not any(node.level for node in taken)
    return [each.name for node in plain for each in node.names] + [
        node.module or "" for node in taken
    ]
