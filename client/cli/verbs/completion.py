"""``glasspost completion``: the script that teaches a shell our verbs and options."""

import click
from click.shell_completion import get_completion_class

from client.cli.options import global_options

SHELLS = ("bash", "zsh", "fish")


@click.command(
    epilog="""\b
Examples:
  eval "$(glasspost completion bash)"          in ~/.bashrc
  glasspost completion zsh > ~/.zfunc/_glasspost
  glasspost completion fish > ~/.config/fish/completions/glasspost.fish"""
)
@click.argument("shell", type=click.Choice(SHELLS))
@global_options(hidden=True)
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the completion script of SHELL."""
    kind = get_completion_class(shell)
    root = context.find_root()
    if kind is None:
        raise LookupError(shell)
    click.echo(kind(root.command, {}, "glasspost", "_GLASSPOST_COMPLETE").source())
