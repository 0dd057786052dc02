"""`manage.py dev`: web and worker together on loopback, for development; one Ctrl-C ends both."""

from __future__ import annotations

import socket
import subprocess
import sys
from argparse import ArgumentParser
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.core.management import call_command

from agents.bootstrap import bootstrap, is_empty
from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.commands import bootstrap as bootstrap_command
from runs.management.processes import ended_in_order, first_to_end, started, worker
from skills.refusal import Refusal

HOST = "127.0.0.1"


class Command(RuntimeCommand):
    help = "Runs web and worker on loopback. What one needs to begin (login, key) is made and shown the first time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="Port of the web server; 8000 unless told.")
        parser.add_argument("--admin", default="admin", help="Name of the console login that is made the first time.")

    def respond(self, options: dict[str, Any]) -> int:
        port = options["port"]
        refuse_taken(port)
        call_command("migrate", verbosity=0)
        if is_empty():
            bootstrap_command.tell(bootstrap(slug="demo", admin=options["admin"], password=settings.ADMIN_PASSWORD), self.paper)
        with ended_in_order(), ExitStack() as stack:
            try:
                processes = {"web": stack.enter_context(started(web(port))), "worker": stack.enter_context(started(worker()))}
                self._greet(port)
                return self._watch(processes)
            except KeyboardInterrupt:
                self.notes.line("stopping web and worker")
                return exits.OK

    def _greet(self, port: int) -> None:
        url = f"http://{HOST}:{port}"
        self.paper.heading("AOS is up; Ctrl-C ends it")
        self.paper.pairs([("console", f"{url}/admin/"), ("API", f"{url}/api/docs/")])
        self.paper.line("next, in another terminal:")
        python = sys.executable
        self.paper.line(f"{python} manage.py simulate_plan --goal 'Fetch https://example.com, extract headings, summarize them'", indent=1)
        self.paper.line(f"{python} manage.py run_goal 'Fetch https://example.com, extract headings, summarize them'", indent=1)

    def _watch(self, processes: dict[str, subprocess.Popen[str]]) -> int:
        name = first_to_end(processes)
        code = processes[name].returncode
        self.notes.line(f"the {name} ended by itself (code {code}), so the other is ended too", "red")
        return code if code > 0 else exits.SERVER


def web(port: int) -> list[str]:
    """Return the command line of the web server."""
    return [sys.executable, "-m", "uvicorn", "aos_site.asgi:application", "--host", HOST, "--port", str(port), "--log-level", "warning"]


def refuse_taken(port: int) -> None:
    """Raise Refusal for a port nobody can listen on, before anything is started."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise Refusal("INVALID_INPUT", f"port {port} cannot be used: {error}", suggestions=["Take another: --port 8001"]) from None
