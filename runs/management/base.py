"""The base of the commands people run: whose tenant, JSON or text, and every refusal as one clear error with an exit code."""

from __future__ import annotations

import getpass
import json
import os
import sys
from abc import ABC, abstractmethod
from argparse import ArgumentParser
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError
from rest_framework.utils.encoders import JSONEncoder

from agents import audit
from agents.second_wall import walls
from agents.selectors import tenant_for
from agents.tenancy import Principal, operator_principal
from runs.management import exits
from runs.management.printing import Paper, clean, wants_colour
from skills.refusal import Refusal

if TYPE_CHECKING:
    from agents.models import Tenant

_NO_STORE = ["Make its tables: manage.py migrate", "Or say where it is: DATABASE_URL"]


def refuse_blind() -> None:
    """Raise Refusal where the database shows this role no tenant: all would look as if there were nothing to do, and nothing wrong."""
    role = walls.blind_role()
    if role is not None:
        # Never as a command to copy: for the role of the web it would take the wall down.
        ways = [f"Take the role of the workers, for which {walls.SETTING} = '{walls.EVERYTHING}' is set, or that of the tables' owner."]
        if settings.ROW_SECURITY:
            ways = ["AOS_ROW_SECURITY is for the web process alone: take it out of the environment of workers and commands."]
        raise Refusal("PERMISSION_DENIED", f"the database shows its role {role} no tenant (docs/how-to/deploy.md)", suggestions=ways)


def json_text(value: Any) -> str:
    """Return a value as the API would send it, laid out for reading."""
    text = json.dumps(value, cls=JSONEncoder, ensure_ascii=False, allow_nan=False, indent=2)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def json_line(value: Any) -> str:
    """Return a value as one line of JSON."""
    text = json.dumps(value, cls=JSONEncoder, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def operator_name() -> str:
    """Return who sits at this shell, for the record of what they did."""
    try:
        return f"shell:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"shell:{os.getuid()}"


def refuse_unreadable(options: dict[str, Any]) -> None:
    """Raise Refusal for arguments that are no UTF-8: they could neither be stored nor hashed."""
    given = [text for value in options.values() for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]
    for text in given:
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Refusal("INVALID_INPUT", f"an argument is no UTF-8: {text.encode('utf-8', 'replace').decode()}") from None


class RuntimeCommand(BaseCommand, ABC):
    """Translate in, one call, translate out: `respond` does it; results go to stdout, everything else to stderr."""

    # They cost more than the answer; `migrate`, `work` and the web server make them.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", help="Slug of the tenant; not needed where there is only one.")
        parser.add_argument("--json", action="store_true", help="Print one JSON document, the same as the API answers.")
        self.add_own_arguments(parser)

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        """Add what this command takes beside --tenant and --json."""

    @abstractmethod
    def respond(self, options: dict[str, Any]) -> int:
        """Do what the command is for and return the exit code."""

    def handle(self, *args: Any, **options: Any) -> None:
        self._options = options
        audit.act_as(operator_name(), via="command")
        code = self._respond(options)
        if code:
            sys.exit(code)

    def _respond(self, options: dict[str, Any]) -> int:
        try:
            refuse_unreadable(options)
            return self.respond(options)
        except Refusal as refusal:
            self._explain(refusal)
            return exits.exit_of_refusal(refusal)
        except DatabaseError as error:
            self._explain(Refusal("STORE_UNAVAILABLE", f"the database cannot be used: {error}", suggestions=_NO_STORE))
            return exits.SERVER
        except BrokenPipeError:
            # The reader, `head` for one, has seen enough; flushing at exit must not fail on the pipe again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return exits.PIPE_CLOSED

    def _explain(self, refusal: Refusal) -> None:
        self.notes.line(f"error[{refusal.code}]: {clean(refusal.detail)}", "red")
        for fault in refusal.errors:
            self.notes.line(f"{clean(fault['pointer']) or '/'}: {clean(fault['detail'])} ({clean(fault['code'])})", indent=1)
        # A long list of names is a list of what there is, and reads better in one line.
        names = len(refusal.suggestions) > 4 and not any(" " in each for each in refusal.suggestions)
        for suggestion in [", ".join(refusal.suggestions)] if names else refusal.suggestions:
            self.notes.line(f"try: {clean(suggestion)}")

    @cached_property
    def paper(self) -> Paper:
        """Where the result goes."""
        return self._paper(self.stdout)

    @cached_property
    def notes(self) -> Paper:
        """Where progress and errors go."""
        return self._paper(self.stderr)

    def _paper(self, stream: Any) -> Paper:
        # Django paints all of stderr red; here each line says its own colour.
        stream.style_func = None
        return Paper(stream, colour=self._wants_colour(stream))

    def _wants_colour(self, stream: Any) -> bool:
        options = self._options
        forced, forbidden = bool(options.get("force_color")), bool(options.get("no_color"))
        return wants_colour(os.environ, is_terminal=stream.isatty(), forced=forced, forbidden=forbidden)

    @cached_property
    def tenant(self) -> Tenant:
        refuse_blind()
        return tenant_for(self._options["tenant"])

    @property
    def principal(self) -> Principal:
        return operator_principal(self.tenant, operator_name())

    def print_json(self, value: Any) -> None:
        self.stdout.write(json_text(value))
