"""`manage.py trace`: all that is known of a run, as a waterfall, its decisions and its costs, or as JSON."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from runs import selectors
from runs.console.sentence import sentence
from runs.management.base import RuntimeCommand
from runs.management.printing import Paper
from runs.requests import checked_run_id
from skills.wording import duration, money


def tell(trace: dict[str, Any], now_ms: int, paper: Paper) -> None:
    """Print a trace from the sentence down to each decision."""
    run = trace["run"]
    paper.status(run["status"], sentence(trace, now_ms, shows_costs=True))
    paper.pairs([("run", run["run_id"]), ("goal", run["goal"]), ("agent", run["agent"]), ("planner", run["planner"])])
    paper.heading("Waterfall")
    paper.waterfall(trace, now_ms)
    paper.heading("Steps")
    paper.table(("step", "skill", "status", "attempts", "time", "cost"), [_step(step) for step in trace["steps"]])
    paper.heading("Decisions")
    begun = trace["events"][0]["at_ms"] if trace["events"] else now_ms
    paper.table(("after", "decision", "step", "rule"), [_decision(found, begun) for found in trace["decisions"]])
    paper.heading("Costs")
    cost = run["cost"]
    limit = "unlimited" if cost["limit_micro_usd"] is None else money(cost["limit_micro_usd"])
    names = (("spent", "spent_micro_usd"), ("reserved", "reserved_micro_usd"), ("worst case to finish", "worst_to_finish_micro_usd"))
    paper.pairs([*((name, money(cost[field])) for name, field in names), ("limit", limit)])


def _step(step: dict[str, Any]) -> list[Any]:
    started, finished = step["started_at_ms"], step["finished_at_ms"]
    took = duration(finished - started) if started is not None and finished is not None else ""
    return [step["step_id"], step["skill"], step["status"], len(step["attempts"]) or "", took, money(step["cost_micro_usd"])]


def _decision(decision: dict[str, Any], begun_ms: int) -> list[Any]:
    delay = decision["detail"].get("delay_ms")
    rule = decision["rule"] if delay is None else f"{decision['rule']} ({delay} ms)"
    return [duration(decision["at_ms"] - begun_ms), decision["kind"], decision["step_id"] or "", rule]


class Command(RuntimeCommand):
    help = "Prints the trace of a run."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", help="Id of the run.")

    def respond(self, options: dict[str, Any]) -> int:
        found = selectors.trace_json(tenant=self.tenant, run_id=checked_run_id(options["run"]))
        if options["json"]:
            self.print_json(found)
        else:
            tell(found, time.time_ns() // 1_000_000, self.paper)
        return 0
