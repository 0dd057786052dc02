"""What keeps a run from going on, as its page tells it: what, since when, until when, who may clear it and how. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runs.console.run.waterfall import instant_ms
from runs.shell.sentence import scope_in_words
from skills.wording import Look, duration

Json = Mapping[str, Any]
LOOKS = {
    "lease": Look("⚙", "worker", "red"),
    "slot": Look("◷", "its turn", "grey"),
    "schedule": Look("◷", "rest", "amber"),
    "paused": Look("⏸", "paused", "amber"),
    "frozen": Look("❄", "frozen", "red"),
    "in_doubt": Look("?", "in doubt", "violet"),
    "approval": Look("✋", "approval", "amber"),
    "input": Look("✋", "a person", "amber"),
    "budget": Look("✋", "money", "amber"),
    "missing_version": Look("✕", "version", "red"),
    "circuit": Look("✕", "open circuit", "red"),
    "rate": Look("◷", "rate", "grey"),
    "retry": Look("…", "next try", "grey"),
    "dependency": Look("↳", "other steps", "grey"),
}


def obstacle_rows(found: Sequence[Json], now_ms: int, *, shows_targets: bool, shows_costs: bool) -> list[dict[str, Any]]:
    """Return the obstacles in their order. Who may not read costs learns that money is short, not how much; who may not know
    where calls went, that one is in doubt."""
    return [_row(each, now_ms, shows_targets, shows_costs) for each in found]


def _row(obstacle: Json, now_ms: int, shows_targets: bool, shows_costs: bool) -> dict[str, Any]:
    hides = obstacle["what"] == "budget" and not shows_costs
    hides_host = obstacle["what"] == "circuit" and not shows_targets
    action, detail = obstacle["action"], obstacle["detail"]
    if hides:
        detail = f"the budget of {scope_in_words(obstacle['scope'] or '')} is used up"
    elif obstacle["what"] == "in_doubt" and not shows_targets:
        detail = "a call of it may have happened, and nobody knows"
    elif hides_host:
        detail = "a host failed too often in a row and is left alone for a while"
    return {
        "look": LOOKS.get(obstacle["what"], Look("•", str(obstacle["what"]).replace("_", " "), "grey")),
        "step_id": obstacle["step_id"] or "",
        "detail": detail,
        "level": "" if hides or obstacle["what"] == "budget" else _level(obstacle),
        "since": _for(obstacle["since_at"], now_ms),
        "eta": _until(obstacle["eta_at"], now_ms),
        "action": action["detail"],
        "who": _who(action["who"]),
        "api": action["api"] or "",
        "command": "" if hides or hides_host else action["command"] or "",
    }


def _level(obstacle: Json) -> str:
    current, limit = obstacle["current"], obstacle["limit"]
    return "" if current is None or limit is None else f"{current} of {limit}"


def _for(since: str | None, now_ms: int) -> str:
    at = instant_ms(since)
    return "" if at is None else f"for {duration(max(0, now_ms - at))}"


def _until(eta: str | None, now_ms: int) -> str:
    at = instant_ms(eta)
    if at is None:
        return ""
    return f"for another {duration(at - now_ms)}" if at > now_ms else "due now"


def _who(who: Json | None) -> str:
    if who is None:
        return ""
    names = {"platform": "who runs this installation"}
    roles = " or ".join(names.get(role, role.replace("_", " ")) for role in who["roles"])
    return f"{roles}, not {who['not_by']}" if who.get("not_by") else roles
