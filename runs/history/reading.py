"""Reads what history says of skills: for simulations, for whoever asks what a skill is like, and as a table for people."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from runs.history.measured import History, Measured
from runs.models import SkillHistory
from skills.instants import instant

if TYPE_CHECKING:
    from agents.models import Tenant


def history_of(tenant_id: int, skills: Collection[str]) -> dict[tuple[str, str], Measured]:
    """Return what a tenant's history says of these skills, by (skill, version); one query for all of them."""
    rows = SkillHistory.objects.filter(tenant_id=tenant_id, skill__in=skills).values_list("skill", "version", "known")
    read = {(skill, version): History.from_text(known).measured() for skill, version, known in rows}
    return {name: measured for name, measured in read.items() if measured is not None}


def measured_of(tenant: Tenant, skills: Collection[str]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return what is measured of these skills for a tenant, as descriptions show it."""
    return {name: measured_json(found) for name, found in history_of(tenant.pk, skills).items()}


def measured_json(found: Measured) -> dict[str, Any]:
    """Return what is measured of a skill version, as its description shows it."""
    return {
        "measured_latency": {"p50_ms": found.duration_ms.expected, "p95_ms": found.p95_ms, "n": found.n},
        "measured_cost": {"p50_micro_usd": found.cost_micro_usd.expected, "p95_micro_usd": found.p95_micro_usd, "n": found.n},
        "measured_failures": {"rate": found.failure_rate, "n": found.calls},
        "calibration": calibration_json(found),
    }


def calibration_json(found: Measured) -> dict[str, Any]:
    """Return how well the range of a skill version's times held."""
    told = found.calibration
    return {
        "n": round(told.n),
        "inside": told.inside_share,
        "mean_ratio": told.mean_ratio,
        "largest_ratio": round(told.largest, 4) if told.n else None,
        "widening": round(told.widening, 4),
    }


def calibrations(tenant_id: int) -> list[dict[str, Any]]:
    """Return predicted against actual for every skill version a tenant has a history of."""
    rows = SkillHistory.objects.filter(tenant_id=tenant_id).order_by("skill", "version")
    read = ((row, History.from_text(row.known).measured()) for row in rows)
    return [_calibration_of(row, measured) for row, measured in read if measured is not None]


def _calibration_of(row: SkillHistory, found: Measured) -> dict[str, Any]:
    return {
        "skill": row.skill,
        "version": row.version,
        "n": found.n,
        "predicted": {"low_ms": found.duration_ms.low, "expected_ms": found.duration_ms.expected, "worst_ms": found.duration_ms.worst},
        "actual": {"p50_ms": found.duration_ms.expected, "p95_ms": found.p95_ms},
        "cost": {"p50_micro_usd": found.cost_micro_usd.expected, "p95_micro_usd": found.p95_micro_usd},
        "failure_rate": found.failure_rate,
        "calls": found.calls,
        "calibration": calibration_json(found),
        "learned_at": instant(row.learned_at),
    }
