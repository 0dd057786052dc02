"""`manage.py dev`: web and worker together on loopback, for development; one Ctrl-C ends both."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from agents.bootstrap import Bootstrapped, bootstrap, is_empty
from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.commands import bootstrap as bootstrap_command
from runs.management.commands.serve import uvicorn
from runs.management.processes import ended_in_order, first_to_end, started, worker
from runs.management.seeding import seed_demo
from skills.refusal import Refusal

HOST = "127.0.0.1"
TENANT = "demo"
LOOK_SECONDS = 0.1


class Command(RuntimeCommand):
    help = "Runs web and worker on loopback. What one needs to begin (login, key) is made and shown the first time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="Port of the web server; 8000 unless told.")
        parser.add_argument("--admin", default="admin", help="Name of the console login that is made the first time.")

        parser.add_argument("--db", metavar="FILE", help="The SQLite file to work on, in the place of DATABASE_URL.")
        parser.add_argument("--seed", choices=["demo"], help="Submit a few runs to look at, once.")

    def respond(self, options: dict[str, Any]) -> int:
        if options["db"] is not None:
            again_on(options["db"])
        port = options["port"]
        refuse_taken(port)
        if not MigrationRecorder(connection).has_table():
            self.notes.line("making the tables of the database: the first time that takes some seconds", "grey")
        call_command("migrate", verbosity=0)
        made = bootstrap(slug=TENANT, admin=options["admin"], password=settings.ADMIN_PASSWORD) if is_empty() else None
        web = [sys.executable, *uvicorn(host=HOST, port=port, processes=1)]
        with ended_in_order(), ExitStack() as stack:
            try:
                if options["seed"]:
                    self.paper.line(f"{seed_demo(TENANT)} runs to look at were submitted")
                self.notes.line("starting web and worker", "grey")
                commands = {"web": web, "worker": worker()}
                processes = {name: stack.enter_context(started(each, environ=quieter())) for name, each in commands.items()}
                if is_up(port, processes):
                    self._greet(port, made)
                    made = None
                return self._watch(processes)
            except KeyboardInterrupt:
                self.notes.line("stopping web and worker")
                return exits.OK
            finally:
                # What is shown once is shown even where nothing came up.
                if made is not None:
                    self.paper.pairs(bootstrap_command.pairs_of(made))

    def _greet(self, port: int, made: Bootstrapped | None) -> None:
        """Say all one needs to begin, together and last: of web and worker, nothing is heard but warnings and errors."""
        url = f"http://{HOST}:{port}"
        self.paper.heading("AOS is up; Ctrl-C ends it")
        self.paper.pairs(
            [("console", f"{url}/admin/"), ("API", f"{url}/api/docs/"), *([] if made is None else bootstrap_command.pairs_of(made))]
        )
        self.paper.line("next, in another terminal:")
        python = f"{database()}{shlex.quote(sys.executable)}"
        self.paper.line(f"{python} manage.py simulate_plan --goal 'Fetch https://example.com, extract headings, summarize them'", indent=1)
        self.paper.line(f"{python} manage.py run_goal 'Fetch https://example.com, extract headings, summarize them'", indent=1)

    def _watch(self, processes: dict[str, subprocess.Popen[str]]) -> int:
        name = first_to_end(processes)
        code = processes[name].returncode
        self.notes.line(f"the {name} ended by itself (code {code}), so the other is ended too", "red")
        return code if code > 0 else exits.SERVER


def database() -> str:
    """Return what the next commands need before them to find the same database; secrets are in no SQLite's address."""
    url = os.environ.get("DATABASE_URL", "")
    return f"DATABASE_URL={shlex.quote(url)} " if url.startswith("sqlite:") else ""


def quieter() -> dict[str, str]:
    """Return the environment of web and worker: they log warnings and errors alone, unless somebody has said what they are to log."""
    return {"AOS_LOG_LEVEL": "WARNING", **os.environ}


def is_up(port: int, processes: dict[str, subprocess.Popen[str]]) -> bool:
    """Wait until the port is listened on, or a process has ended; tell whether what is said to be up can be asked."""
    while all(process.poll() is None for process in processes.values()):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as caller:
            if caller.connect_ex((HOST, port)) == 0:
                return True
        time.sleep(LOOK_SECONDS)
    return False


def again_on(file: str) -> None:
    """Begin again in this process's place, on another database: settings are read once."""
    arguments = [*sys.argv]
    place = next(at for at, argument in enumerate(arguments) if argument == "--db" or argument.startswith("--db="))
    del arguments[place : place + (1 if "=" in arguments[place] else 2)]
    environ = os.environ | {"DATABASE_URL": f"sqlite:///{quote(str(Path(file).absolute()))}"}
    os.execve(sys.executable, [sys.executable, *arguments], environ)  # noqa: S606 - our own command line


def refuse_taken(port: int) -> None:
    """Raise Refusal for a port nobody can listen on, before anything is started."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            raise Refusal("INVALID_INPUT", f"port {port} cannot be used: {why}", suggestions=["Take another: --port 8001"]) from None
