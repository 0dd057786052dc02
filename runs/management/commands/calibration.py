"""`manage.py calibration`: what was predicted of each skill version against what came, and how much wider its range became."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from runs.console.simulator.simulation_view import CALIBRATION_COLUMNS, calibration_row
from runs.history.reading import calibrations
from runs.management import exits
from runs.management.base import RuntimeCommand


class Command(RuntimeCommand):
    help = "Prints predicted against actual for every skill version with a history."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--skill", help="Only this skill.")

    def respond(self, options: dict[str, Any]) -> int:
        found = [each for each in calibrations(self.tenant.pk) if options["skill"] in (None, each["skill"])]
        if options["json"]:
            self.print_json({"data": found})
        elif found:
            self.paper.table(CALIBRATION_COLUMNS, [calibration_row(each) for each in found])
        else:
            self.paper.line("nothing is known yet: no run that is over has been looked at")
        return exits.OK
