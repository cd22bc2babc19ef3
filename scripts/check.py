"""``scripts/check [--fix]``: what should pass before every commit, in well under a minute."""

import argparse
import sys

from scripts.steps import PYTEST, REPAIRS, STATIC_STEPS, Step, names_of_failed, run_all

FAST_TESTS = Step("tests", (*PYTEST, "--quiet", "-m", "not slow"), live=True)


def main(arguments: list[str]) -> None:
    """Run all steps; the exit code tells whether every one passed."""
    parser = argparse.ArgumentParser(prog="scripts/check", description=__doc__)
    parser.add_argument("--fix", action="store_true", help="first format and repair what ruff can")
    before = REPAIRS if parser.parse_args(arguments).fix else ()
    outcomes = run_all((*before, *STATIC_STEPS, FAST_TESTS))
    print("\n" + "\n".join(map(str, outcomes)))
    if failed := names_of_failed(outcomes):
        sys.exit(f"Failed: {failed}")


if __name__ == "__main__":
    main(sys.argv[1:])
