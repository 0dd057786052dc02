"""What the run page shows, from a trace and from what the reader may see. Pure; the template only lays it out.

What a role may not read is left out here, before the template, so that no page source holds it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from runs.console.run.decisions_view import Wanted, by_step, decisions_table
from runs.console.run.folding import STEPS_IN_DETAIL, Fold, Shown, Ways, base_of, folded, in_words
from runs.console.run.graph_view import graph_of
from runs.console.run.masking import masked, masked_input
from runs.console.run.obstacles_view import obstacle_rows
from runs.console.run.sentence import missing_micro_usd, sentence
from runs.console.run.waterfall import Child, Span, as_seen, name_of, span_of, waterfall
from runs.console.run.waterfall_rows import drawn
from runs.console.simulator.chaos_view import fault_in_words
from skills.contracts import HARMLESS_EFFECTS
from skills.net.redaction import without_credentials
from skills.taxonomy import spec_of
from skills.wording import UNKNOWN, awaited, duration, look_of, money

Json = Mapping[str, Any]
# A page is for reading; the whole journal of a long run is one click away, as JSON from the API.
EVENTS_SHOWN = DECISIONS_SHOWN = EFFECTS_SHOWN = 100
EVENTS_IN_JSON = 200
FAILURES_SHOWN = 10
LONGEST_TEXT = 40_000
LONGEST_IN_A_ROW = 8_000
"""Of an event, of which a page shows a hundred."""
_SENT = {"not_sent": "nothing was sent", "maybe_sent": "it may have been sent", "acked": "it was answered"}


def run_page(
    trace: Json,
    now_ms: int,
    *,
    shows_payloads: bool,
    shows_costs: bool,
    shows_targets: bool,
    shows_masks: bool = False,
    blocked_by: Sequence[Json] = (),
    inputs: Mapping[str, Any] = MappingProxyType({}),
    called: Sequence[Child] = (),
    wanted: Wanted = Wanted(),  # noqa: B008 - a value that never changes
    opened: str = "",
    address: str = "?open=",
) -> dict[str, Any]:
    """Return the template's context; its keys start with `aos_` because the frame shares the namespace.

    Who sees no payloads may see them masked, by `shows_masks`. `inputs` are the parameters steps were called with. `opened` is
    the step whose items, tries and results a long run's page shows in full; `address` is how it is asked for.
    """
    run, span, ways = trace["run"], span_of(trace, now_ms), Ways(address)
    # What is not made good comes first.
    failed = sorted((step for step in trace["steps"] if step["failure"]), key=lambda step: step["status"] == "succeeded")
    return {
        "aos_run": _head(run, shows_payloads, shows_costs),
        "aos_sentence": sentence(trace, now_ms, shows_costs=shows_costs),
        "aos_money": four_numbers(run["cost"]) if shows_costs else [],
        "aos_failures": [failure_box(step, shows_payloads) for step in failed[:FAILURES_SHOWN]],
        "aos_more_failures": max(0, len(failed) - FAILURES_SHOWN),
        "aos_rows": [drawn(row, ways) for row in waterfall(trace, now_ms, opened, span, called)],
        # Where retention took the plan, nobody knows what waited for what.
        "aos_graph": {} if trace.get("removed") else graph_of(as_seen(run, trace["steps"])),
        "aos_span": duration(span.until_ms - span.from_ms),
        "aos_obstacles": obstacle_rows(blocked_by, now_ms, shows_targets=shows_targets, shows_costs=shows_costs),
        "aos_steps": _steps(
            trace, span, opened, ways, inputs, shows_payloads=shows_payloads, shows_costs=shows_costs, shows_masks=shows_masks
        ),
        "aos_decisions": decisions_table(trace["decisions"], span.from_ms, wanted, shows_payloads=shows_payloads, most=DECISIONS_SHOWN),
        "aos_events": [_event(event, span, shows_payloads) for event in trace["events"][:EVENTS_SHOWN]],
        "aos_more_events": max(0, len(trace["events"]) - EVENTS_SHOWN),
        **_effects(trace, shows_targets),
        "aos_plan": cut(pretty(trace["plan"])) if shows_payloads and trace["plan"] else "",
        "aos_raw": pretty(_written(trace)) if shows_payloads and shows_costs and len(trace["events"]) <= EVENTS_IN_JSON else "",
        "aos_shows_payloads": shows_payloads,
        "aos_shows_masks": shows_masks and not shows_payloads,
        "aos_removed": trace.get("removed") or "",
        "aos_faults": [fault_in_words(fault) for fault in trace.get("faults") or ()],
    }


def pretty(value: Any) -> str:
    """Return JSON for reading; what JSON does not know (an instant) is shown as text."""
    # Twenty times as fast as `json` with its indents, which are made in Python.
    return msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode()


def cut(text: str, most: int = LONGEST_TEXT) -> str:
    """Return a text for reading; who wants all of one that nobody reads to its end has the API."""
    beyond = len(text) - most
    return text if beyond <= 0 else f"{text[:most]}\n… {beyond:,} more characters; the trace of the API has them all"


def four_numbers(cost: Json) -> list[tuple[str, str, str]]:
    """Return spent, reserved, limit and worst case to finish as (name, value, remark)."""
    limit, missing = cost["limit_micro_usd"], missing_micro_usd(cost)
    return [
        ("Spent", money(cost["spent_micro_usd"]), ""),
        ("Reserved", money(cost["reserved_micro_usd"]), ""),
        ("Limit", "unlimited" if limit is None else money(limit), ""),
        ("Worst case to finish", money(cost["worst_to_finish_micro_usd"]), f"{money(missing)} too much" if missing else ""),
    ]


def failure_box(step: Json, shows_payloads: bool) -> dict[str, Any]:
    """Return a failure with what the catalog says about it."""
    failure = step["failure"]
    match = failure.get("advice") or failure.get("catalog_match") or {}
    return {
        "step_id": name_of(step),
        # What the machine did itself, as planning, is nothing to begin at.
        "again_from": "" if str(step["step_id"]).startswith("$") else base_of(step),
        "recovered": step["status"] == "succeeded",
        "code": failure["code"],
        "category": str(failure.get("category") or spec_of(failure["code"]).category),
        "message": (failure.get("message") or "") if shows_payloads else "",
        "suggestions": match.get("suggestions") or failure.get("suggestions") or [],
        "mode": str(match.get("mode", "")).replace("_", " ").lower(),
        "source": match.get("source", ""),
        "confidence": match.get("confidence"),
        "confidence_label": match.get("confidence_label") or "",
        "sent": _SENT.get(failure.get("phase", "not_sent"), ""),
    }


def _head(run: Json, shows_payloads: bool, shows_costs: bool) -> dict[str, Any]:
    hidden = {} if shows_payloads else {"goal": "", "summary": "", "result": None}
    facts = [
        ("Agent", run["agent"]),
        ("Planner", run["planner"]),
        ("Trace", run["trace_id"]),
        ("Created", _text(run["created_at"])),
        ("Behaviour hash", run["behaviour_hash"]),
        ("Content hash", run["content_hash"]),
        ("Parent", f"{run['parent_run_id']} ({run['relation']})" if run["parent_run_id"] else ""),
        ("Spent with the runs it called", _spent_with_called(run["cost"]) if shows_costs else ""),
    ]
    shown = {**run, **hidden, "look": look_of(run["status"]), "facts": [(name, value) for name, value in facts if value]}
    shown["copied"] = ("Trace", "Behaviour hash", "Content hash")
    shown["result_text"] = "" if shown["result"] is None else cut(pretty(shown["result"]))
    return shown


def _spent_with_called(cost: Json) -> str:
    """Return what a run and those it called have spent; nothing where it called none that did."""
    spent = cost.get("subtree_spent_micro_usd", cost["spent_micro_usd"])
    return money(spent) if spent != cost["spent_micro_usd"] else ""


def _text(instant: Any) -> str:
    return str(instant)[:19].replace("T", " ") + " UTC" if instant else ""


def _written(trace: Json) -> dict[str, Any]:
    """Return a trace as it is stored and sent: what is told only when it is looked at, told."""
    return {**trace, "decisions": [dict(each) for each in trace["decisions"]], "events": [dict(each) for each in trace["events"]]}


def _effects(trace: Json, shows_targets: bool) -> dict[str, Any]:
    """Return the effects to show, each also by its step: those in doubt first, then what left something behind, then what only looked."""
    doubted = {step["step_id"] for step in trace["steps"] if step["status"] == "in_doubt"}
    found = [{**effect, "is_doubted": effect.get("step_id") in doubted} for effect in trace["side_effects"]]
    found.sort(key=lambda effect: (not effect["is_doubted"], effect["effect"] in HARMLESS_EFFECTS))
    shown = [effect if shows_targets else {**effect, "target": "hidden"} for effect in found[:EFFECTS_SHOWN]]
    return {"aos_effects": shown, "aos_more_effects": max(0, len(found) - EFFECTS_SHOWN)}


def _steps(
    trace: Json,
    span: Span,
    opened: str,
    ways: Ways,
    inputs: Mapping[str, Any],
    *,
    shows_payloads: bool,
    shows_costs: bool,
    shows_masks: bool,
) -> list[dict[str, Any]]:
    """Return the rows of the table of steps. Of many steps, what was decided and what came out stands at the opened one only."""
    shown = list(folded([step for step in trace["steps"] if not step["step_id"].startswith("$")], opened))
    steps = [each.step for each in shown if isinstance(each, Shown)]
    in_full = {step["step_id"] for step in steps if len(steps) <= STEPS_IN_DETAIL or base_of(step) == opened}
    decided = by_step(trace["decisions"], span.from_ms, in_full, shows_payloads=shows_payloads)
    there = ways._replace(place="aos-opened-step", back="aos-steps-title")
    rows: list[dict[str, Any]] = []
    for each in shown:
        if isinstance(each, Fold):
            rows.append({"fold": in_words(each), "link": there.to(each.base if each.hidden else "")})
            continue
        step = each.step
        is_full = step["step_id"] in in_full
        row = _step(step, shows_payloads and is_full, shows_costs) | {"decisions": decided.get(step["step_id"], [])}
        row["input"], given = "", inputs.get(step["step_id"]) if is_full else None
        if shows_payloads and given is not None:
            row["input"] = cut(without_credentials(pretty(given)))
        if shows_masks and not shows_payloads and is_full:
            row["input"] = "" if given is None else masked_input(given)
            row["result"] = "" if step["result"] is None else masked(step["result"])
        rows.append({**row, "fold": "", "link": "" if is_full else there.to(base_of(step)), "is_place": each.is_first_opened})
    return rows


def _step(step: Json, shows_payloads: bool, shows_costs: bool) -> dict[str, Any]:
    started, finished = step["started_at_ms"], step["finished_at_ms"]
    return {
        "step_id": step["step_id"],
        "skill": step["skill"],
        "version": step["version"] or "",
        "effect": str(step["effect"] or "").replace("_", " "),
        "look": look_of(step["status"]),
        "depends_on": ", ".join(step["depends_on"]),
        "attempts": len(step["attempts"]),
        "took": duration(finished - started) if started is not None and finished is not None else UNKNOWN,
        "cost": money(step["cost_micro_usd"]) if shows_costs else UNKNOWN,
        "reason": _why(step) if shows_payloads else "",
        "result": cut(pretty(step["result"])) if shows_payloads and step["result"] is not None else "",
    }


def _why(step: Json) -> str:
    """Return why a step is where it is: of one that waits, what for, in words."""
    waits = step["reason"] and step["status"] in ("waiting", "in_doubt")
    return f"waits for {awaited(step['reason'])}" if waits else step["reason"]


def _event(event: Json, span: Span, shows_payloads: bool) -> dict[str, Any]:
    return {
        "seq": event["seq"],
        "after": _after(event["at_ms"], span),
        "kind": str(event["kind"]).replace("_", " "),
        "step_id": event["step_id"] or "",
        "attempt": event["attempt"] or "",
        "led_to": _led_to(event.get("decisions") or []),
        "data": cut(pretty(event["data"]), LONGEST_IN_A_ROW) if shows_payloads and event["data"] else "",
    }


def _led_to(decisions: Sequence[Any]) -> str:
    return ", ".join(str(each["kind"] if isinstance(each, Mapping) else each).replace("_", " ") for each in decisions)


def _after(at_ms: int, span: Span) -> str:
    return f"+{duration(at_ms - span.from_ms)}"
