"""`manage.py freeze`: the kill switch. Nothing of a tenant, an agent or a skill begins until somebody lifts the freeze."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from agents import freezes
from runs.management.base import RuntimeCommand
from runs.management.freezing import add_target, target, whole


class Command(RuntimeCommand):
    help = "Freezes a tenant, an agent or a skill: no run is taken, and no step of a run that is under way begins."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        add_target(parser, "Kept, and told to everybody who is refused because of it.")

    def respond(self, options: dict[str, Any]) -> int:
        found, is_new = freezes.freeze(**target(self, options))
        if options["json"]:
            self.print_json(freezes.freeze_json(found, names_operator=True))
        elif is_new:
            self.paper.line(f"froze {whole(found)}; lift it with: manage.py unfreeze {found.kind} {options['key'] or ''}".rstrip())
        else:
            self.paper.line(f"{whole(found)} was frozen already, by {found.frozen_by}: {found.reason}")
        return 0
