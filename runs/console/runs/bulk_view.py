"""How operations over many runs look on their pages: a preview, and one that goes on or is over. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from skills.wording import Look, duration, look_of, money

Json = dict[str, Any]
SHOWN = 10
"""How many refused runs of a code are shown unfolded."""
_STATES = {
    "running": Look("▶", "going on", "blue"),
    "finished": Look("✓", "finished", "green"),
    "aborted": Look("⊘", "stopped", "grey"),
}
_WITH_REFUSED = Look("◐", "finished, some refused", "amber")
_NAMES = {"q": "search", "status__exact": "status", "id__in": "picked"}
_TIMES = ("created_before", "created_after", "created_at__")
_DONE = {"cancel": "told to stop", "pause": "told to pause", "resume": "told to go on", "rerun": "done again"}


def runs(number: int) -> str:
    return f"{number:,} run{'' if number == 1 else 's'}"


def filter_words(told: Json) -> list[tuple[str, str]]:
    """Return a filter as pairs of names and values; picked runs are counted, not listed."""
    return [(_NAMES.get(name, name.replace("__", " ").replace("_", " ")), _value(name, value)) for name, value in told.items()]


def _value(name: str, value: Any) -> str:
    if name in ("id__in", "run_ids"):
        return runs(len(value.split(",") if isinstance(value, str) else value))
    return f"{_time(value)} UTC" if name.startswith(_TIMES) else str(value).replace("_", " ") if name == "stage" else str(value)


def _time(at: str | None) -> str:
    return "" if at is None else at[:19].replace("T", " ")


def preview_view(told: Json, phrase: str) -> Json:
    """Return a preview as its page shows it."""
    refused = f" {told['refused']:,} of them would be refused." if told["refused"] else ""
    return {
        **told,
        "wish": phrase.format(runs(told["total"])),
        "sentence": f"{phrase.format(runs(told['total']))}?{refused}",
        "filter": filter_words(told["filter"]),
        "by_status": [{**each, "look": look_of(each["name"])} for each in told["by_status"]],
        "spent": money(told["money"]["spent_micro_usd"]),
        "reserved": money(told["money"]["reserved_micro_usd"]),
        "first": [{**each, "look": look_of(each["status"])} for each in told["first"]],
        "rest": told["total"] - len(told["first"]),
    }


def operation_view(told: Json, phrase: str, list_address: str, now: datetime) -> Json:
    """Return an operation as lists and its page show it."""
    taken, total = told["total"] - told["left"], max(1, told["total"])
    return {
        **told,
        "title": phrase.format(runs(told["total"])),
        "look": _look(told),
        "is_running": told["state"] == "running",
        "sentence": _sentence(told, phrase),
        "percent": 100 * taken // total,
        "done_width": f"{100 * told['succeeded'] / total:.2f}",
        "refused_width": f"{100 * told['refused'] / total:.2f}",
        "refused_at": f"{100 * told['succeeded'] / total:.2f}",
        "done_words": _DONE[told["action"]],
        "filter": filter_words(told["filter"]),
        "begun": _time(told["created_at"]),
        "ended": _time(told["finished_at"]),
        "took": _took(told, now),
        "made_link": _made(told, list_address) if told["action"] == "rerun" and told["succeeded"] else "",
    }


def _look(told: Json) -> Look:
    return _WITH_REFUSED if told["state"] == "finished" and told["refused"] else _STATES[told["state"]]


def _sentence(told: Json, phrase: str) -> str:
    wish, taken = phrase.format(runs(told["total"])), f"{told['succeeded']:,} {_DONE[told['action']]}"
    refused = f", {told['refused']:,} refused" if told["refused"] else ""
    if told["state"] == "running":
        asked = " It stops before the next few." if told["abort_asked_by"] else ""
        return f"{wish}: {taken}{refused}, {told['left']:,} left.{asked}"
    if told["state"] == "aborted":
        return f"{wish}: {taken}{refused}. It was stopped, and {told['left']:,} were left alone."
    return f"{wish}: {taken}{refused}."


def _took(told: Json, now: datetime) -> str:
    begun = datetime.fromisoformat(told["created_at"])
    ended = datetime.fromisoformat(told["finished_at"]) if told["finished_at"] else now
    return duration(round((ended - begun).total_seconds() * 1_000))


def _made(told: Json, list_address: str) -> str:
    """Return the address of the list with the runs an operation made."""
    query = {"relation": "rerun", "created_by": told["created_by"], "created_at__gte": told["created_at"]}
    if told["finished_at"]:
        query["created_at__lte"] = told["finished_at"]
    return f"{list_address}?{urlencode(query)}"


def faults_view(told: Json) -> list[Json]:
    """Return why runs were refused: by code, how many, and those of them that are kept, the first few apart."""
    counted = sorted(told["refused_by_code"].items(), key=lambda each: -each[1])
    return [_group(code, number, [fault for fault in told["faults"] if fault["code"] == code]) for code, number in counted]


def _group(code: str, number: int, kept: list[Json]) -> Json:
    parts = {"first": kept[:SHOWN], "rest": kept[SHOWN:], "left_off": number - len(kept)}
    return {"code": code, "runs": number, "more": f"more of {code}", **parts}
