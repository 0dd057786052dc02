"""What the pages of standing grants show of one, and what their form means. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from skills.refusal import Refusal
from skills.wording import Look, money

Json = dict[str, Any]

_LOOKS = {
    "in_force": Look("✓", "in force", "green"),
    "revoked": Look("⊘", "taken back", "grey"),
    "expired": Look("⊘", "ended", "grey"),
    "used_up": Look("●", "used up", "grey"),
}
_MICRO_USD = 1_000_000


def grant(told: Mapping[str, Any]) -> Json:
    """Return a grant for reading."""
    return {
        **told,
        "look": _LOOKS[told["state"]],
        "is_in_force": told["state"] == "in_force",
        "covers": _covers(told),
        "limits": _limits(told),
        "given": _time(told["created_at"]),
        "taken_back": _time(told["revoked_at"]),
    }


def _covers(told: Mapping[str, Any]) -> str:
    who = f"agent {told['agent']}" if told["agent"] else "every agent"
    return f"calls of {told['skill']} by {who}{' to ' + told['host'] if told['host'] else ''}"


def _limits(told: Mapping[str, Any]) -> str:
    most = "" if told["max_uses"] is None else f" of {told['max_uses']}"
    parts = [f"{told['uses']}{most} calls used"]
    if told["max_total_micro_usd"] is not None:
        parts.append(f"{money(told['used_micro_usd'])} of {money(told['max_total_micro_usd'])}, each at its worst case")
    if told["max_call_micro_usd"] is not None:
        parts.append(f"at most {money(told['max_call_micro_usd'])} a call")
    if told["expires_at"] is not None:
        parts.append(f"until {_time(told['expires_at'])} UTC")
    return " · ".join(parts)


def use(told: Mapping[str, Any]) -> Json:
    """Return a call a grant let through, for reading."""
    return {**told, "worst": money(told["worst_micro_usd"]) if told["worst_micro_usd"] else "nothing", "when": _time(told["at"])}


def body_of(form: Mapping[str, str]) -> Json:
    """Return what the form says as the API takes it. Raises Refusal for what is no number and no day."""
    body: Json = {"skill": form["skill"], "host": form["host"], "reason": form["reason"]}
    if form["agent"]:
        body["agent"] = form["agent"]
    if form["max_uses"]:
        body["max_uses"] = int(form["max_uses"]) if form["max_uses"].isascii() and form["max_uses"].isdecimal() else form["max_uses"]
    if form["dollars"]:
        body["max_total_micro_usd"] = _micro_usd(form["dollars"])
    if form["until"]:
        body["expires_at"] = f"{form['until']}T23:59:59Z"
    return body


def _micro_usd(dollars: str) -> int:
    try:
        amount = Decimal(dollars.removeprefix("$"))
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0 or amount != amount.quantize(Decimal("0.000001")):
        fault = {"pointer": "/dollars", "code": "INVALID_INPUT", "detail": "an amount like 12.50"}
        raise Refusal("INVALID_INPUT", "the amount is no sum of dollars", errors=[fault])
    return int(amount * _MICRO_USD)


def _time(at: str | None) -> str:
    return "" if at is None else f"{datetime.fromisoformat(at).astimezone(UTC):%Y-%m-%d %H:%M}"
