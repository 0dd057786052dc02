"""`manage.py demo`: a goal, a plan, a failure, its recovery and the replay that proves it, in a database of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings

from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.demonstration import Stage, Story
from runs.management.processes import ended_in_order, manage, started
from skills.refusal import Refusal

EXCHANGE = settings.BASE_DIR / "ops" / "demo_exchange.py"


class Command(RuntimeCommand):
    help = "Shows AOS at work, offline and in under a minute, with real processes. Exit: 0 only if all it claims was checked and held."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--live", metavar="URL", help="Ask this price API instead of the exchange on this machine.")
        parser.add_argument("--stage", help=SUPPRESS)

    def respond(self, options: dict[str, Any]) -> int:
        with ended_in_order():
            try:
                return self._tell(options) if options["stage"] else self._set_the_stage(options)
            except KeyboardInterrupt:
                if not options["stage"]:
                    self.notes.line("interrupted; everything the demo started is ended")
                return exits.INTERRUPTED

    def _tell(self, options: dict[str, Any]) -> int:
        """Tell the story, in the process whose settings name the demo's own database."""
        stage = json.loads(options["stage"])
        story = Story(Stage(Path(stage["folder"]), stage["price_url"], stage["page_url"]), self.paper)
        return exits.OK if story.tell() else exits.RUN_FAILED

    def _set_the_stage(self, options: dict[str, Any]) -> int:
        """Make a folder and an exchange, and tell the story in a process that knows nothing else."""
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="aos-demo-")))
            if options["live"]:
                stage, local = {"price_url": _http_url(options["live"]), "page_url": None}, ""
            else:
                local = _address_of(stack.enter_context(started([sys.executable, str(EXCHANGE)], pipe=True)))
                stage = {"price_url": f"http://{local}/price", "page_url": f"http://{local}/page"}
            command = manage("demo", "--stage", json.dumps({**stage, "folder": str(folder)}), *_colour_flags(options))
            teller = stack.enter_context(started(command, environ=own_environment(os.environ, folder, local)))
            return _code_of(teller)


def own_environment(environ: Mapping[str, str], folder: Path, local: str) -> dict[str, str]:
    """Return the environment of the demo's processes: nobody's data, nobody's keys, and one local target allowed."""
    foreign = ("AOS_", "DATABASE_URL", "ANTHROPIC_", "OPENAI_")
    kept = {name: value for name, value in environ.items() if not name.startswith(foreign)}
    # Set, not only left out: a .env of the checkout fills what is missing.
    return kept | {
        "DATABASE_URL": f"sqlite:///{quote(str(folder / 'demo.sqlite3'))}",
        "AOS_ALLOW_LOCAL_TARGETS": local,
        "AOS_ENVIRONMENT": "development",
        "AOS_PLUGINS": "false",
        "AOS_WORKERS": "2",
        "AOS_WORK_GRACE_SECONDS": "3",
        "AOS_SECRETS_FILE": "",
        "ANTHROPIC_API_KEY": "",
        "OPENAI_API_KEY": "",
        "OPENAI_BASE_URL": "",
    }


def _http_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise Refusal("INVALID_INPUT", f"--live takes the URL of a price API, not '{text}'")
    return text


def _address_of(exchange: subprocess.Popen[str]) -> str:
    assert exchange.stdout is not None
    said = exchange.stdout.readline()
    if not said:
        raise Refusal("UPSTREAM_UNAVAILABLE", "the demo's exchange did not start")
    return str(json.loads(said)["address"])


def _colour_flags(options: dict[str, Any]) -> list[str]:
    return [f"--{name.replace('_', '-')}" for name in ("no_color", "force_color") if options.get(name)]


def _code_of(teller: subprocess.Popen[str]) -> int:
    code = teller.wait()
    return code if code >= 0 else exits.SERVER
