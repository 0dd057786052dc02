"""How endpoints and deliveries look on the console: their state in words, what was answered, and what a form begins with. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from runs.events.types import EVENT_TYPES
from skills.ids import is_id
from skills.net.redaction import without_credentials
from skills.wording import UNKNOWN, Look, duration

Json = Mapping[str, Any]
NAMES = {"url": "Address", "event_types": "Events", "description": "What it is for"}
ON, OFF, GIVEN_UP = Look("✓", "on", "green"), Look("⊘", "off", "grey"), Look("✕", "off", "red")
_LOOKS = {
    "delivered": Look("✓", "delivered", "green"),
    "pending": Look("◷", "on its way", "blue"),
    "trying": Look("◐", "being tried again", "amber"),
    "failed": Look("✕", "given up", "red"),
}


def address_of(url: str, *, whole: bool) -> str:
    """Return an address; to who is shown no payload, without what may let one in there."""
    if whole:
        return url
    bare, question, _ = url.partition("?")
    return without_credentials(bare) + ("?…" if question else "")


def endpoint_view(told: Json, *, whole: bool) -> dict[str, Any]:
    """Return an endpoint: whether it is on, and why it is off. A switch off by hand gives no reason."""
    why = "" if told["is_enabled"] else told["disabled_because"] or "somebody switched it off"
    look = ON if told["is_enabled"] else GIVEN_UP if told["disabled_because"] else OFF
    return {
        **told,
        "address": address_of(told["url"], whole=whole),
        "host": urlsplit(told["url"]).netloc or told["url"],
        "look": look,
        "why_off": why if whole else without_credentials(why),
        "events": ", ".join(told["event_types"]) or "all events",
        "made": time_of(told["created_at"]),
        "old_secret_until": time_of(told["rotated_until"]),
    }


def list_sentence(on: int, off: int) -> str:
    """Return in one sentence how many endpoints hear of what happens."""
    if not on + off:
        return "Nobody is told of anything yet."
    told = f"{on or 'No'} endpoint{'s are' if on > 1 else ' is'} told of what happens"
    return f"{told}; {off} {'is' if off == 1 else 'are'} off and hear{'s' if off == 1 else ''} of nothing." if off else f"{told}."


def state_look(state: str) -> Look:
    """Return how the state of a delivery is shown."""
    return _LOOKS[state]


def delivery_view(told: Json) -> dict[str, Any]:
    """Return a delivery as lists show it."""
    last = told["last_attempt"]
    is_retried = told["state"] == "pending" and told["attempts_total"] > 0
    return {
        **told,
        "look": _LOOKS["trying" if is_retried else told["state"]],
        "made": time_of(told["created_at"]),
        "answer": UNKNOWN if last is None else answer_of(last),
        "took": UNKNOWN if last is None else duration(last["took_ms"]),
        "next_at": time_of(told["next_attempt_at"]),
        "delivered": time_of(told["delivered_at"]),
    }


def attempt_views(attempts: Collection[Json], total: int) -> list[dict[str, Any]]:
    """Return the attempts that are kept, the last one first, each with which one it was."""
    numbered = [
        {
            "number": total - len(attempts) + place,
            "at": time_of(attempt["at"], digits=23),
            "answer": answer_of(attempt),
            "took": duration(attempt["took_ms"]),
            "is_good": attempt["status"] is not None and 200 <= attempt["status"] < 300,
        }
        for place, attempt in enumerate(attempts, start=1)
    ]
    return numbered[::-1]


def answer_of(attempt: Json) -> str:
    """Return what came back, or why nothing did."""
    return f"HTTP {attempt['status']}" if attempt["status"] is not None else without_credentials(attempt["error"]) or UNKNOWN


def delivery_sentence(shown: Json) -> str:
    """Return in one sentence what became of a delivery."""
    tries = f"{shown['attempts_total']} attempt{'' if shown['attempts_total'] == 1 else 's'}"
    if shown["state"] == "delivered":
        return f"Delivered at {shown['delivered']} UTC after {tries}."
    if shown["state"] == "failed":
        return f"Given up after {tries}; the last answer: {shown['answer']}." if shown["attempts_total"] else "Given up before it was sent."
    return f"The next attempt is due at {shown['next_at']} UTC; {tries} so far." if shown["attempts_total"] else "On its way."


def time_of(at: str | None, *, digits: int = 19) -> str:
    return UNKNOWN if at is None else at[:digits].replace("T", " ").removesuffix("Z")


def sent_body(body: str) -> str:
    """Return a body indented, for reading."""
    return msgspec.json.format(body.encode(), indent=2).decode() if _read(body) is not None else body


def run_in(body: str) -> str:
    """Return the id of the run a body is about, "" where it is about none."""
    read = _read(body)
    data = read.get("data") if isinstance(read, dict) else None
    run_id = data.get("run_id") if isinstance(data, dict) else None
    return run_id if isinstance(run_id, str) and is_id("run", run_id) else ""


def _read(body: str) -> Any:
    try:
        return msgspec.json.decode(body.encode("utf-8", "surrogatepass"))
    except msgspec.DecodeError:
        return None


def event_choices(chosen: Collection[str]) -> list[dict[str, Any]]:
    """Return every event in words, and whether it is ticked."""
    return [{"name": name, "words": words, "is_chosen": name in chosen} for name, words in EVENT_TYPES.items()]
