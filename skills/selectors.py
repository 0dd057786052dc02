"""Reads of skills: what is registered (`describe_skill`, one of the six interfaces), and the dated prices."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any

from skills.adapters.prices import today
from skills.ids import is_id
from skills.instants import instant, instant_or_none
from skills.models import PriceRow, SkillVersion
from skills.prices import dated, load
from skills.refusal import Refusal
from skills.registry import registry

Measure = Callable[[Any, Collection[str]], Mapping[tuple[str, str], Mapping[str, Any]]]
"""What a tenant's runs tell of these skills, by name and version, as descriptions show it."""

_measure: list[Measure] = []


def measure_by(measure: Measure) -> None:
    """Have descriptions that are made for a tenant hold what was measured for it; what runs left behind stands above this app."""
    _measure[:] = [measure]


def describe_skill(name: str | None = None, version: str | None = None, *, tenant: Any = None) -> dict[str, Any]:
    """Return the metadata of a skill, or of all under `data`; for a tenant with what its runs have shown of it.

    Raises Refusal SKILL_NOT_FOUND.
    """
    found = [_described(known) for known in registry.names()] if name is None else [_described(name, version)]
    measured = _measure[0](tenant, [each["name"] for each in found]) if tenant is not None and _measure else {}
    told = [each | dict(measured.get((each["name"], each["version"]), {})) for each in found]
    return {"data": told} if name is None else told[0]


def _described(name: str, version: str | None = None) -> dict[str, Any]:
    try:
        metadata = registry.metadata(name, version)
    except ValueError:
        raise Refusal("INVALID_INPUT", f"'{version}' is no version range") from None
    if metadata is None:
        raise Refusal("SKILL_NOT_FOUND", "there is no such skill", suggestions=[f"Registered are {', '.join(registry.names())}."])
    return metadata.model_dump(mode="json")


def versions_seen(name: str | None = None) -> list[dict[str, Any]]:
    """Return the versions of a skill, or of all, this installation has ever registered, with what each said of itself; newest first."""
    rows = SkillVersion.objects.order_by("name", "-first_seen_at", "-pk")
    return [
        {
            "name": row.name,
            "version": row.version,
            "digest": row.digest,
            "first_seen_at": row.first_seen_at,
            "is_registered": row.version in registry.versions(row.name),
            "metadata": row.metadata,
        }
        for row in (rows if name is None else rows.filter(name=name))
    ]


# Prices


def get_price(price_id: str) -> PriceRow:
    """Return a price by its id (`prc_…`) or by the version charges name it by. Raises Refusal NOT_FOUND."""
    wanted = {"public_id" if is_id("prc", price_id) else "version": price_id}
    found = PriceRow.objects.filter(**wanted).first() if price_id.isprintable() else None
    if found is None:
        raise Refusal("NOT_FOUND", "there is no such price")
    return found


def list_prices(
    *, provider: str | None = None, model: str | None = None, state: str | None = None, on: date | None = None
) -> list[dict[str, Any]]:
    """Return prices, those of one model together, the latest first: of a provider, of what a name of a model leads to, in a state."""
    on = on or today()
    told = states(on)
    rows = PriceRow.objects.all() if provider is None else PriceRow.objects.filter(provider=provider)
    found = sorted(rows, key=_place)
    shown = [row for row in found if model is None or row.model == model or dated(row).closeness(model) is not None]
    return [price_json(row, told) for row in shown if state in (None, state_of(row, told))]


def _place(row: PriceRow) -> tuple[Any, ...]:
    return row.provider, row.model, -(row.valid_from or date.min).toordinal(), -row.pk


def states(on: date | None = None) -> dict[str, str]:
    """Return what each row that is not withdrawn is on a day, by its version: in_force, coming or past."""
    on, table = on or today(), load()
    current = {row.version for row in table.current(on)}
    return {row.version: "in_force" if row.version in current else "coming" if row.begins > on else "past" for row in table.rows}


def state_of(row: PriceRow, told: Mapping[str, str]) -> str:
    return "withdrawn" if row.withdrawn_at else told.get(row.version, "past")


def price_json(row: PriceRow, told: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return a price as the API shows it. Who runs the installation is not named to its tenants."""
    return {
        "price_id": row.public_id,
        "version": row.version,
        "provider": row.provider,
        "model": row.model,
        "match": row.match,
        "valid_from": None if row.valid_from is None else row.valid_from.isoformat(),
        "state": state_of(row, states() if told is None else told),
        "origin": row.origin,
        "tiers": row.tiers,
        "per_call_micro_usd": row.per_call_micro_usd,
        "created_at": instant(row.created_at),
        "withdrawn_at": instant_or_none(row.withdrawn_at),
    }
