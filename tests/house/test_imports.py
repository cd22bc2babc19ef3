"""The import rules hold, and would be seen to break: a leak is planted for each."""

import ast
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("protocol", "server", "client")


@dataclass(frozen=True)
class Leak:
    """Files that break a rule, and the rule that must notice."""

    contract: str
    files: dict[str, str]


LEAKS = (
    Leak("protocol-is-pure", {"protocol/planted.py": "import trio"}),
    Leak("protocol-is-pure", {"protocol/planted.py": "import time"}),
    Leak("protocol-is-pure", {"protocol/planted.py": "import logging"}),
    Leak("protocol-is-pure", {"protocol/planted.py": "import sqlite3"}),
    Leak("protocol-is-pure", {"protocol/planted.py": "import apsw"}),
    Leak("protocol-is-pure", {"protocol/planted.py": "import rich.text"}),
    Leak("protocol-is-pure", {"protocol/planted.py": "import server"}),
    Leak("protocol-is-pure", {"protocol/planted.py": "import client"}),
    Leak("wire-is-blind", {"protocol/wire/planted.py": "import nacl.signing"}),
    Leak(
        "wire-is-blind",
        {
            "protocol/wire/planted.py": "import protocol.planted",
            "protocol/planted.py": "import nacl",
        },
    ),
    Leak("wire-is-blind", {"protocol/wire/planted.py": "import protocol.e2ee"}),
    Leak("server-is-blind", {"server/planted.py": "import protocol.e2ee"}),
    Leak("server-is-blind", {"server/planted.py": "import protocol.archive"}),
    Leak("server-is-blind", {"protocol/recovery/planted.py": "import protocol.e2ee"}),
    Leak(
        "server-is-blind",
        {
            "server/planted.py": "from protocol import planted",
            "protocol/planted.py": "def later():\n    from protocol import e2ee",
        },
    ),
    Leak("server-is-blind", {"server/planted.py": "import client"}),
    Leak("client-stands-alone", {"client/planted.py": "import server"}),
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the packages and their rules, to plant leaks in."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    return tmp_path


def lint_imports(tree: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the linter on ``tree``, which shadows the installed packages."""
    program = Path(sys.prefix) / "bin" / "lint-imports"
    return subprocess.run(
        [program, "--no-logo", "--no-cache", *options],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_tree_keeps_every_rule(tree: Path) -> None:
    linted = lint_imports(tree)
    assert linted.returncode == 0, linted.stdout
    assert " 0 broken" in linted.stdout


@pytest.mark.slow
@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: f"{leak.contract}-{len(leak.files)}")
def test_a_planted_leak_is_found(tree: Path, leak: Leak) -> None:
    for name, text in leak.files.items():
        (tree / name).write_text(text + "\n")
    linted = lint_imports(tree, "--contract", leak.contract)
    assert linted.returncode == 1, linted.stdout
    assert "0 kept, 1 broken" in linted.stdout
    # The reason is the planted import, not a rule that breaks on every tree.
    assert "planted" in linted.stdout


def test_every_folder_with_code_is_a_package() -> None:
    """The import linter is blind to folders without ``__init__.py``."""
    folders = {file.parent for package in PACKAGES for file in (ROOT / package).rglob("*.py")}
    assert len(folders) >= len(PACKAGES)
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


@pytest.mark.parametrize("package", ["protocol", "server"])
def test_no_import_is_dynamic(package: str) -> None:
    """The import linter is blind to these too; the blind side has no use for them."""
    for file in (ROOT / package).rglob("*.py"):
        names = {
            node.id if isinstance(node, ast.Name) else node.attr
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Name | ast.Attribute)
        }
        assert not names & {"import_module", "__import__"}, file
