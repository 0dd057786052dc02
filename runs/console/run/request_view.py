"""The request that made a run, to send it again: by curl, by the Python SDK, by the command `aos`. Pure.

It is written with what the run was accepted under, so a limit or deadline that came from the agent's profile stands in it too.
It holds the goal, the plan and the inputs: for roles that read payloads only.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from agents.plan.contracts import Plan, PlanStep
from runs.lineage import CALLED

Json = Mapping[str, Any]
LONGEST = 20_000
"""So many characters of JSON may a request have to be shown; nobody copies more from a page."""
_MICRO_USD_PER_CENT = 10_000
_NOT_BY_COMMAND = ("priority", "called_by", "faults")
_INDENT = "    "


def request_of(trace: Json, base_url: str, *, priority: int = 0) -> dict[str, Any]:
    """Return the ways to send the request again as (name, text) in `ways`, and what there is to say about it in `note`."""
    run = trace["run"]
    accepted = next((event for event in trace["events"] if event["kind"] == "run_accepted"), None)
    if trace.get("removed") or accepted is None:
        return {}
    if run["parent_run_id"] and run["relation"] != CALLED:
        return {"ways": [], "note": f"No request of its own made this run: it came from {run['parent_run_id']} ({run['relation']})."}
    body = _body(trace, accepted, priority)
    if len(_written(body)) > LONGEST:
        return {"ways": [], "note": "Its plan is too long to copy from here; the trace of the API has it."}
    return {"ways": _ways(body, base_url), "note": _note(body)}


def _body(trace: Json, accepted: Json, priority: int) -> dict[str, Any]:
    run, fact = trace["run"], accepted["data"]
    terms = fact.get("terms") or {}
    is_called = run["relation"] == CALLED
    due_ms = terms.get("deadline_at_ms")
    body = {
        "agent": run["agent"],
        **({"goal": run["goal"]} if fact.get("plan") is None else {"plan": as_written(fact["plan"])}),
        "inputs": fact.get("inputs") or None,
        "budget_micro_usd": terms.get("limit_micro_usd"),
        # What another run called has that one's deadline where it is sooner.
        "deadline_ms": None if due_ms is None or is_called else max(1, due_ms - accepted["at_ms"]),
        "priority": priority or None,
        "called_by": run["parent_run_id"] if is_called else None,
        "faults": trace.get("faults") or None,
    }
    return {name: value for name, value in body.items() if value is not None}


def as_written(plan: Json) -> dict[str, Any]:
    """Return a plan without what it says only because that is so anyway."""
    steps = [_without_defaults(step, PlanStep) for step in plan["steps"]]
    return {**_without_defaults({**plan, "steps": None}, Plan), "steps": steps}


def _without_defaults(value: Json, contract: type[Plan] | type[PlanStep]) -> dict[str, Any]:
    fields = contract.model_fields
    return {name: each for name, each in value.items() if name not in fields or each != fields[name].default}


def _ways(body: Json, base_url: str) -> list[tuple[str, str]]:
    ways = [("curl", _as_curl(body, base_url)), ("Python", _as_python(body, base_url))]
    return ways if _why_not_by_command(body) else [*ways, ("aos", _as_command(body, base_url))]


def _note(body: Json) -> str:
    why_not = _why_not_by_command(body)
    return f"aos run has no option for {why_not}." if why_not else ""


def _why_not_by_command(body: Json) -> str:
    odd = any("=" in name or name.startswith("@") or not name for name in body.get("inputs", {}))
    return ", ".join([*(name for name in _NOT_BY_COMMAND if name in body), *(["inputs of such names"] if odd else [])])


def _written(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _as_curl(body: Json, base_url: str) -> str:
    # Between quoted marks a shell changes nothing, and no line of JSON is the mark: a line break inside a text is written `\n`.
    return (
        f"curl -sS -X POST {shlex.quote(f'{base_url}/api/v1/runs')} \\\n"
        '  -H "Authorization: Bearer $AOS_API_KEY" \\\n'
        "  -H 'Content-Type: application/json' \\\n"
        "  --data-binary @- <<'JSON'\n"
        f"{_written(body)}\nJSON"
    )


def _as_command(body: Json, base_url: str) -> str:
    words = [f"AOS_API_URL={shlex.quote(base_url)}", "aos", "run", "--agent", shlex.quote(body["agent"])]
    for name, value in body.get("inputs", {}).items():
        words += ["--input", shlex.quote(f"{name}={msgspec.json.encode(value).decode()}")]
    if "budget_micro_usd" in body:
        words += ["--budget-cents", f"{(Decimal(body['budget_micro_usd']) / _MICRO_USD_PER_CENT).normalize():f}"]
    if "deadline_ms" in body:
        words += ["--deadline", f"{body['deadline_ms']}ms"]
    if "plan" in body:
        return f"{' '.join([*words, '--plan', '-'])} <<'JSON'\n{_written(body['plan'])}\nJSON"
    return " ".join([*words, "--", shlex.quote(body["goal"])])


def _as_python(body: Json, base_url: str) -> str:
    given = "".join(f"{_INDENT * 2}{name}={_literal(value, 2)},\n" for name, value in body.items())
    return (
        "from aos_sdk import AOS\n\n"
        f"with AOS(base_url={base_url!r}) as client:  # the key: AOS_API_KEY\n"
        f"{_INDENT}run = client.runs.submit(\n{given}{_INDENT})\n"
        f"{_INDENT}print(run.run_id)"
    )


def _literal(value: Any, depth: int) -> str:
    """Return a JSON value as Python writes it, a line for each member."""
    inside, end = _INDENT * (depth + 1), _INDENT * depth
    if isinstance(value, dict) and value:
        members = "".join(f"{inside}{name!r}: {_literal(each, depth + 1)},\n" for name, each in value.items())
        return f"{{\n{members}{end}}}"
    if isinstance(value, list) and value:
        members = "".join(f"{inside}{_literal(each, depth + 1)},\n" for each in value)
        return f"[\n{members}{end}]"
    return repr(value)
