"""What the pages of approvals show of a call that waits for a yes: its effect in words, its target, what can be taken back. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from runs.shell.reading.decided import RULES
from skills.base import Skill
from skills.contracts import HARMLESS_EFFECTS
from skills.net.redaction import without_credentials
from skills.wording import UNKNOWN, Look, duration, money

Json = dict[str, Any]

WHOLE = 100_000
PREVIEW = 1_500
_TARGET = 300

_EFFECTS = {
    "none": "would change nothing outside",
    "read": "would read, and change nothing",
    "idempotent_write": "would change something outside; made twice, it is as if made once",
    "write": "would change something outside; made twice, it happens twice",
    "irreversible": "would do something that cannot be taken back",
}
_EFFECT_LOOKS = {
    "none": Look("•", "no effect", "grey"),
    "read": Look("•", "reads", "grey"),
    "idempotent_write": Look("◐", "writes", "amber"),
    "write": Look("◐", "writes", "amber"),
    "irreversible": Look("✕", "irreversible", "red"),
}
_SILENCE = {
    "fail": "the step fails with APPROVAL_EXPIRED",
    "skip": "the step is left out and the run goes on",
    "abort": "the run ends",
}
_DECIDED = {True: Look("✓", "approved", "green"), False: Look("✕", "rejected", "red")}

# What has no shape of its own, or turns the letters around it: a target must not read otherwise than it is.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")


def card(told: Mapping[str, Any], skill: Skill | None, now_ms: int) -> Json:
    """Return a waiting call as the list shows it."""
    params = told["params"] if isinstance(told["params"], dict) else {}
    return {
        "run_id": told["run_id"],
        "step_id": told["step_id"],
        "agent": told["agent"],
        "requested_by": told["requested_by"] or UNKNOWN,
        "asked_at": _time(told["run_created_at"]),
        "skill": told["skill"],
        "version": told["version"],
        "effect": _EFFECTS.get(told["effect"], told["effect"]),
        "look": _EFFECT_LOOKS.get(told["effect"]) or Look("•", told["effect"], "grey"),
        "target": target(params, skill),
        # A call without a worst case is one the machine knows to be free: it starts none whose price it does not know.
        "worst": "nothing" if told["worst_micro_usd"] is None else f"at most {money(told['worst_micro_usd'])}",
        "taken_back": taken_back(told["effect"], params, skill),
        "params": request(params, PREVIEW),
        "asks_because": RULES.get(told["asks_because"], ""),
        "is_escalated": told["is_escalated"],
        "silence": _SILENCE[told["on_expiry"]],
        "expires_at": told["expires_at"] or "",
        "expires": _time(told["expires_at"]),
        "left": left(told["expires_at"], now_ms),
    }


def full(told: Mapping[str, Any], skill: Skill | None, now_ms: int) -> Json:
    """Return a waiting call as its own page shows it: with the whole request, and what binds the word to it."""
    params = told["params"] if isinstance(told["params"], dict) else {}
    whole = request(params, WHOLE)
    return {
        **card(told, skill, now_ms),
        "params": whole,
        "host": (skill.target_of(params) or "") if skill is not None and "url" in params else "",
        "action_hash": told["action_hash"],
        "needs_reason": told["needs_reason"],
    }


def target(params: Mapping[str, Any], skill: Skill | None) -> str:
    """Return what the call is about: where it goes, else its main parameter, the first its skill names and the call gives."""
    if isinstance(params.get("url"), str):
        text = f"{params.get('method', 'GET')} {params['url']}"
    else:
        named = skill.Params.model_fields if skill is not None else params
        main = next((name for name in [*named, *params] if name in params), None)
        text = UNKNOWN if main is None else f"{main}: {_plain(params[main])}"
    text = plainly(without_credentials(text))
    return text if len(text) <= _TARGET else text[: _TARGET - 1] + "…"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode()


def taken_back(effect: str, params: Mapping[str, Any], skill: Skill | None) -> str:
    """Say whether what the call does can be taken back, and by what."""
    if effect in HARMLESS_EFFECTS:
        return "nothing to take back"
    if effect == "irreversible":
        return "no, never"
    if skill is None or skill.reversible_by is None:
        return "no; the skill knows no way"
    if "undo" not in skill.Params.model_fields:
        return f"yes, by {skill.reversible_by}"
    undo = params.get("undo")
    if not isinstance(undo, dict):
        return "no; the call says not how"
    return plainly(without_credentials(f"yes, by {undo.get('method', 'DELETE')} {undo.get('url', '')}"))


def request(params: Mapping[str, Any], most: int) -> Json:
    """Return the parameters for reading, masked where they look like credentials, and how much of them is left out."""
    text = plainly(without_credentials(msgspec.json.format(msgspec.json.encode(params, enc_hook=str), indent=2).decode()))
    return {"text": text[:most], "left_out": max(0, len(text) - most)}


def leaf(place: str, text: str, most: int = 500) -> str:
    """Return one value for reading, masked as it would be behind its name, which says what it is."""
    name = place.rpartition(".")[2]
    shown = plainly(without_credentials(f"{name}={text}").removeprefix(f"{name}="))
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def masked(value: Any, name: str = "") -> Any:
    """Return a JSON value in which every text that looks like a credential is a mask: it is still JSON, and of the same shape."""
    if isinstance(value, dict):
        return {key: masked(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner, name) for inner in value]
    return without_credentials(f"{name}={value}").removeprefix(f"{name}=") if isinstance(value, str) else value


def plainly(text: str) -> str:
    """Return a text with every character that cannot be seen written out."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def left(expires_at: str | None, now_ms: int) -> str:
    """Return how long there is to decide."""
    if expires_at is None:
        return "no end"
    seconds = (int(datetime.fromisoformat(expires_at).timestamp() * 1_000) - now_ms) // 1_000
    if seconds < 1:
        return "time is up"
    return f"{seconds} s left" if seconds < 60 else f"{duration(seconds * 1_000)} left"


def decision(told: Mapping[str, Any]) -> Json:
    """Return what somebody said, for reading."""
    return {**told, "look": _DECIDED[told["approved"]], "at": _time(told["at"]), "skill": told["skill"] or UNKNOWN}


def moment(at_ms: int | None) -> str:
    """Return an instant for reading."""
    return UNKNOWN if at_ms is None else f"{datetime.fromtimestamp(at_ms / 1_000, UTC):%Y-%m-%d %H:%M:%S}"


def _time(at: str | None) -> str:
    return UNKNOWN if at is None else f"{datetime.fromisoformat(at).astimezone(UTC):%Y-%m-%d %H:%M:%S}"
