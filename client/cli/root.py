"""The ``glasspost`` command: its help page, its verbs, and how it ends.

A verb's module is loaded when the verb is used, so that ``glasspost --help`` and a shell's
completion need neither the network nor the cryptography.
"""

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

from client.cli.failure import (
    DEBUG_VARIABLE,
    INTERRUPTED,
    TERMINATED,
    Failure,
    Terminated,
    failure_of,
    leaves,
)
from client.cli.options import global_options
from client.cli.output import Output, make_streams_forgiving
from client.cli.settings import Settings
from client.cli.verb_table import GROUPS, VERBS
from client.errors import ExitCode

EPILOG: Final = """\b
Examples:
  glasspost --as alice chat              set up and talk (elsewhere: --as bob)
  glasspost send bob "the tide is high"  one message
  glasspost --json listen --count 1      for a script

\b
Exit codes:
  0 done       1 usage or local error         2 relay unreachable: queued
  3 refused    4 a trust question is open     5 wrong secret

The options above may also stand behind the verb. Colours follow NO_COLOR and TERM."""


class Verbs(click.Group):
    """Loads a verb's module when the verb is used."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Give the verbs in the order of the help page."""
        return list(VERBS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the command of a verb; None if there is no such verb."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(f"client.cli.verbs.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb; say which are near to a wrong one."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            name = error.command_name
            raise click.NoSuchCommand(name, possibilities=VERBS, ctx=ctx) from None

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs by what they are for, without loading one; then the options."""
        width = max(map(len, VERBS))
        for title, verbs in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), line) for name, line in verbs.items()])
        click.Command.format_options(self, ctx, formatter)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete verbs without loading them."""
        verbs = [name for name in VERBS if name.startswith(incomplete)]
        items = [CompletionItem(name, help=VERBS[name]) for name in verbs]
        return [*items, *click.Command.shell_complete(self, ctx, incomplete)]


@click.command(
    cls=Verbs,
    epilog=EPILOG,
    subcommand_metavar="VERB ...",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@global_options(hidden=False)
@click.version_option(package_name="glasspost", message="%(package)s %(version)s")
@click.pass_context
def glasspost(context: click.Context) -> None:
    """End-to-end encrypted messages between terminals.

    The relay stores and forwards sealed envelopes and can open none of them. What you
    write is kept in an encrypted file on this machine, and is queued when the relay is away.
    """
    context.obj = context.obj or Settings()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line, and give the exit code. Never raises, never shows a traceback."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    make_streams_forgiving()
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001  # the last door: every error gets its words
        code = _ended_by(error, Output(json="--json" in arguments))
    return code


def _run(arguments: Sequence[str]) -> int:
    result: Any = glasspost.main(args=list(arguments), prog_name="glasspost", standalone_mode=False)
    # Without its standalone mode click returns what --help or an Exit wants as the code.
    return result if isinstance(result, int) else ExitCode.DONE


def _ended_by(error: BaseException, output: Output) -> int:
    """Say why a command ended, and give its exit code."""
    reasons = list(leaves(error))
    if any(isinstance(reason, KeyboardInterrupt | click.Abort) for reason in reasons):
        return INTERRUPTED
    if any(isinstance(reason, Terminated) for reason in reasons):
        return TERMINATED
    if any(isinstance(reason, BrokenPipeError) for reason in reasons):
        _discard_output()
        return ExitCode.LOCAL
    if isinstance(error, SystemExit):  # the end of a completion script's question
        return int(error.code or 0)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.ctx.get_help(), err=True)
        return ExitCode.LOCAL
    if os.environ.get(DEBUG_VARIABLE):
        traceback.print_exception(error)
    failure = failure_of(error)
    _say(failure, output)
    return failure.exit_code


def _say(failure: Failure, output: Output) -> None:
    try:
        output.fail(failure)
    except OSError:
        _discard_output()


def _discard_output() -> None:
    """Let nothing more be written: the interpreter flushes once again when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
