"""`manage.py serve`: the web server alone: granian in production, uvicorn in development."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core import checks
from django.db import OperationalError

from agents.second_wall import walls
from runs.management import exits
from runs.management.base import RuntimeCommand

LEAST_BACKLOG = 128
LONGEST_GRACE_SECONDS = 1_800
# httpx lets a connection rest for 5 seconds: at or below that, it would ask just as the server hangs up.
LEAST_IDLE_SECONDS = 10
LONGEST_IDLE_SECONDS = 3_600


class Command(RuntimeCommand):
    help = "Serves API and console until SIGTERM or Ctrl-C; requests under way are answered within AOS_WEB_GRACE_SECONDS."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.WEB_HOST, help="Address to listen on (AOS_WEB_HOST).")
        parser.add_argument("--port", type=int, default=settings.WEB_PORT, help="Port to listen on (AOS_WEB_PORT).")
        parser.add_argument("--processes", type=int, default=settings.WEB_PROCESSES, help="Processes that serve (AOS_WEB_PROCESSES).")

    def respond(self, options: dict[str, Any]) -> int:
        wanted = {name: options[name] for name in ("host", "port", "processes")}
        fault = next(faults_of(wanted), None)
        if fault is None:
            become(granian(**wanted) if settings.IS_PRODUCTION else uvicorn(**wanted))
        self.notes.line(f"error: {fault}", "red")
        return exits.USAGE


def become(arguments: list[str]) -> NoReturn:
    """Put another program of this Python in this process's place, so that whoever started it ends the server itself."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - our own command line


def faults_of(wanted: dict[str, Any]) -> Iterator[str]:
    """Yield why this cannot be served, most telling first."""
    if not 1 <= wanted["port"] <= 65_535:
        yield f"AOS_WEB_PORT (--port) must be from 1 to 65535, not {wanted['port']}"
    if wanted["processes"] < 1:
        yield f"AOS_WEB_PROCESSES (--processes) must be 1 or more, not {wanted['processes']}"
    if settings.WEB_BACKLOG < LEAST_BACKLOG:
        yield f"AOS_WEB_BACKLOG must be {LEAST_BACKLOG} or more, not {settings.WEB_BACKLOG}"
    if not 1 <= settings.WEB_GRACE_SECONDS <= LONGEST_GRACE_SECONDS:
        yield f"AOS_WEB_GRACE_SECONDS must be from 1 to {LONGEST_GRACE_SECONDS}, not {settings.WEB_GRACE_SECONDS}"
    if not LEAST_IDLE_SECONDS <= settings.WEB_IDLE_SECONDS <= LONGEST_IDLE_SECONDS:
        yield f"AOS_WEB_IDLE_SECONDS must be from {LEAST_IDLE_SECONDS} to {LONGEST_IDLE_SECONDS}, not {settings.WEB_IDLE_SECONDS}"
    if settings.IS_PRODUCTION:
        yield from _production_faults()


def _production_faults() -> Iterator[str]:
    if settings.DEBUG:
        yield "AOS_DEBUG must be off in production: its pages show settings and code"
    if "*" in settings.ALLOWED_HOSTS or not settings.ALLOWED_HOSTS:
        yield "AOS_ALLOWED_HOSTS must name the hosts this site is reached by in production, and not *"
    if find_spec("granian") is None:
        yield "production is served by granian, which is not installed: pip install -r requirements/prod.txt"
    if not (Path(settings.STATIC_ROOT) / "aos").is_dir():
        yield f"the console's files are not in {settings.STATIC_ROOT}: manage.py collectstatic --no-input"
    role = None if settings.ROW_SECURITY else _blind_role()
    if role is not None:
        yield f"the database shows its role {role} no tenant: AOS_ROW_SECURITY=true has each request say for which one it asks"
    found = checks.run_checks(include_deployment_checks=True, tags=("security", "database", "queue"))
    yield from (f"[{fault.id}] {fault.msg}" for fault in found if fault.level >= checks.WARNING)


def _blind_role() -> str | None:
    try:
        return walls.blind_role()
    except OperationalError:
        # A database that is away keeps nobody from starting: /readyz tells of it, until it is back.
        return None


def granian(*, host: str, port: int, processes: int) -> list[str]:
    """Return the command line of the server of production."""
    asked = {
        "host": host,
        "port": port,
        "processes": processes,
        "backlog": settings.WEB_BACKLOG,
        "grace_seconds": settings.WEB_GRACE_SECONDS,
        "idle_seconds": settings.WEB_IDLE_SECONDS,
        "log_level": settings.LOGGING["level"],
        "log_json": settings.LOGGING["json"],
    }
    return ["-m", "aos_site.server", json.dumps(asked)]


def uvicorn(*, host: str, port: int, processes: int) -> list[str]:
    """Return the command line of the server of development."""
    asked = {
        "host": host,
        "port": port,
        "workers": processes,
        "backlog": settings.WEB_BACKLOG,
        "timeout-graceful-shutdown": settings.WEB_GRACE_SECONDS,
        "timeout-keep-alive": settings.WEB_IDLE_SECONDS,
        "lifespan": "off",
        "log-level": "warning",
    }
    return ["-m", "uvicorn", "aos_site.asgi:application", "--no-access-log", *(f"--{name}={value}" for name, value in asked.items())]
