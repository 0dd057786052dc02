"""`manage.py replay`: replays a run from its journal and says whether it behaves as recorded."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from runs import services
from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.printing import Paper
from runs.requests import checked_run_id

MODES = ("verify", "tape")


def tell(report: dict[str, Any], paper: Paper) -> None:
    """Print which promises held, where behaviour first differed if it did, and the hashes."""
    for invariant in report["invariants"]:
        detail = f" ({invariant['detail']})" if invariant["detail"] else ""
        paper.check(invariant["name"].replace("_", " ") + detail, invariant["held"])
    found = report["divergence"]
    if found is not None:
        where = ", ".join(f"{name} {found[key]}" for name, key in (("event", "seq"), ("step", "step_id")) if found[key] is not None)
        paper.line(f"first difference at {where or 'the end'}: {found['detail']}", "red")
        paper.pairs([("expected", found["expected"]), ("found", found["actual"])])
    paper.pairs([("behaviour", report["behaviour_hash"]), ("recorded", report["recorded_behaviour_hash"])])
    said = "behaves exactly as recorded" if report["matched"] else "does not behave as recorded"
    paper.line(f"{report['events']} events replayed ({report['mode']}): {said}", "green" if report["matched"] else "red")


class Command(RuntimeCommand):
    help = "Replays a run without doing anything. Exit: 0 it behaves as recorded, 1 it does not."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", help="Id of the run.")
        parser.add_argument("--mode", choices=MODES, default="verify", help="verify folds the journal; tape runs the plan on its outcomes.")

    def respond(self, options: dict[str, Any]) -> int:
        report = services.replay_run(principal=self.principal, run_id=checked_run_id(options["run"]), mode=options["mode"])
        if options["json"]:
            self.print_json(report)
        else:
            tell(report, self.paper)
        return exits.OK if report["matched"] else exits.RUN_FAILED
