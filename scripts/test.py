"""``scripts/test [PYTEST ARGUMENT...]``: the static checks, then every test.

pytest runs last, so that its own closing line is the last word on standard output.
"""

import os
import shutil
import subprocess
import sys

from scripts.steps import PYTEST, STATIC_STEPS, Step, names_of_failed, run, run_all

STRACE_PURPOSE = "The crash tests use strace to kill programs between two system calls."


def main(arguments: list[str]) -> None:
    """Run all; the exit code tells whether everything passed."""
    provide_strace()
    outcomes = run_all(STATIC_STEPS)
    if failed := names_of_failed(outcomes):
        print(f"Failed: {failed}. The tests run all the same.", file=sys.stderr, flush=True)
    outcomes.append(run(Step("tests", (*PYTEST, *arguments), live=True)))
    if failed := names_of_failed(outcomes):
        sys.exit(f"Failed: {failed}")


def provide_strace() -> None:
    """Install strace in CI, where no test may be skipped; a person's machine is left as it is."""
    if shutil.which("strace"):
        return
    in_ci = os.environ.get("CI") == "true"
    if in_ci and os.geteuid() == 0 and shutil.which("apt-get"):
        install_strace()
    if shutil.which("strace"):
        return
    print(f"{STRACE_PURPOSE} It is missing.", file=sys.stderr)
    if in_ci:
        sys.exit("In CI no test may be skipped for that: install strace, or run as root with apt.")
    print("Those tests skip. To run them: sudo apt-get install strace", file=sys.stderr, flush=True)


def install_strace() -> None:
    """Install strace with apt; a failure is only shown, the caller looks again."""
    print("Installing strace…", file=sys.stderr, flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (("apt-get", "update"), ("apt-get", "install", "--yes", "strace")):
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            check=False,
        )
        if done.returncode:
            print(done.stdout.decode(errors="replace"), file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
