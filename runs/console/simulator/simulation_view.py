"""What a simulation says, in words and in rows, for the terminal and for the console's page. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from runs.shell.sentence import scope_in_words
from skills.wording import UNKNOWN, Look, duration, money

Json = Mapping[str, Any]
RANGE = ("low", "expected", "worst")

_WHY_NOT = {
    "budget_insufficient": "the money does not suffice",
    "permission_denied": "something in it is not allowed",
    "skill_unavailable": "a skill it needs is not there",
    "plan_invalid": "the plan breaks the rules plans must keep",
    "rate_limited": "limits let too few of its calls through",
    "deadline_insufficient": "it would take too long",
}
_KINDS = {
    "cheaper_model": "Cheaper model",
    "degraded": "Cheaper parameters",
    "parallel_steps": "More at once",
    "larger_budget": "Larger budget",
}
WOULD_RUN, WOULD_NOT_RUN = Look("✓", "would run", "green"), Look("✕", "would not run", "red")


def look_of_verdict(simulation: Json) -> Look:
    return WOULD_RUN if simulation["feasible"] else WOULD_NOT_RUN


def sentence_of(simulation: Json) -> str:
    """Return the verdict in words first, with the numbers that matter."""
    if not simulation["feasible"]:
        count = len(simulation["blockers"])
        return f"{_WHY_NOT[simulation['verdict']]}; {count} thing{'s' if count > 1 else ''} in the way."
    return f"{_cost_in_words(simulation['cost'])}; {_duration_in_words(simulation['duration'])}{_asked(simulation['approvals'])}."


def _cost_in_words(cost: Json) -> str:
    expected, worst = cost["expected_micro_usd"], cost["worst_micro_usd"]
    return "it costs nothing" if worst == 0 else f"{money(expected)} expected, never more than {money(worst)}"


def _duration_in_words(took: Json) -> str:
    return f"takes about {duration(took['expected_ms'])}, {duration(took['worst_ms'])} if all goes badly"


def _asked(approvals: list[Any]) -> str:
    count = len(approvals)
    return f"; {count} step{'s' if count > 1 else ''} will ask a person first" if count else ""


def place_of(blocker: Json) -> str:
    """Return what a blocker is about: a step, a place in the plan, a scope, or all of it."""
    named = blocker["step_id"] or blocker["pointer"]
    return str(named) if named else limits_in_words(blocker["scope"]) if blocker["scope"] else "the plan"


def lack_of(blocker: Json) -> str:
    """Return how much money is missing, nothing where none is."""
    missing = blocker["missing_micro_usd"]
    return "" if missing is None else f"{money(missing)} too little"


def limits_in_words(scope: str) -> str:
    """Return what a scope of money or of a rate is called: `agent:agt_1/skill:http_call` is the agent's with that skill."""
    first, *others = scope.split("/") if scope.startswith("agent:") else [scope]
    return ", ".join(["the run" if first == "run" else scope_in_words(first), *(each.replace(":", " ", 1) for each in others)])


def costs_of(of: Json) -> list[str]:
    return [money(of["cost"][f"{name}_micro_usd"]) for name in RANGE]


def durations_of(of: Json) -> list[str]:
    return [duration(of["duration"][f"{name}_ms"]) for name in RANGE]


def scope_row(scope: Json) -> list[str]:
    """Return a scope of money: its name, limit, what is left, what the worst case takes and leaves."""
    limit = scope["limit_micro_usd"]
    numbers = [money(scope[f"{name}_micro_usd"]) for name in ("remaining", "worst", "after")]
    return [limits_in_words(scope["scope"]), "unlimited" if limit is None else money(limit), *numbers]


def rate_row(rate: Json) -> list[str]:
    """Return a limit a minute: its name, the limit, the calls under it, and how long one of them waits."""
    waits = rate["waits_ms"]
    return [
        limits_in_words(rate["scope"]),
        f"{rate['limit']} a minute",
        str(rate["calls"]),
        f"up to {duration(waits)}" if waits else "none",
    ]


def risk_of(risk: Json) -> str:
    return f"{risk['skill']} {risk['version']}: {risk['detail']} (n={risk['n']})"


def alternative_of(found: Json, simulation: Json) -> tuple[str, str]:
    """Return another way by its kind and in words: what would be otherwise, what it saves, and whether the plan would run then."""
    saving, took = found["saving_micro_usd"], found["duration"]
    said = [found["detail"]]
    if saving is not None:
        said.append(f"saves up to {money(saving)}")
    if found["kind"] == "parallel_steps" and took is not None:
        said.append(f"takes about {duration(took['expected_ms'])}")
    if found["verdict"] != "feasible":
        said.append(f"still, {_WHY_NOT[found['verdict']]}")
    elif not simulation["feasible"]:
        said.append("then it would run")
    return _KINDS[found["kind"]], "; ".join(said)


# The console's page


def page_of(simulation: Json) -> dict[str, Any]:
    """Return everything the page shows of a simulation."""
    longest = max((step["duration"]["worst_ms"] or 0 for step in simulation["steps"]), default=0)
    return {
        "id": simulation["simulation_id"],
        "feasible": simulation["feasible"],
        "look": look_of_verdict(simulation),
        "sentence": sentence_of(simulation),
        "blockers": [{**blocker, "place": place_of(blocker), "lack": lack_of(blocker)} for blocker in simulation["blockers"]],
        "tiles": _tiles(simulation) if simulation["steps"] else [],
        "steps": [_step(step, longest) for step in simulation["steps"]],
        "total": {"costs": costs_of(simulation), "durations": durations_of(simulation)},
        "scopes": [
            (*scope_row(each), each["after_micro_usd"] or 0) for each in simulation["scopes"] if each["limit_micro_usd"] is not None
        ],
        "unlimited": [limits_in_words(each["scope"]) for each in simulation["scopes"] if each["limit_micro_usd"] is None],
        "rates": [rate_row(rate) for rate in simulation["rate_limits"]],
        "approvals": simulation["approvals"],
        "risks": [risk_of(risk) for risk in simulation["risks"]],
        "alternatives": [(*alternative_of(found, simulation), found["verdict"] == "feasible") for found in simulation["alternatives"]],
    }


def _tiles(simulation: Json) -> list[tuple[str, str, str]]:
    """Return the numbers that matter as (name, value, remark)."""
    cost, took, left = simulation["cost"], simulation["duration"], simulation["budget_after"]
    missing = left is not None and left["remaining_micro_usd"] < 0
    after = "unlimited" if left is None else money(left["remaining_micro_usd"])
    return [
        ("Expected cost", money(cost["expected_micro_usd"]), ""),
        ("Never more than", money(cost["worst_micro_usd"]), "what a run of it reserves"),
        ("Left of the run's budget", after, "too little" if missing else ""),
        ("Expected time", duration(took["expected_ms"]), f"{duration(took['low_ms'])} to {duration(took['worst_ms'])}"),
    ]


def _step(step: Json, longest_ms: int) -> dict[str, Any]:
    """Return a step as a row, with its times as stretches of the longest in percent."""
    took = step["duration"]
    low, expected, worst = (_percent(took[f"{name}_ms"], longest_ms) for name in RANGE)
    return {
        "step_id": step["step_id"],
        "skill": step["skill"],
        "version": step["version"],
        "effect": step["effect"].replace("_", " "),
        "costs": costs_of(step),
        "durations": durations_of(step),
        "source": step["source"],
        "is_measured": step["source"] != "static",
        "bar": {"start": f"{low}%", "width": f"{max(0.5, worst - low):g}%", "expected": f"{expected}%"},
        "bar_says": f"{took['low_ms']} to {took['worst_ms']} ms, {took['expected_ms']} expected",
    }


def _percent(part_ms: int | None, whole_ms: int) -> float:
    """Return how far along a part ends, on a scale where a tenth of the time is still seen."""
    return round(100 * math.sqrt((part_ms or 0) / whole_ms), 2) if whole_ms else 0.0


# Predicted against actual

CALIBRATION_COLUMNS = (
    *("skill", "steps", "predicted", "as a rule", "95th", "cost as a rule", "95th"),
    *("failed", "told", "inside", "mean ratio", "largest", "widened"),
)


def calibration_row(found: Json) -> list[str]:
    """Return one skill version: what is predicted of it, what came, and how well the one told the other."""
    predicted, actual, cost, told = found["predicted"], found["actual"], found["cost"], found["calibration"]
    return [
        f"{found['skill']} {found['version']}",
        str(found["n"]),
        f"{duration(predicted['low_ms'])} – {duration(predicted['worst_ms'])}",
        duration(actual["p50_ms"]),
        duration(actual["p95_ms"]),
        money(cost["p50_micro_usd"]),
        money(cost["p95_micro_usd"]),
        f"{100 * found['failure_rate']:.1f} % of {found['calls']}",
        str(told["n"]),
        UNKNOWN if told["inside"] is None else f"{100 * told['inside']:.0f} %",
        *(UNKNOWN if told[name] is None else f"{told[name]:.2f}" for name in ("mean_ratio", "largest_ratio")),
        f"× {told['widening']:.2f}",
    ]
