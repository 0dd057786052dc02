"""What the page shows on which a waiting call is approved with other parameters: them for editing, and what the edit would mean. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from runs.console.people.approvals_view import plainly
from skills.net.redaction import without_credentials
from skills.strict_json import parse_strict
from skills.wording import UNKNOWN, duration, money

Json = dict[str, Any]
LONGEST = 200_000
"""How many characters of parameters are edited on the page; more are by the API."""


def editable(params: Any) -> str:
    """Return parameters for editing, masked where they look like credentials; the empty text where this page cannot edit them."""
    text = _masked(params)
    try:
        json.loads(text)
    except ValueError:
        return ""
    return text if len(text) <= LONGEST else ""


def typed_params(text: str, params: Any) -> Any:
    """Return what was typed, with what was masked and left alone put back. Raises NotStrictJson for what is no JSON."""
    typed = parse_strict(text.encode())
    return _restored(params, json.loads(_masked(params)), typed)


# A mask that took the place of a whole value, quotes included: alone behind its name, or alone on the line of a list.
_BARE_MASK = re.compile(r'^(\s*(?:"(?:[^"\\]|\\.)*": )?)\*\*\*(?=,?$)', re.MULTILINE)


def _masked(params: Any) -> str:
    text = msgspec.json.format(msgspec.json.encode(params, enc_hook=str), indent=2).decode()
    return _BARE_MASK.sub(r'\1"***"', without_credentials(text))


def _restored(was: Any, masked: Any, typed: Any) -> Any:
    if typed == masked:
        return was
    if isinstance(typed, dict) and isinstance(was, dict) and isinstance(masked, dict):
        both = was.keys() & masked.keys()
        return {name: _restored(was[name], masked[name], value) if name in both else value for name, value in typed.items()}
    if isinstance(typed, list) and isinstance(was, list) and isinstance(masked, list) and len(typed) == len(was) == len(masked):
        return [_restored(*each) for each in zip(was, masked, typed, strict=True)]
    return typed


def outcome(call: Mapping[str, Any]) -> Json:
    """Return what an edited call would be, for reading."""
    return {
        "changes": [
            {"pointer": each["pointer"] or "/", "was": _shown(each, "was"), "now": _shown(each, "now")} for each in call["changes"]
        ],
        "cost": "nothing" if call["worst_micro_usd"] == 0 else cost_words(call),
        "takes": duration(call["expected_ms"]),
        "missing": money(call["missing_micro_usd"]) if call["missing_micro_usd"] else "",
        "blockers": [{"at": each["pointer"] or "", "detail": each["detail"], "code": each["code"]} for each in call["blockers"]],
        "asks_because": call["asks_because"],
        "action_hash": call["action_hash"],
    }


def cost_words(call: Mapping[str, Any]) -> str:
    if call["worst_micro_usd"] is None:
        return UNKNOWN
    return f"{money(call['low_micro_usd'])} to {money(call['worst_micro_usd'])}, {money(call['expected_micro_usd'])} expected"


def _shown(change: Mapping[str, Any], side: str) -> str:
    if side not in change:
        return "nothing"
    # Behind its name, as it stands in the whole text: that says of some values that they are secret.
    named = next((name for name in reversed(change["pointer"].split("/")) if name and not name.isdecimal()), "value")
    text = without_credentials(f"{json.dumps(named)}: {msgspec.json.encode(change[side], enc_hook=str).decode()}")
    text = plainly(text.removeprefix(f"{json.dumps(named)}: "))
    return text if len(text) <= 500 else text[:499] + "…"
