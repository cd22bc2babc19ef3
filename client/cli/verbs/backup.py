"""``glasspost backup``: a group of commands, each loaded when it is used."""

from importlib import import_module
from typing import Final

import click
from click.shell_completion import CompletionItem

from client.cli.options import global_options
from client.cli.settings import Settings

COMMANDS: Final = {
    "setup": "choose where it lies and what opens it",
    "create": "save what is new",
    "status": "last backup, slots, guesses left, who sees what",
    "verify": "check every object; --drill restores to nowhere",
    "list": "the backups that are kept, and what is in each",
    "prune": "save now, and delete what no kept backup needs",
    "export": "copy all of it into one file",
    "passwd": "change the password",
    "slot": "add or remove what opens it",
}


class Commands(click.Group):
    """Loads a command's module when the command is used."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Give the commands in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command; None if there is no such one."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"client.cli.backup.verbs.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; say which are near to a wrong one."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            name = error.command_name
            raise click.NoSuchCommand(name, possibilities=COMMANDS, ctx=ctx) from None

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands without loading one, then the options."""
        width = max(map(len, COMMANDS))
        with formatter.section("Commands"):
            formatter.write_dl([(name.ljust(width), line) for name, line in COMMANDS.items()])
        click.Command.format_options(self, ctx, formatter)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete commands without loading them."""
        names = [name for name in COMMANDS if name.startswith(incomplete)]
        items = [CompletionItem(name, help=COMMANDS[name]) for name in names]
        return [*items, *click.Command.shell_complete(self, ctx, incomplete)]


@click.command(
    cls=Commands,
    subcommand_metavar="COMMAND ...",
    epilog="""\b
Examples:
  glasspost backup setup --to /mnt/cloud --digits
  glasspost backup setup --to relay --password --digits \\
      --vault north=vault.example:7700#6181... --vault ... --vault ...
  glasspost backup create             daily, from cron for example
  glasspost backup verify --drill     would it restore? nothing is written

\b
Where it may lie (--to): a path or folder:PATH; relay (blobs of your relay);
s3:BUCKET/PREFIX, webdav:URL, gdrive:FOLDER with glasspost[cloud].""",
)
@global_options(hidden=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Keep an encrypted backup of the history and its files.

    It opens by 64 digits on paper, by a password that vaults of different operators guard, or by
    both. Neither the storage nor the relay nor fewer vaults than it takes can read it or try
    passwords.
    """
    context.obj = context.obj or Settings()
