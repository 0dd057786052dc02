"""`aos completion` and `aos version`."""

from __future__ import annotations

import platform

import click
from click.shell_completion import get_completion_class

from aos_sdk._version import VERSION
from aos_sdk.cli.app import root
from aos_sdk.cli.refusals import usage
from aos_sdk.cli.verbs import Session, verb


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of SHELL: eval "$(aos completion bash)"."""
    found = get_completion_class(shell)
    if found is None:
        raise usage(f"there is no completion for {shell}")
    # Not `source()`, which starts a bash to ask for its version: the script is for the shell that reads it.
    written = found(root, {}, "aos", "_AOS_COMPLETE")
    click.echo(written.source_template % written.source_vars())


@click.command()
@click.option("--server", is_flag=True, help="Ask the server for the version of its API too.")
@verb
def version(session: Session, /, *, server: bool) -> None:
    """Print the version of the command; with --server that of the API too."""
    told = {"aos": VERSION, "python": platform.python_version()}
    if server:
        told["api"] = str(session.client.runtime.capabilities().version)
    session.paper.one(told, name="aos")
