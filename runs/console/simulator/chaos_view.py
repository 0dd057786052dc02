"""What a report about faults says, in words and in rows, for the terminal and for the console's page. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from skills.wording import UNKNOWN, Look, duration, look_of, money

Json = Mapping[str, Any]

COLUMNS = ("fault", "how it comes out", "calls", "duplicates", "cost up to", "time up to", "who must act")
CASE_COLUMNS = ("faults", "step", "how it comes out", "calls", "effects", "cost", "time", "who must act")
CASES_SHOWN = 100
SAFE, UNSAFE = Look("✓", "bears it", "green"), Look("✕", "does not bear it", "red")


def look_of_report(report: Json) -> Look:
    return SAFE if report["passed"] else UNSAFE


def look_of_fault(fault: Json) -> Look:
    """Return how a fault is shown: red for what went wrong, amber where somebody must act, grey where the run failed."""
    if fault["duplicates"] or fault["missing"] or fault["dishonest"]:
        return Look("✕", "wrong", "red")
    if fault["must_act"]:
        return Look("✋", "waits", "amber")
    return Look("✓", "borne", "green") if set(fault["ends"]) == {"succeeded"} else Look("◐", "fails", "grey")


def sentence_of(report: Json) -> str:
    return str(report["sentence"][:1].upper() + report["sentence"][1:]) + "."


def ends_of(ends: Mapping[str, int]) -> str:
    """Return how runs came out: `4 succeeded, 1 waits for a verdict`."""
    return ", ".join(f"{count} {end_in_words(end)}" for end, count in ends.items())


def end_in_words(end: str) -> str:
    status, _, why = end.partition(": ")
    if status == "waiting":
        return {"in_doubt": "in doubt", "input": "asks a person", "budget": "short of money"}.get(why, f"waits ({why})")
    return f"{look_of(status).word} ({why})" if why else look_of(status).word


def fault_row(fault: Json) -> list[str]:
    return [
        name_of(fault["kind"]),
        ends_of(fault["ends"]),
        str(fault["most_calls"]),
        str(fault["duplicates"]) if fault["duplicates"] else UNKNOWN,
        money(fault["most_cost_micro_usd"]),
        duration(fault["longest_ms"]),
        "; ".join(fault["must_act"]) or "nobody",
    ]


def name_of(kind: str) -> str:
    return kind.replace("_", " ")


def went_wrong(report: Json) -> list[Json]:
    """Return the cases that are why a plan does not bear its faults, those of one fault."""
    return [case for case in report["cases"] if case["duplicates"] or case["missing"] or not case["honest"]]


def pairs_gone_wrong(report: Json) -> list[Json]:
    return list(report["pairs"]["cases"]) if report["pairs"] else []


def case_row(case: Json) -> list[str]:
    end = case["end"]
    why = end["waiting_for"] or end["code"]
    return [
        " then ".join(map(name_of, case["faults"])) + _truth(case["arrived"]),
        case["step_id"],
        end_in_words(f"{end['status']}: {why}" if why else end["status"]),
        str(case["calls"]),
        effects_of(case),
        money(end["cost_micro_usd"]),
        duration(end["duration_ms"]),
        end["must_act"] or "nobody",
    ]


def _truth(arrived: bool | None) -> str:
    return "" if arrived is None else ", the call arrived" if arrived else ", the call never arrived"


def effects_of(case: Json) -> str:
    """Return what a case did outside, wrong or right."""
    if case["duplicates"]:
        return f"{case['duplicates']} too many"
    return "claimed, never done" if case["missing"] else str(case["effects"])


def pairs_of(report: Json) -> str | None:
    pairs = report["pairs"]
    if pairs is None:
        return None
    return (
        f"{pairs['played']} pairs played, {pairs['duplicating']} duplicate an effect"
        if pairs["played"]
        else "no fault leads to a second call"
    )


def fault_in_words(fault: Json) -> str:
    """Return a fault of a run as its journal names it: `timeout at pay, from its call 2 on, 3 times`."""
    at, count = fault.get("attempt", 1), fault.get("count", 1)
    said = f"{name_of(fault['kind'])} at {fault.get('step') or 'every step'}"
    if at > 1:
        said += f", at its call {at}"
    return said + (f", {count} calls in a row" if count > 1 else "")


# The console's page


def page_of(report: Json) -> dict[str, Any]:
    """Return everything the page shows of a report."""
    return {
        "look": look_of_report(report),
        "sentence": sentence_of(report),
        "columns": COLUMNS,
        "rows": [(look_of_fault(fault), fault["words"], *fault_row(fault)) for fault in report["faults"]],
        "case_columns": CASE_COLUMNS,
        "wrong": [case_row(case) for case in went_wrong(report)[:CASES_SHOWN]],
        "wrong_pairs": [case_row(case) for case in pairs_gone_wrong(report)[:CASES_SHOWN]],
        "pairs": pairs_of(report),
        "assumed": report["assumed"],
        "unreached": report["unreached"],
        "limited": report["limited"]["detail"] if report["limited"] else None,
    }
