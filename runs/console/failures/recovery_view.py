"""What the recovery review shows of candidates: each in a line, and one in full with why, what changes and what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from skills.wording import UNKNOWN, Look, awaited, duration

Json = dict[str, Any]

LOOKS = {
    ("open", "none"): Look("◷", "open", "amber"),
    ("approved", "shadow"): Look("◐", "in shadow", "blue"),
    ("approved", "active"): Look("✓", "active", "green"),
    ("rejected", "none"): Look("⊘", "rejected", "grey"),
    ("withdrawn", "none"): Look("⊘", "withdrawn", "grey"),
}
_OUTCOMES = {True: Look("✓", "came through", "green"), False: Look("✕", "did not help", "red"), None: Look("◷", "not known", "grey")}
_NOTHING_TRIED = Look("•", "nothing tried", "grey")
_TRIED = frozenset({"retry", "restore", "fallback", "escalate"})
_VERDICTS = {
    "changed": Look("◐", "otherwise", "blue"),
    "same": Look("•", "alike", "grey"),
    "not_reached": Look("⊘", "not come to", "grey"),
    "no_advice": Look("•", "no advice", "grey"),
    "gone": Look("?", "gone", "violet"),
}
# What each form says before its button, and on it.
FORMS = {
    "approve": (
        "Failures will say what it would have advised; nothing is done otherwise yet. The last 20 are replayed with it first.",
        "Approve",
    ),
    "activate": ("From its next failure on the engine goes by it. Its effect is measured; a policy that harms is taken back.", "Activate"),
    "reject": ("It stays on record, and is not suggested again.", "Reject"),
    "withdraw": ("Workers stop asking it within seconds.", "Withdraw"),
    "reopen": ("It can be decided again.", "Reopen"),
}
SHOWN_AT_ONCE = 5
NEEDS_REASON = frozenset({"reject", "withdraw"})
_FIELDS = (
    ("mode", "What is done"),
    ("max_attempts", "Attempts"),
    ("first_ms", "First wait"),
    ("cap_ms", "Longest wait"),
    ("factor", "Waits grow by"),
    ("max_restores", "Begins afresh"),
    ("fallback_skill", "Falls back to"),
)


def percent(number: float | None) -> str:
    return UNKNOWN if number is None else f"{100 * number:.0f} %"


def line(row: Json, *, shows_cause: bool) -> Json:
    """Return a candidate as the list shows it. Who does not see the cause does not see where the calls went either."""
    return {
        "id": row["id"],
        "look": look(row),
        "title": f"{row['code']} in {row['skill'] or 'the run'}",
        "host": (row["host"] or "") if shows_cause else "",
        "cause": row["cause"] if shows_cause else "",
        "mode": words(row["mode"]),
        "failures": row["occurrences"],
        "confidence": percent(row["confidence"]),
        "label": trials(row),
        "seen": moment(row["last_seen_at"]),
    }


def full(told: Json, *, shows_cause: bool) -> Json:
    """Return a candidate as its page shows it; what its failures said only to whoever may read that."""
    return {
        **line(told, shows_cause=shows_cause),
        "signature": told["signature"],
        "because": told["because"] or "",
        "effect": told["effect"] or "unknown",
        "occurrences": told["occurrences"],
        "first": moment(told["first_seen_at"]),
        "interval": interval(told["confidence_parts"]),
        "parts": parts(told["confidence_parts"]),
        "modes": [{**mode, "words": words(mode["mode"]), "rate": percent(mode["rate"])} for mode in told["modes"]],
        "cases": [case(each) for each in told["last_cases"]],
        "counter": [case(each) for each in told["counter_cases"]],
        "neighbours": [neighbour(each) for each in told["alternatives"]] if shows_cause else [],
        "changes": changes(told["advice_now"], told["advice_then"]),
        "fallback_params": told["advice_then"]["fallback_params"] if shows_cause else None,
        "agents": told["agents"],
        "report": report(told["shadow_report"]),
        "measured": measured(told),
        "decisions": [{**each, "at": moment(each["at"])} for each in told["decisions"]],
        "by": told["decided_by"],
        "created_by": told["created_by"],
        "origin": told["origin"],
    }


def forms(told: Json) -> list[Json]:
    """Return what may be decided now, each with its words."""
    return [
        {"action": action, "says": FORMS[action][0], "button": FORMS[action][1], "needs_reason": action in NEEDS_REASON}
        for action in told["may"]
    ]


def look(row: Mapping[str, Any]) -> Look:
    return LOOKS.get((row["state"], row["policy"])) or Look("•", row["state"], "grey")


def words(mode: str) -> str:
    return mode.replace("_", " ").lower()


def moment(at: str | None) -> str:
    return at[:16].replace("T", " ") if at else UNKNOWN


def trials(row: Json) -> str:
    if row["confidence_label"] == "prior":
        return "prior, never tried"
    return f"{row['succeeded']} of {row['applied']} worked"


def interval(found: Json) -> Json | None:
    """Return the bounds as stretches of a bar, None before the first trial."""
    if not found or not found.get("applied"):
        return None
    rate = found["weighted_successes"] / found["weighted_n"] if found["weighted_n"] else 0.0
    bounds = {"lower": percent(found["lower"]), "upper": percent(found["upper"])}
    place = {"x": f"{100 * found['lower']:.2f}%", "width": f"{100 * max(0.004, found['upper'] - found['lower']):.2f}%"}
    return {**bounds, **place, "needle": f"{min(99.6, 100 * rate):.2f}%", "rate": percent(rate)}


def parts(found: Json) -> list[tuple[str, str]]:
    if not found:
        return []
    told = [("Prior of the catalog", percent(found["prior"]))]
    if not found["applied"]:
        return told
    return [
        ("Tried", f"{found['applied']}, of which {found['succeeded']} worked"),
        ("After weighing by age", f"{found['weighted_n']:.1f}, of which {found['weighted_successes']:.1f} worked"),
        ("Half-life of a trial", f"{found['half_life_days']:.0f} days"),
        ("95 % interval", f"{percent(found['lower'])} to {percent(found['upper'])}; the lower end counts"),
        *told,
    ]


def case(each: Json) -> Json:
    return {
        **each,
        "look": _NOTHING_TRIED if each["recovered"] is None and each["decision"] not in _TRIED else _OUTCOMES[each["recovered"]],
        "words": words(each["mode"] or UNKNOWN),
        "at": moment(each["at"]),
        "link": reverse("admin:runs_run_change", args=[each["run_id"]]),
    }


def neighbour(each: Json) -> Json:
    link = reverse("console-recovery-candidate", args=[each["candidate"]])
    return {**each, "words": words(each["mode"]), "score": percent(each["score"]), "link": link}


def changes(now: Json, then: Json) -> list[Json]:
    """Return what the policy advises beside what is advised without it, the fields that neither has left out."""
    shown = [(title, _field(name, now[name]), _field(name, then[name])) for name, title in _FIELDS]
    return [
        {"title": title, "now": old, "then": new, "differs": old != new} for title, old, new in shown if (old, new) != (UNKNOWN, UNKNOWN)
    ]


def _field(name: str, value: Any) -> str:
    if value is None:
        return UNKNOWN
    if name == "mode":
        return words(value)
    if name.endswith("_ms"):
        return duration(value) if value else "at once"
    return f"×{value:g}" if name == "factor" else str(value)


def report(found: Json | None) -> Json | None:
    """Return the shadow report with how each case looks."""
    if found is None:
        return None
    cases = [
        {
            **each,
            "look": Look("!", "unsafe", "red") if each["unsafe"] else _VERDICTS[each["verdict"]],
            "at": moment(each["at"]),
            "link": reverse("admin:runs_run_change", args=[each["run_id"]]),
            "otherwise": _otherwise(each.get("counterfactual")),
        }
        for each in found["cases"]
    ]
    return {**found, "made_at": moment(found["made_at"]), "first": cases[:SHOWN_AT_ONCE], "others": cases[SHOWN_AT_ONCE:]}


def measured(told: Json) -> Json | None:
    """Return how it went before the policy and since, None before it was ever active."""
    before, since = told["baseline"], told["measured_effect"]
    if not before:
        return None
    applied = since["applied"] if since else 0
    return {
        "before": percent(before["rate"]),
        "before_n": before["failures"],
        "before_width": _width(before["rate"]),
        "since": percent(since["rate"]) if since else UNKNOWN,
        "applied": applied,
        "helped": since["worked"] if since else 0,
        "since_width": _width(since["rate"] if since else None),
        "since_at": moment(told["activated_at"]),
    }


def _width(rate: float | None) -> str:
    return f"{100 * (rate or 0):.2f}%"


def _otherwise(played: Json | None) -> str:
    """Say how the run would have come out, if all went well that nobody knows."""
    if played is None:
        return ""
    before, after = played["before"], played["after"]
    retries = after["retries"] - before["retries"]
    more = f", with {abs(retries)} {'more' if retries > 0 else 'fewer'} {'try' if abs(retries) == 1 else 'tries'}" if retries else ""
    return f"the run {_end(before)}; it could have {_end(after)}{more}"


def _end(ending: Json) -> str:
    code = f" with {ending['code']}" if ending["code"] else ""
    waits = f"waited for {awaited(str(ending['waiting_for']))}" if ending["waiting_for"] else ""
    return waits or {"succeeded": "succeeded", "partial": "succeeded in part", "failed": f"failed{code}"}.get(ending["status"], "gone on")
