"""How a skill describes itself on the console: its facts, its parameters as a table, how it can fail, and what runs have shown. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from skills.wording import UNKNOWN, Look, duration, money

Json = dict[str, Any]
EFFECTS = {
    "none": Look("•", "no effect", "grey"),
    "read": Look("•", "reads", "blue"),
    "idempotent_write": Look("✓", "writes, repeatable", "green"),
    "write": Look("◐", "writes", "amber"),
    "irreversible": Look("⚡", "cannot be taken back", "red"),
}
DEEPEST = 2
_BOUNDS = (
    ("minimum", "at least {}"),
    ("maximum", "at most {}"),
    ("minLength", "{} character{} or more"),
    ("maxLength", "up to {} character{}"),
    ("minItems", "{} item{} or more"),
    ("maxItems", "up to {} item{}"),
    ("pattern", "like {}"),
)
_EMPTY: Mapping[str, Any] = {"string": "", "integer": 0, "number": 0, "boolean": False, "array": [], "object": {}}


def skill_line(told: Json, link: str, *, shows_costs: bool) -> Json:
    """Return a skill as the list shows it."""
    return {
        "name": told["name"],
        "version": told["version"],
        "description": told["description"],
        "look": effect_look(told),
        "link": link,
        "cost": worst_cost(told),
        "measured": measured(told, shows_costs=shows_costs),
        "stability": told["stability"],
    }


def effect_look(told: Mapping[str, Any]) -> Look:
    effect = str(told.get("effect", ""))
    return EFFECTS.get(effect) or Look("•", effect or "unknown", "grey")


def worst_cost(told: Mapping[str, Any]) -> str:
    return money(told.get("cost_model", {}).get("worst_case_micro_usd"))


def facts(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a skill declares, in words; an old version may not say all of it."""
    cost = told.get("cost_model", {})
    per_unit = f"{money(cost.get('per_unit_micro_usd'))} per {cost['per_unit'].removeprefix('per_')}" if cost.get("per_unit") else "nothing"
    return [
        ("Stability", str(told.get("stability", UNKNOWN))),
        ("Same call, same answer", "yes" if told.get("deterministic") else "no"),
        ("A call costs at most", worst_cost(told)),
        ("Of that for each call", money(cost.get("base_micro_usd"))),
        ("And by the unit", per_unit),
        ("Idempotency key", "of run, step and parameters" if told.get("key_strategy") == "run_step_params" else "none"),
        ("Asked whether it happened by", told.get("probe") or "nothing"),
        ("Undone by", told.get("reversible_by") or "nothing"),
        ("Takes scopes", ", ".join(told.get("required_scopes", [])) or "none"),
        ("Digest", str(told.get("digest", UNKNOWN))),
    ]


def constraints(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the bounds the runtime holds a skill to."""
    limits = told.get("constraints", {})
    return [
        ("Time", duration(limits.get("timeout_ms"))),
        ("Calls at once", str(limits.get("max_concurrency") or "unlimited")),
        ("Calls a minute", str(limits.get("rate_limit_per_minute") or "unlimited")),
        ("Input", f"up to {limits.get('max_input_size_bytes', 0):,} bytes"),
        ("Output", f"up to {limits.get('max_output_size_bytes', 0):,} bytes"),
        ("Blocked patterns", ", ".join(limits.get("blocked_patterns", [])) or "none"),
    ]


def hints(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return where a skill fits, nothing where it says nothing of that."""
    known = told.get("composition_hints", {})
    names = (("Often before it", "often_preceded_by"), ("Often after it", "often_followed_by"), ("Not like this", "anti_patterns"))
    return [(title, ", ".join(known[name])) for title, name in names if known.get(name)]


def measured(told: Mapping[str, Any], *, shows_costs: bool) -> list[tuple[str, str]]:
    """Return what runs of the tenant have shown of a skill; nothing where there were none."""
    failed, took, cost = (told.get(f"measured_{what}") for what in ("failures", "latency", "cost"))
    found: list[tuple[str, str]] = []
    if failed:
        found += [("Calls", f"{failed['n']:,}"), ("Succeeded", f"{100 * (1 - failed['rate']):.1f} %")]
    if took:
        found += [("Half took at most", duration(took["p50_ms"])), ("19 of 20 at most", duration(took["p95_ms"]))]
    if cost and shows_costs:
        found += [("Half cost at most", money(cost["p50_micro_usd"])), ("19 of 20 cost at most", money(cost["p95_micro_usd"]))]
    return found


def version_line(seen: Json, current: str) -> Json:
    """Return a version as the list shows it."""
    look = Look("✓", "newest", "green") if seen["version"] == current else Look("•", "registered", "grey")
    return {
        "version": seen["version"],
        "look": look if seen["is_registered"] else Look("⊘", "gone", "grey"),
        "digest": seen["digest"][:12],
        "seen": time_of(seen["first_seen_at"]),
    }


def time_of(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


# Parameters


def parameter_rows(schema: Json) -> list[Json]:
    """Return the parameters of a skill, those inside of objects indented below them."""
    return list(_rows(schema, schema.get("$defs", {}), 0))


def _rows(schema: Json, named: Json, depth: int) -> Iterator[Json]:
    required = schema.get("required", [])
    for name, declared in schema.get("properties", {}).items():
        said = _followed(declared, named)
        yield {
            "name": name,
            "depth": depth,
            "type": _type(said, named),
            "is_required": name in required,
            "default": "" if name in required else json.dumps(declared.get("default"), ensure_ascii=False),
            "bounds": " · ".join(_bounds(said, named)),
            "description": declared.get("description") or said.get("description", ""),
        }
        inner = next((each for each in _ways(said, named) if "properties" in each), None)
        if inner is not None and depth + 1 < DEEPEST:
            yield from _rows(inner, named, depth + 1)


def _followed(schema: Json, named: Json) -> Json:
    while "$ref" in schema:
        schema = named.get(schema["$ref"].rpartition("/")[2], {})
    return schema


def _ways(schema: Json, named: Json) -> list[Json]:
    ways = schema.get("anyOf") or schema.get("oneOf")
    return [_followed(way, named) for way in ways] if ways else [schema]


def _type(schema: Json, named: Json) -> str:
    names = dict.fromkeys(_one_type(way, named) for way in _ways(schema, named))
    return " or ".join(names)


def _one_type(schema: Json, named: Json) -> str:
    if "enum" in schema or "const" in schema:
        return " or ".join(json.dumps(each, ensure_ascii=False) for each in schema.get("enum", [schema.get("const")]))
    kind = schema.get("type")
    if kind == "array":
        inner = _followed(schema.get("items", {}), named)
        return f"list of {inner.get('type', 'objects' if 'oneOf' in inner else 'anything')}"
    return "anything" if kind is None else str(kind)


def _bounds(schema: Json, named: Json) -> list[str]:
    return [text.format(way[name], "" if way[name] == 1 else "s") for way in _ways(schema, named) for name, text in _BOUNDS if name in way]


def blank_params(schema: Json) -> str:
    """Return what a form of parameters begins with: those that must be given, empty."""
    named = schema.get("$defs", {})
    required = {name: _followed(schema["properties"][name], named) for name in schema.get("required", []) if name in schema["properties"]}
    return json.dumps({name: _EMPTY.get(said.get("type", ""), "") for name, said in required.items()}, indent=2)
