"""What the pages that prove something about a run show: replays, comparisons, what-ifs and reruns, in words and rows. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

from skills.wording import UNKNOWN, Look, awaited, duration, money

Json = Mapping[str, Any]

GOOD, BAD, OPEN = Look("✓", "as recorded", "green"), Look("✕", "not as recorded", "red"), Look("◷", "goes on", "blue")
SAME, OTHER = Look("✓", "alike", "green"), Look("◐", "not alike", "amber")
LONGEST = 120
_MODES = {
    "verify": "The journal was folded again: every decision follows from the facts.",
    "tape": "The plan was run on the recorded outcomes: waits, retries and order were decided anew.",
    "live": "The plan was run once more for real, as a run of its own, and held against this one.",
    "what_if": "The run was played again under the changes; nothing was called.",
}
_OF_MONEY = frozenset({"cost", "budget_stop_point"})
_OF_TARGETS = frozenset({"side_effects"})
_DIGESTS = frozenset({"params", "plan", "plan_hash", "inputs_hash", "bom_hash"})
"""What is compared by a digest: it lets one try out what is short, so that who reads no payload is told that it differs and no more."""
_HIDDEN = "not shown to your role"
_OF_ANY = ("type", "rule", "step", "attempt", "skill", "version", "code", "status", "delay_ms")


def replay_of(report: Json, *, shows_costs: bool, shows_payloads: bool, shows_targets: bool) -> dict[str, Any]:
    """Return a replay's report as the page shows it."""
    hidden = {*(() if shows_costs else _OF_MONEY), *(() if shows_targets else _OF_TARGETS)}
    led_to = partial(_led_to, whole=shows_costs and shows_payloads)
    going = report["status"] == "running"
    found = report["divergence"]
    return {
        "look": OPEN if going else GOOD if report["matched"] else BAD,
        "sentence": _MODES[report["mode"]],
        "child": report["child_run_id"],
        "waits": awaited(report["waiting_for"] or ""),
        "content": report["content"],
        "promises": [
            (Look("✓", "held", "green") if each["held"] else Look("✕", "not held", "red"), _named(each["name"]), _detail(each, hidden))
            for each in report["invariants"]
        ],
        "parting": found
        and {"where": _where(found), "detail": found["detail"], "then": led_to(found["expected"]), "now": led_to(found["actual"])},
        "gaps": report["missing"],
        "hashes": [
            ("Behaviour", report["recorded_behaviour_hash"], report["behaviour_hash"]),
            ("Content", report["recorded_content_hash"], report["content_hash"]),
        ],
        "events": report["events"],
    }


def _detail(promise: Json, hidden: Collection[str]) -> str:
    return "hidden from your role" if promise["name"] in hidden and promise["detail"] else str(promise["detail"])


def _led_to(value: Any, *, whole: bool) -> str:
    """Return the decisions of a journal's event; to who sees no payload, or no cost, what each of them was and no more of it."""
    if whole or not isinstance(value, list):
        return _text(value)
    return _text([{name: each[name] for name in _OF_ANY if name in each} if isinstance(each, dict) else each for each in value])


def _named(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _where(found: Json) -> str:
    said = [f"event {found['seq']}" if found["seq"] is not None else "", f"step {found['step_id']}" if found["step_id"] else ""]
    return ", ".join(filter(None, said)) or "the end"


def _text(value: Any) -> str:
    if value is None:
        return "nothing"
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"


# Two runs


def comparison_of(found: Json, begun: Mapping[str, int], *, shows_costs: bool, shows_payloads: bool, shows_targets: bool) -> dict[str, Any]:
    """Return how two runs differ as the page shows it. What never counts is dimmed, and what comes after the first difference and
    follows from it: steps that began later, `begun` being the event each began with."""
    parting = found["divergence"]
    later = {step["step_id"] for step in found["steps"] if parting and _is_later(begun.get(step["step_id"]), parting["seq"])}
    rows = [_row("the run", aspect, shows_payloads) for aspect in found["aspects"] if shows_costs or not _is_money(aspect)]
    for step in found["steps"]:
        if step["within"] != "both":
            rows.append({"step": step["step_id"], "what": "is there", **_sides(step["within"] == "first"), "counts": True})
        for aspect in step["aspects"]:
            is_hidden = (
                (not shows_costs and _is_money(aspect))
                or (not shows_payloads and aspect["what"].startswith("params/"))
                or (not shows_targets and aspect["what"] == "effects")
            )
            if not is_hidden:
                rows.append(_row(step["step_id"], aspect, shows_payloads))
        if step["content"] == "differs":
            rows.append({"step": step["step_id"], "what": "result", "first": "", "second": "", "counts": False})
    return {
        "look": SAME if found["same"] else OTHER,
        "other": found["other_run_id"],
        "complete": found["complete"],
        "parting": parting and {"places": _places(parting["seq"], found["other_seq"]), "detail": parting["detail"]},
        "rows": [row | {"is_dim": not row["counts"] or row["step"] in later} for row in _the_first_first(rows, later)],
        "made_of": [each["detail"] for each in found["made_of"]],
    }


def _is_later(began: int | None, parting: int | None) -> bool:
    """Tell whether a step began after runs parted; one this run never came to did."""
    return parting is not None and (began is None or began > parting)


def _the_first_first(rows: list[dict[str, Any]], later: Collection[str]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (not row["counts"], row["step"] in later))


def _places(seq: int | None, other_seq: int | None) -> str:
    return f"event {seq if seq is not None else 'none'} and {other_seq if other_seq is not None else 'none'}"


def _sides(first: bool) -> dict[str, str]:
    return {"first": "yes" if first else "no", "second": "no" if first else "yes"}


def _is_money(aspect: Json) -> bool:
    return "cost" in aspect["what"]


def _row(step: str, aspect: Json, shows_payloads: bool) -> dict[str, Any]:
    name = str(aspect["what"])
    if name in _DIGESTS and not shows_payloads:
        return {"step": step, "what": name, "first": _HIDDEN, "second": "differs", "counts": aspect["counts"]}
    said = _money_of if _is_money(aspect) else _time_of if name.endswith("_ms") else _calls_of if name == "calls" else _text
    return {
        "step": step,
        "what": _bare(name).replace("_", " "),
        "first": said(aspect["first"]),
        "second": said(aspect["second"]),
        "counts": aspect["counts"],
    }


def _bare(name: str) -> str:
    return name.removesuffix("_micro_usd").removesuffix("_ms")


def _money_of(value: Any) -> str:
    return UNKNOWN if value is None else money(value)


def _calls_of(value: Any) -> str:
    """Return how often was called, or what each call came to: `1 TIMEOUT, 2 succeeded`."""
    if not isinstance(value, list):
        return _text(value)
    return ", ".join(f"{number} {end}" for number, end in value) or "none"


def _time_of(value: Any) -> str:
    return UNKNOWN if value is None else duration(value)


_TODAY = {
    "same": Look("✓", "as registered", "green"),
    "changed": Look("!", "another is registered", "amber"),
    "not_registered": Look("✕", "not registered", "red"),
}


def bom_of(report: Json, *, shows_payloads: bool) -> dict[str, Any]:
    """Return what a run was made of as the page shows it, and what changed since the run it is held against."""

    def told(name: str, value: str | None) -> str:
        return value or UNKNOWN if shows_payloads or name not in _DIGESTS else _HIDDEN

    bom, against = report["bom"], report["against"]
    planner = bom["planner"]
    made = " ".join(filter(None, (planner["name"], planner["version"], planner["model"])))
    return {
        "facts": [
            ("Release of AOS", bom["release"] or UNKNOWN),
            ("Planner", made),
            ("Plan", told("plan_hash", bom["plan_hash"])),
            ("Policies", bom["policies_hash"]),
            ("Inputs", told("inputs_hash", bom["inputs_hash"])),
            ("All of it", told("bom_hash", bom["bom_hash"])),
        ],
        "skills": [(each["step_id"], each["skill"], each["version"], each["digest"][:12], _TODAY[each["now"]]) for each in bom["skills"]],
        "advice": [
            f"{each['code']} in {each['step_id']}: {each['mode']} ({each['candidate'] or each['source']})" for each in bom["advice"]
        ],
        "prices": [each["pricing_version"] + (f" of {each['model']}" if each["model"] else "") for each in bom["prices"]],
        "against": against and {"run_id": against["run_id"], "how": against["found_by"].replace("_", " "), "detail": against["detail"]},
        "changes": [
            (each["detail"], told(each["what"], _text(each["before"])), told(each["what"], _text(each["after"])))
            for each in (against["changes"] if against else [])
        ],
        "detail": report["detail"],
    }


def _advice(each: Json) -> str:
    return f"{each['code']} in {each['step_id']}: {each['mode']} ({each['candidate'] or each['source']})"


# What-if, and again

_ENDING = ("status", "code", "waiting_for", "cost_micro_usd", "calls", "retries", "duration_ms")


def what_if_of(report: Json) -> dict[str, Any]:
    """Return what a what-if came to as the page shows it."""
    told = report["what_if"]
    before, after = told["before"], told["after"]
    return {
        "look": Look("=", "nothing changes", "grey") if report["matched"] else Look("↝", "another way", "blue"),
        "sentence": _what_if_sentence(before, after, report["matched"]),
        "endings": [
            (_named(name.removesuffix("_micro_usd").removesuffix("_ms")), _ended(name, before), _ended(name, after)) for name in _ENDING
        ],
        "decisions": [(each["step_id"] or "the run", _decided(each["was"]), _decided(each["would_be"])) for each in told["decisions"]],
        "assumed": [f"{each['step_id']}, attempt {each['attempt']}: {each['what']}" for each in told["assumed"]],
        "unknown": told["unknown"],
    }


def _what_if_sentence(before: Json, after: Json, same: bool) -> str:
    if same:
        return f"It would have {_came_out(before)} just the same."
    return f"It {_came_out(before)}; so it would have {_came_out(after)}."


def _came_out(ending: Json) -> str:
    code = f" with {ending['code']}" if ending["code"] else ""
    words = {"succeeded": "succeeded", "partial": "succeeded in part", "cancelled": "been cancelled", "dead_lettered": "been given up"}
    if ending["status"] == "failed":
        return f"failed{code}"
    waits = f" for {awaited(ending['waiting_for'])}" if ending["waiting_for"] else ""
    return words.get(ending["status"], f"come to where it is {ending['status']}{waits}")


def _ended(name: str, ending: Json) -> str:
    value = ending[name]
    if value is None:
        return UNKNOWN
    if name == "waiting_for":
        return awaited(str(value))
    return money(value) if name == "cost_micro_usd" else duration(value) if name == "duration_ms" else str(value)


def _decided(decision: Json | None) -> str:
    if decision is None:
        return UNKNOWN
    delay = f" after {duration(decision['delay_ms'])}" if decision.get("delay_ms") else ""
    return f"{decision['kind'].replace('_', ' ')}{delay}: {decision['words']}"


def rerun_of(preview: Json, plan: Json | None) -> dict[str, Any]:
    """Return what doing a run again would mean as the page shows it."""
    simulation = preview["simulation"]
    params = {step["step_id"]: step["params"] for step in (plan or {"steps": []})["steps"]}
    return {
        "from_step": preview["from_step"],
        "versions": preview["versions"],
        "carried": preview["carried"],
        "tells": preview["tells_planner"],
        "again": [(step, json.dumps(params.get(step, {}), ensure_ascii=False, indent=2)) for step in preview["again"]],
        "changes": [_version_row(each) for each in preview["version_changes"]],
        "on": _on(preview),
        "effects": [f"{each['step_id']} ({each['skill']}): {each['detail']}" for each in preview["effects_again"]],
        "verdict": simulation and _verdict(simulation),
    }


def _on(preview: Json) -> str:
    """Say on which version the first step would be made, where that is another than it was: what the button leads to."""
    changed = next((each for each in preview["version_changes"] if each["step_id"] == preview["from_step"] and each["changes"]), None)
    if changed is None or not changed["now"]:
        return ""
    number = len(changed["changes"])
    return f" on {changed['skill']} {changed['now']} ({preview['versions']}, {number} change{'' if number == 1 else 's'})"


def _version_row(change: Json) -> tuple[str, str, str, str, str]:
    now = change["now"] or "not registered"
    return change["step_id"], change["skill"], change["then"], now, "; ".join(change["changes"]) or "the same"


def _verdict(simulation: Json) -> dict[str, Any]:
    worst, took = simulation["cost"]["worst_micro_usd"], simulation["duration"]["worst_ms"]
    blockers: Sequence[Json] = simulation["blockers"]
    at_most = f"at most {money(worst) if worst is not None else 'an unknown amount'}, {duration(took)}"
    look = Look("✓", "would run", "green") if simulation["feasible"] else Look("✕", "would not run", "red")
    return {"look": look, "at_most": at_most, "blockers": [each["detail"] for each in blockers]}
