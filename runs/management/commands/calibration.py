"""`manage.py calibration`: what was predicted of each skill version against what came, and how much wider its range became."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from runs.history.reading import calibrations
from runs.management import exits
from runs.management.base import RuntimeCommand
from skills.wording import UNKNOWN, duration, money

_PREDICTED, _ACTUAL = ("skill", "n", "predicted"), ("as a rule", "95th", "cost as a rule", "95th", "failed")
_COLUMNS = (*_PREDICTED, *_ACTUAL, "told", "inside", "mean ratio", "largest", "widened")


class Command(RuntimeCommand):
    help = "Prints predicted against actual for every skill version with a history."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--skill", help="Only this skill.")

    def respond(self, options: dict[str, Any]) -> int:
        found = [each for each in calibrations(self.tenant.pk) if options["skill"] in (None, each["skill"])]
        if options["json"]:
            self.print_json({"data": found})
        elif found:
            self.paper.table(_COLUMNS, [row_of(each) for each in found])
        else:
            self.paper.line("nothing is known yet: no run that is over has been looked at")
        return exits.OK


def row_of(found: dict[str, Any]) -> list[str]:
    """Return one skill version as a row: predicted, actual, and how well the one told the other."""
    predicted, actual, cost, told = found["predicted"], found["actual"], found["cost"], found["calibration"]
    return [
        f"{found['skill']} {found['version']}",
        str(found["n"]),
        f"{duration(predicted['low_ms'])} – {duration(predicted['worst_ms'])}",
        duration(actual["p50_ms"]),
        duration(actual["p95_ms"]),
        money(cost["p50_micro_usd"]),
        money(cost["p95_micro_usd"]),
        f"{found['failure_rate']:.1%} of {found['calls']}",
        str(told["n"]),
        UNKNOWN if told["inside"] is None else f"{told['inside']:.0%}",
        UNKNOWN if told["mean_ratio"] is None else f"{told['mean_ratio']:.2f}",
        UNKNOWN if told["largest_ratio"] is None else f"{told['largest_ratio']:.2f}",
        f"× {told['widening']:.2f}",
    ]
