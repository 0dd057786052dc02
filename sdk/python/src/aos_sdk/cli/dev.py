"""`aos dev`: starts the server of a checkout for development; the checkout does the work."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from aos_sdk.cli.refusals import Refusal, usage


@click.command()
@click.option("--port", type=click.IntRange(1, 65_535), metavar="PORT", help="Port of the web server.")
@click.option("--db", metavar="FILE", help="The SQLite file.")
@click.option("--seed", type=click.Choice(["demo"]), help="Data to begin with.")
def dev(port: int | None, db: str | None, seed: str | None) -> None:
    """Start web, worker and demo data on loopback; one Ctrl-C ends all."""
    checkout = find_checkout()
    python = checkout / ".venv" / "bin" / "python"
    command = [str(python if python.exists() else sys.executable), "manage.py", "dev"]
    for name, value in (("--port", port), ("--db", None if db is None else Path(db).absolute()), ("--seed", seed)):
        command += [] if value is None else [name, str(value)]
    os.chdir(checkout)
    try:
        # In the place of this process, so that Ctrl-C and the exit code are the server's own.
        os.execv(command[0], command)  # noqa: S606 - the command is put together above, without a shell
    except OSError as error:
        raise Refusal("NOT_STARTED", f"{command[0]} cannot be started: {error}", exit_code=7, tries=["make setup"]) from None


def find_checkout() -> Path:
    """Return the checkout AOS_HOME names, else the nearest from here upward. Raises Refusal."""
    home = os.environ.get("AOS_HOME")
    here = Path.cwd()
    places = [Path(home).expanduser()] if home else [here, *here.parents]
    found = next((each for each in places if (each / "manage.py").is_file() and (each / "aos_site").is_dir()), None)
    if found is None:
        raise usage("there is no checkout of AOS here or above", "cd CHECKOUT && aos dev", "AOS_HOME=CHECKOUT aos dev")
    return found
