"""What the commands `freeze` and `unfreeze` share: how a person says what they mean, and how it is told."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import TYPE_CHECKING, Any

from runs.management.base import RuntimeCommand, operator_name

if TYPE_CHECKING:
    from agents.models import Freeze


def add_target(parser: ArgumentParser, reason: str) -> None:
    """Add the arguments that say what is meant and why."""
    parser.add_argument("kind", choices=("tenant", "agent", "skill"), help="What it is.")
    parser.add_argument("key", nargs="?", help="Name or id of the agent, name of the skill; the tenant needs none.")
    parser.add_argument("--reason", required=True, help=reason)
    parser.add_argument("--everywhere", action="store_true", help="A skill, for all tenants.")


def target(command: RuntimeCommand, options: dict[str, Any]) -> dict[str, Any]:
    """Return what the arguments say, as the services take it."""
    tenant = None if options["everywhere"] else command.tenant
    return {"tenant": tenant, "kind": options["kind"], "key": options["key"], "reason": options["reason"], "by": operator_name()}


def whole(found: Freeze) -> str:
    """Return what a freeze is about, in words."""
    return f"{found}{f' of {found.tenant}' if found.tenant else ' for everybody'}"
