"""Other ways to the same end, each simulated like the plan itself and named only where it is really there and better.

Other parameters of a call change what it costs, not how the plan goes: so such a way is simulated by pricing the calls
anew that the plan was seen to pay for. Other parallel steps are played again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import msgspec

from agents.ledger import Standing
from runs.contracts.simulation import Blocker, PlanAlternative, Verdict
from runs.engine.simulate import CallModel, Case, Forecast, Paid, forecasts
from runs.shell.admission import unrendered
from runs.shell.sentence import scope_in_words
from runs.simulation.blockers import blockers_by_numbers, verdict_of
from runs.simulation.course import Course, duration_range, open_terms
from runs.simulation.setting import Setting
from runs.simulation.terms import tighter
from skills.costs import other_models_of
from skills.registry import registry
from skills.wording import money

MOST_PARALLEL = 200
MOST_MODELS = 2
"""So many cheaper models are named for one that is used."""


@dataclass(frozen=True)
class Variation:
    """The plan with other parameters in some steps, gone through."""

    kind: Literal["cheaper_model", "degraded"]
    step_ids: list[str]
    detail: str
    change: dict[str, Any]
    course: Course

    @property
    def models(self) -> list[str]:
        return list(self.course.cases["worst"].cost_by_model)


Overlays = dict[str, dict[str, Any]]
"""What is laid over the parameters of a pin's calls."""


def variations_of(course: Course) -> list[Variation]:
    """Return the ways to pay less for the same plan."""
    if not course.cases["worst"].paid:
        return []
    found = [*_cheaper_models(course), *_degraded(course)]
    return [each for each in found if each.course.is_priced and (not course.is_priced or _worst(each.course) < _worst(course))]


def _worst(course: Course) -> int:
    return course.cases["worst"].cost_micro_usd


def _cheaper_models(course: Course) -> Iterator[Variation]:
    """Yield, for each model that is used, the same plan with one of the cheapest that could answer instead."""
    using: dict[str, list[Paid]] = {}
    for paid in course.cases["worst"].paid:
        if paid.model.model:
            using.setdefault(paid.model.model, []).append(paid)
    for model, calls in using.items():
        first = calls[0]
        offered = _offered(course, first)
        now = first.model.worst_micro_usd
        priced = {name: _model_of(course, first, overlay).worst_micro_usd for name, overlay in offered.items()}
        cheaper = [(cost, name) for name, cost in priced.items() if cost is not None and (now is None or cost < now)]
        for _, name in sorted(cheaper)[:MOST_MODELS]:
            overlays = {paid.pin: offered[name] for paid in calls}
            steps = list(dict.fromkeys(paid.node for paid in calls))
            yield Variation("cheaper_model", steps, f"{name} instead of {model}", {"params": offered[name]}, _with(course, overlays))


def _offered(course: Course, paid: Paid) -> Mapping[str, dict[str, Any]]:
    pin = course.pins[paid.pin]
    skill = registry.resolve(pin.skill, pin.version)
    if skill is None or not isinstance(paid.params, dict):
        return {}
    return other_models_of(skill, unrendered(paid.params), course.configs.get(pin.skill) or {})


def _degraded(course: Course) -> Iterator[Variation]:
    """Yield the plan with the cheaper parameters its skills name themselves, where there are any."""
    calls = [paid for paid in course.cases["worst"].paid if course.pins[paid.pin].cheaper]
    if calls:
        overlays = {paid.pin: course.pins[paid.pin].cheaper or {} for paid in calls}
        steps = list(dict.fromkeys(paid.node for paid in calls))
        changes = {paid.node: overlays[paid.pin] for paid in calls}
        ways = sorted({f"{course.pins[pin].skill} with {_in_words(overlay)}" for pin, overlay in overlays.items()})
        yield Variation("degraded", steps, ", ".join(ways), {"params_by_step": changes}, _with(course, overlays))


def _in_words(params: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(params.items()))


# Pricing calls anew


def _model_of(course: Course, paid: Paid, overlay: Mapping[str, Any]) -> CallModel:
    params = {**paid.params, **overlay} if isinstance(paid.params, dict) else paid.params
    return course.prices(course.pins[paid.pin], params)


def _with(course: Course, overlays: Overlays) -> Course:
    """Return the course as it is with these parameters laid over those of some calls."""
    # The cases share the models of their calls, so each is priced once.
    models = {id(paid.model): _model_of(course, paid, overlays[paid.pin]) for paid in course.cases["worst"].paid if paid.pin in overlays}
    return replace(course, cases={case: _priced_anew(found, case, models) for case, found in course.cases.items()})


def _priced_anew(before: Forecast, case: Case, models: Mapping[int, CallModel]) -> Forecast:
    paid = [(each, models.get(id(each.model), each.model)) for each in before.paid]
    step_cost = dict(before.step_cost) | dict.fromkeys((each.node for each, _ in paid), 0)
    bounds, by_model = dict.fromkeys(before.step_bound, 0), dict[str, int]()
    for each, model in paid:
        cost = model.cost(case) * each.times
        step_cost[each.node] += cost
        bounds[each.node] = max(bounds[each.node], model.worst_micro_usd or 0)
        by_model[model.model] = by_model.get(model.model, 0) + cost
    return msgspec.structs.replace(
        before,
        cost_micro_usd=sum(step_cost.values()),
        cost_by_model={model: cost for model, cost in by_model.items() if model and cost},
        step_cost=step_cost,
        step_bound=bounds,
        unpriced=[each.node for each, model in paid if model.worst_micro_usd is None],
    )


# What is told of them


def alternatives_of(
    course: Course,
    setting: Setting,
    standing: Sequence[Standing],
    as_written: Sequence[Blocker],
    blockers: Sequence[Blocker],
    variations: Sequence[Variation],
) -> list[PlanAlternative]:
    """Return every way that is really there, with what it would save and what would still stop it."""
    return [
        *(_told(course, setting, standing, each, as_written) for each in variations),
        *_more_parallel(course, setting, blockers),
        *_larger_budgets(course, blockers),
    ]


def _told(
    course: Course, setting: Setting, standing: Sequence[Standing], found: Variation, as_written: Sequence[Blocker]
) -> PlanAlternative:
    return PlanAlternative(
        kind=found.kind,
        step_ids=found.step_ids,
        detail=found.detail,
        change=found.change,
        saving_micro_usd=_worst(course) - _worst(found.course) if course.is_priced else None,
        cost=found.course.cost(),
        duration=course.duration(),
        verdict=verdict_of([*as_written, *blockers_by_numbers(found.course, setting, standing)]),
    )


def _more_parallel(course: Course, setting: Setting, blockers: Sequence[Blocker]) -> Iterator[PlanAlternative]:
    """Yield the plan with more steps at once, where it is in time only then."""
    late = [blocker for blocker in blockers if blocker.code == "DEADLINE_EXCEEDED"]
    limit_ms = tighter(setting.profile.max_run_duration_ms, setting.deadline_ms) or 0
    places = course.terms.max_parallel
    while late and places < MOST_PARALLEL:
        places = min(MOST_PARALLEL, places * 2)
        terms = msgspec.structs.replace(open_terms(course.terms), max_parallel=places)
        played = forecasts(plan=course.body, pins=dict(course.pins), terms=terms, inputs=setting.inputs, model=course.model)
        if played["expected"].duration_ms <= limit_ms:
            yield PlanAlternative(
                kind="parallel_steps",
                step_ids=[],
                detail=f"{places} steps at once instead of {course.terms.max_parallel}",
                change={"max_parallel_steps": places},
                cost=course.cost(),
                duration=duration_range({case: each.duration_ms for case, each in played.items()}),
                verdict=_verdict_without(blockers, late),
            )
            return


def _verdict_without(blockers: Sequence[Blocker], gone: Sequence[Blocker]) -> Verdict:
    return verdict_of([blocker for blocker in blockers if blocker not in gone])


def _larger_budgets(course: Course, blockers: Sequence[Blocker]) -> Iterator[PlanAlternative]:
    """Yield, for each scope that is short, how much it would have to have."""
    for short in blockers if course.is_priced else ():
        if short.scope is not None and short.missing_micro_usd is not None:
            yield PlanAlternative(
                kind="larger_budget",
                step_ids=[],
                detail=f"{money(short.missing_micro_usd)} more for {scope_in_words(short.scope)}",
                change={"scope": short.scope, "by_micro_usd": short.missing_micro_usd},
                verdict=_verdict_without(blockers, [short]),
            )
