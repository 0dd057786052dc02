"""An agent's profile as a form, made from the contract's own JSON Schema, so that no field of it can be missing. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from agents.console.profile_words import label_of, null_of, unit_of, words_of
from agents.contracts import AgentProfile
from skills.contracts import json_pointer
from skills.refusal import Refusal
from skills.requests import LARGEST_EXACT
from skills.strict_json import read_strict

Json = dict[str, Any]
Faults = list[dict[str, str]]
AT = "/profile"
WHOLE = "profile"
# The first that fits: what a field of a later release is about is told by its name.
_GROUPS = (
    ("Planner", ("planner",)),
    ("Skills and hosts", ("allowed_", "blocked_", "skill_")),
    ("Money", ("budget",)),
    ("Limits", ("rate_", "max_")),
    ("People", ("approval_", "plan_may_", "in_doubt_")),
    ("More", ("",)),
)
_NUMBER = re.compile(r"-?\d{1,18}")


class Sent(Protocol):
    """What a browser sends of a form."""

    def get(self, name: str, default: str) -> str: ...

    def getlist(self, name: str) -> list[str]: ...

    def __contains__(self, name: object) -> bool: ...


@dataclass(frozen=True)
class Entry:
    """One field of the form: what it is, what stands in it, and what is wrong with that."""

    path: tuple[str, ...]
    kind: str
    is_nullable: bool
    choices: tuple[str, ...] = ()
    hint: str = ""
    default: Any = None
    text: str = ""
    chosen: tuple[str, ...] = ()
    is_null: bool = False
    told: str = ""
    faults: tuple[dict[str, str], ...] = field(default=())

    @property
    def pointer(self) -> str:
        return json_pointer(self.path)

    @property
    def html_id(self) -> str:
        return "aos-of-" + "-".join(self.path)

    @property
    def label(self) -> str:
        return label_of(self.path[-1])

    @property
    def null_words(self) -> str:
        return null_of(self.path[-1])


# What fields there are


def entries() -> list[Entry]:
    """Return the fields of a profile in the order of the contract, empty."""
    schema = AgentProfile.model_json_schema()
    return list(_entries(schema, schema.get("$defs", {}), ()))


def _entries(schema: Json, named: Json, at: tuple[str, ...]) -> Iterator[Entry]:
    for name, declared in schema["properties"].items():
        said, is_nullable = _plain(declared, named)
        if said.get("type") == "object" and "properties" in said and not is_nullable:
            yield from _entries(said, named, (*at, name))
        else:
            kind, choices = _kind(said, named)
            hint = " · ".join(filter(None, (unit_of(name), _bounds(said))))
            yield Entry((*at, name), kind, is_nullable, choices, hint, declared.get("default"))


def _plain(schema: Json, named: Json) -> tuple[Json, bool]:
    """Return what a schema says besides that it may be null, and whether it may; references followed."""
    while "$ref" in schema:
        schema = named[schema["$ref"].rpartition("/")[2]]
    ways = schema.get("anyOf", [])
    others = [way for way in ways if way.get("type") != "null"]
    if len(others) == 1:
        return _plain(others[0], named)[0], len(ways) > 1
    return schema, bool(ways) and len(others) < len(ways)


def _kind(schema: Json, named: Json) -> tuple[str, tuple[str, ...]]:
    choices = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    if choices and all(isinstance(each, str) for each in choices):
        return "choice", tuple(choices)
    kind = schema.get("type")
    if kind == "array":
        each, _ = _plain(schema.get("items", {}), named)
        inner, offered = _kind(each, named)
        return {"choice": "ticks", "text": "lines"}.get(inner, "json"), offered
    return {"integer": "number", "boolean": "flag", "string": "text"}.get(str(kind), "json"), ()


def _bounds(schema: Json) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if most is not None and most < LARGEST_EXACT:
        return f"up to {most:,}" if least is None else f"{least:,} to {most:,}"
    return f"at least {least:,}" if least else ""


# What stands in them


def filled(profile: Mapping[str, Any]) -> list[Entry]:
    """Return the fields with what a profile says; what an old one does not say yet is the default of today."""
    return [_filled(entry, _value_at(profile, entry)) for entry in entries()]


def _value_at(profile: Any, entry: Entry) -> Any:
    for name in entry.path:
        if not isinstance(profile, Mapping) or name not in profile:
            return entry.default
        profile = profile[name]
    return profile


def _filled(entry: Entry, value: Any) -> Entry:
    told = words_of(entry.path[-1], value) if entry.kind == "number" and unit_of(entry.path[-1]) else ""
    if value is None:
        return replace(entry, is_null=True, told=told)
    if entry.kind == "lines" and isinstance(value, list):
        return replace(entry, text="\n".join(map(str, value)))
    if entry.kind == "ticks" and isinstance(value, list):
        return replace(entry, chosen=tuple(map(str, value)))
    if entry.kind == "flag":
        return replace(entry, chosen=("1",) if value else ())
    return replace(entry, text=_json_text(value) if entry.kind == "json" else str(value), told=told)


def _json_text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def whole_text(profile: Mapping[str, Any]) -> str:
    """Return a profile as the JSON somebody edits."""
    return _json_text(profile)


# What was typed


def read_form(form: Sent) -> tuple[Json, list[Entry], Faults]:
    """Return what was typed as a profile nobody checked yet, the fields as they were typed, and what cannot even be read."""
    profile: Json = {}
    typed: list[Entry] = []
    faults: Faults = []
    for entry in entries():
        shown = _typed(entry, form)
        typed.append(shown)
        try:
            _put(profile, entry, _value(shown))
        except Refusal as refusal:
            why = refusal.detail if len(refusal.errors) != 1 else refusal.errors[0]["detail"]
            faults.append({"pointer": AT + entry.pointer, "code": refusal.code, "detail": why})
    return profile, typed, faults


def read_whole(form: Sent) -> tuple[Any, Faults]:
    """Return a profile that was typed as JSON, and what cannot be read of it."""
    try:
        return read_strict(_text(form, WHOLE).encode("utf-8", "surrogatepass"), "the profile"), []
    except Refusal as refusal:
        return None, [{"pointer": AT, "code": refusal.code, "detail": refusal.detail}]


def _text(form: Sent, name: str) -> str:
    return form.get(name, "").replace("\r\n", "\n").strip()


def _typed(entry: Entry, form: Sent) -> Entry:
    is_null = entry.is_nullable and f"null:{entry.pointer}" in form
    return replace(entry, text=_text(form, entry.pointer), chosen=tuple(form.getlist(entry.pointer)), is_null=is_null)


def _value(entry: Entry) -> Any:
    """Return what was typed into a field; what makes no sense stays text, which the contract refuses at its place."""
    if entry.kind == "flag":
        return bool(entry.chosen)
    if entry.is_null and entry.text:
        raise Refusal("INVALID_INPUT", f"either {entry.null_words}, or those below: take one of them away")
    if entry.is_null or (entry.is_nullable and entry.kind in ("number", "choice", "text", "json") and not entry.text):
        return None
    if entry.kind == "ticks":
        return list(entry.chosen)
    if entry.kind == "lines":
        return [line.strip() for line in entry.text.splitlines() if line.strip()]
    if entry.kind == "json":
        return read_strict(entry.text.encode("utf-8", "surrogatepass"), "this") if entry.text else entry.default
    digits = entry.text.replace("_", "").replace(",", "")
    return int(digits) if entry.kind == "number" and _NUMBER.fullmatch(digits) else entry.text


def _put(profile: Json, entry: Entry, value: Any) -> None:
    for name in entry.path[:-1]:
        profile = profile.setdefault(name, {})
    profile[entry.path[-1]] = value


# Faults, and groups


def with_faults(shown: Iterable[Entry], faults: Faults) -> tuple[list[Entry], Faults]:
    """Return the fields with what is wrong in each, and the faults that are about none of them."""
    known, left = list(shown), list(faults)
    for place, entry in enumerate(known):
        at = AT + entry.pointer
        mine = [fault for fault in left if fault["pointer"] == at or fault["pointer"].startswith(at + "/")]
        left = [fault for fault in left if fault not in mine]
        known[place] = replace(entry, faults=tuple(mine))
    return known, left


def grouped(shown: Iterable[Entry]) -> list[tuple[str, list[Entry]]]:
    """Return the fields in groups, as a page shows them."""
    groups: dict[str, list[Entry]] = {title: [] for title, _ in _GROUPS}
    for entry in shown:
        groups[next(title for title, begins in _GROUPS if entry.path[0].startswith(begins))].append(entry)
    return [(title, fields) for title, fields in groups.items() if fields]


def in_words(profile: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return a profile in words: (group, [(field, what it says)])."""
    return [
        (title, [(entry.label, words_of(entry.path[-1], _value_at(profile, entry))) for entry in fields])
        for title, fields in grouped(entries())
    ]
