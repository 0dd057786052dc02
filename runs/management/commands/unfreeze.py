"""`manage.py unfreeze`: lifts a freeze; what waited because of it goes on."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from agents import freezes
from runs.management.base import RuntimeCommand
from runs.management.freezing import add_target, target, whole


class Command(RuntimeCommand):
    help = "Lifts the freeze of a tenant, an agent or a skill."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        add_target(parser, "Kept beside the reason of the freeze.")

    def respond(self, options: dict[str, Any]) -> int:
        found = freezes.unfreeze(**target(self, options))
        if options["json"]:
            self.print_json(freezes.freeze_json(found, names_operator=True))
        else:
            self.paper.line(f"{whole(found)} is frozen no more")
        return 0
