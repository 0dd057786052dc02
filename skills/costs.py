"""What a call of a skill costs: its base, which is charged by the call, and what the skill says comes on top. The one door to both.

A skill's word is not taken for granted: a cost model that raises, or answers what is no amount of money, is loud in the
log and means that the price is not known, so that the call is not made; a cost reported like that means that nobody knows
what the call cost, so that its worst case is charged.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from skills.adapters.prices import days_of_a_call, price_table, today
from skills.base import Skill
from skills.contracts import LARGEST_MICRO_USD, PricingStatus
from skills.ports import CallReport

log = logging.getLogger(__name__)

LONGEST_MODEL = 1_000


class Base(NamedTuple):
    """What every call of a skill costs, and the row that says so."""

    micro_usd: int
    version: str | None


class Charge(NamedTuple):
    """What a call cost, as its outcome tells it; `cost_micro_usd` is None where nobody knows."""

    cost_micro_usd: int | None
    pricing: PricingStatus
    version: str | None


def base_of(skill: Skill, on: date | None = None) -> Base:
    """Return the base of a skill on a day, today's if none is named: what the price table says, else what the skill declares."""
    row = price_table().per_call(skill.name, on or today())
    if row is not None:
        return Base(row.micro_usd, row.version)
    declared = skill.cost_model.base_micro_usd
    return Base(declared, f"declared/{skill.name}/{skill.version}" if declared else None)


def worst_case_of(skill: Skill, params: Mapping[str, Any], config: Mapping[str, Any]) -> int | None:
    """Return the most a call with these parameters can cost, None where no price is known. Never raises."""
    own = _asked(skill, "worst_case_micro_usd", params, config)
    if own is not None and not _is_money(own):
        log.error("skill.cost_model.nonsense", extra={"skill": skill.name, "answer": repr(own)[:200]})
        own = None
    if own is None:
        return None
    # What a skill declares holds its declared base, which a row replaces.
    beyond_base = max(0, own - skill.cost_model.base_micro_usd)
    worst: int = beyond_base + _dearest_base(skill)
    return worst if worst <= LARGEST_MICRO_USD else None


def _dearest_base(skill: Skill) -> int:
    """Return the base of a call that is bounded now, whichever day it is made on."""
    if not price_table().has_calls:
        return skill.cost_model.base_micro_usd
    return max(base_of(skill, day).micro_usd for day in days_of_a_call())


def model_of(skill: Skill, params: Mapping[str, Any], config: Mapping[str, Any]) -> str | None:
    """Return the model a call is charged to, None where it is not priced by model. Never raises."""
    model = _asked(skill, "model_of", params, config)
    return model if isinstance(model, str) and 0 < len(model) <= LONGEST_MODEL else None


def cheaper_params_of(
    skill: Skill, params: Mapping[str, Any], config: Mapping[str, Any], *, than_micro_usd: int | None
) -> dict[str, Any] | None:
    """Return the parameters that make a call free or cheaper than its worst case, which is `than_micro_usd`; None where there are
    none, or they would not. Never raises."""
    if than_micro_usd == 0:
        return None
    overlay = _asked(skill, "cheaper_params", params, config)
    if not isinstance(overlay, dict) or not overlay:
        return None
    after = worst_case_of(skill, {**params, **overlay}, config)
    return overlay if after is not None and (than_micro_usd is None or after < than_micro_usd) else None


def other_models_of(skill: Skill, params: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the models that could answer a call instead, each with the parameters that say so. Never raises."""
    found = _asked(skill, "other_models", params, config)
    return {name: dict(overlay) for name, overlay in found.items()} if isinstance(found, dict) else {}


def _asked(skill: Skill, question: str, params: Mapping[str, Any], config: Mapping[str, Any]) -> Any:
    try:
        return getattr(skill, question)(params, config)
    except Exception:
        log.exception("skill.cost_model.defect", extra={"skill": skill.name, "question": question})
        return None


def _is_money(amount: Any) -> bool:
    return type(amount) is int and 0 <= amount <= LARGEST_MICRO_USD


def charge_of(skill: Skill, report: CallReport, *, counts: bool) -> Charge:
    """Return what to charge for a call that is over: what the skill reports and, where the call `counts`, its base."""
    base = base_of(skill) if counts else Base(0, None)
    versions = [version for version in (report.pricing_version, base.version) if version]
    reported = report.cost_micro_usd
    if reported is not None and not _is_money(reported):
        log.error("skill.cost.nonsense", extra={"skill": skill.name, "reported": repr(reported)[:200]})
        reported = None
    if reported is None:
        return Charge(None, "unpriced", " + ".join(versions) or None)
    is_priced = report.priced or base.micro_usd > 0 or reported > 0
    return Charge(reported + base.micro_usd, "priced" if is_priced else "free", " + ".join(versions) or None)
