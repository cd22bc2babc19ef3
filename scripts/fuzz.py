"""``scripts/fuzz [TARGET|all]``: hostile bytes for every place where bytes of others come in."""

import argparse
import sys
from pathlib import Path

from scripts.fuzzing.engines import Engine, best_engine
from scripts.fuzzing.running import Found, Job, replay, run
from tests.fuzzing.targets import TARGETS

_FINDS = Path("build/fuzz")
_EXAMPLES = """\
examples:
  scripts/fuzz                                     every target, a minute each
  scripts/fuzz relay_link --seconds 3600 --seed 7
  scripts/fuzz relay_link --replay build/fuzz/relay_link-0a1b2c3d.bin
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/fuzz",
        description="Looks for bytes that break a promise: an error that is not documented,"
        " a store that changed though the message was refused, an input that takes too long.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = ", ".join(TARGETS)
    parser.add_argument("target", nargs="?", default="all", help=f"all, or one of: {names}")
    parser.add_argument("--seconds", type=int, default=60, help="for each target [%(default)s]")
    parser.add_argument("--seed", type=int, default=1, help="of all chance [%(default)s]")
    parser.add_argument(
        "--finds", type=Path, default=_FINDS, metavar="DIR", help="where finds go [%(default)s]"
    )
    parser.add_argument("--replay", type=Path, metavar="FILE", help="feed this input once, instead")
    return parser


def main(arguments: list[str]) -> None:
    """Fuzz what was asked for; the exit code tells whether all promises held."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.target not in (*TARGETS, "all"):
        parser.error(f"no target is called {options.target}; see --help")
    if options.seconds < 1 or options.seed < 0:
        parser.error("at least one second is needed, and a seed that is not negative")
    if options.replay:
        _replay(parser, options.target, options.replay)
        return
    engine = best_engine()
    if engine.remark:
        print(engine.remark, file=sys.stderr)
    names = list(TARGETS) if options.target == "all" else [options.target]
    jobs = [Job(name, options.seconds, options.seed, options.finds) for name in names]
    held = [_shown(engine, job) for job in jobs]
    if not all(held):
        sys.exit("Something broke; its inputs are kept as said above.")


def _shown(engine: Engine, job: Job) -> bool:
    """Run one target and print how it went; give whether it held."""
    print(f"{job.target:<44}", end="", flush=True)
    result = run(engine, job)
    if not isinstance(result, Found):
        print(f"{result.inputs:>10,} inputs  held")
        return True
    print("BROKE")
    print(result.report, file=sys.stderr)
    print(f"Once more: scripts/fuzz {job.target} --replay {result.path}", file=sys.stderr)
    return False


def _replay(parser: argparse.ArgumentParser, target: str, path: Path) -> None:
    if target == "all":
        parser.error("--replay needs the target that the input is for")
    try:
        data = path.read_bytes()
    except OSError as error:
        sys.exit(f"Cannot read {path}: {error.strerror}.")
    replay(target, data)
    print(f"{target} held.")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
