"""`manage.py learn_history`: folds runs that are over into the histories of their skills; the drains do the same by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from runs.history.learning import learn
from runs.management import exits
from runs.management.base import RuntimeCommand


class Command(RuntimeCommand):
    help = "Learns from every run that ended since the last look, of all tenants, leaving none out."

    def respond(self, options: dict[str, Any]) -> int:
        runs = looked_at = learn(rest=timedelta(0), passes_over=False)
        while looked_at:
            looked_at = learn(rest=timedelta(0), passes_over=False)
            runs += looked_at
        if options["json"]:
            self.print_json({"runs": runs})
        else:
            self.paper.line(f"learned from {runs} runs")
        return exits.OK
