"""Tells simulations and traces to people, each from the very JSON the API answers."""

from __future__ import annotations

from typing import Any

from runs.console.run.sentence import sentence
from runs.console.simulator.simulation_view import (
    alternative_of,
    costs_of,
    durations_of,
    look_of_verdict,
    place_of,
    rate_row,
    risk_of,
    scope_row,
    sentence_of,
)
from runs.management.printing import Paper, clean
from skills.wording import duration, money

_SIMULATED = ("step", "skill", "effect", "cost: low", "expected", "worst", "time: low", "expected", "worst", "from")


def tell_simulation(simulation: dict[str, Any], paper: Paper) -> None:
    """Print a simulation: the verdict in words, what blocks it, the table, what it leaves, who will be asked, other ways."""
    look = look_of_verdict(simulation)
    paper.line(f"{look.icon} {look.word}: {clean(sentence_of(simulation))}", look.colour)
    for blocker in simulation["blockers"]:
        paper.line(clean(f"✕ {place_of(blocker)}: {blocker['code']}, {blocker['detail']} ({blocker['rule']})"), "red")
    if simulation["steps"]:
        paper.line()
        paper.table(_SIMULATED, [*map(_forecast_row, simulation["steps"]), _total_row(simulation)])
    _tell_limits(simulation, paper)
    if simulation["approvals"] or simulation["risks"] or simulation["alternatives"]:
        paper.line()
    for approval in simulation["approvals"]:
        paper.line(clean(f"✋ {approval['step_id']} will ask {approval['who']}: {approval['reason']}"), "amber")
    for risk in simulation["risks"]:
        paper.line(f"! {clean(risk_of(risk))}", "amber")
    for kind, said in (alternative_of(found, simulation) for found in simulation["alternatives"]):
        paper.line(f"≈ {clean(kind.lower())}: {clean(said)}", "blue")
    _tell_end(simulation, paper)


def _tell_limits(simulation: dict[str, Any], paper: Paper) -> None:
    limited = [scope_row(scope) for scope in simulation["scopes"] if scope["limit_micro_usd"] is not None]
    if limited:
        paper.heading("Money")
        paper.table(("scope", "limit", "left", "worst case", "left after it"), limited)
    if simulation["rate_limits"]:
        paper.heading("Rates")
        paper.table(("scope", "limit", "calls", "waits"), [rate_row(rate) for rate in simulation["rate_limits"]])


def _tell_end(simulation: dict[str, Any], paper: Paper) -> None:
    left = simulation["budget_after"]
    after = f", {money(left['remaining_micro_usd'])} of the budget left after the worst case" if simulation["feasible"] and left else ""
    paper.line(f"verdict: {simulation['verdict'].replace('_', ' ')}{after}", "green" if simulation["feasible"] else "red")
    if simulation["feasible"] and simulation["simulation_id"]:
        paper.line(f"run exactly this: manage.py run_goal --simulation {simulation['simulation_id']}", "grey")


def _forecast_row(step: dict[str, Any]) -> list[str]:
    return [
        step["step_id"],
        f"{step['skill']} {step['version']}",
        step["effect"].replace("_", " "),
        *costs_of(step),
        *durations_of(step),
        step["source"],
    ]


def _total_row(simulation: dict[str, Any]) -> list[str]:
    return ["whole plan", "", "", *costs_of(simulation), *durations_of(simulation), ""]


def tell_trace(trace: dict[str, Any], now_ms: int, paper: Paper) -> None:
    """Print a trace from the sentence down to each decision."""
    run = trace["run"]
    paper.status(run["status"], sentence(trace, now_ms, shows_costs=True))
    paper.pairs([("run", run["run_id"]), ("goal", run["goal"]), ("agent", run["agent"]), ("planner", run["planner"])])
    if trace["removed"]:
        paper.line(f"not all of this run is here: {trace['removed']}", "amber")
    paper.heading("Waterfall")
    paper.waterfall(trace, now_ms)
    paper.heading("Steps")
    paper.table(("step", "skill", "status", "attempts", "time", "cost"), [_step_row(step) for step in trace["steps"]])
    paper.heading("Decisions")
    begun = trace["events"][0]["at_ms"] if trace["events"] else now_ms
    paper.table(("after", "decision", "step", "rule", "in words"), [_decision_row(found, begun) for found in trace["decisions"]])
    paper.heading("Costs")
    cost = run["cost"]
    limit = "unlimited" if cost["limit_micro_usd"] is None else money(cost["limit_micro_usd"])
    names = (("spent", "spent_micro_usd"), ("reserved", "reserved_micro_usd"), ("worst case to finish", "worst_to_finish_micro_usd"))
    paper.pairs([*((name, money(cost[field])) for name, field in names), ("limit", limit)])


def _step_row(step: dict[str, Any]) -> list[Any]:
    started, finished = step["started_at_ms"], step["finished_at_ms"]
    took = duration(finished - started) if started is not None and finished is not None else ""
    return [step["step_id"], step["skill"], step["status"], len(step["attempts"]) or "", took, money(step["cost_micro_usd"])]


def _decision_row(decision: dict[str, Any], begun_ms: int) -> list[Any]:
    delay = decision["delay_ms"]
    rule = decision["rule"] if delay is None else f"{decision['rule']} ({delay} ms)"
    return [duration(decision["at_ms"] - begun_ms), decision["kind"], decision["step_id"] or "", rule, decision["words"]]
