"""Everything that would stop a run, all of it at once: each with the rule that says so, its step, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agents.freezes import Frozen
from agents.ledger import Standing
from agents.limits import MINUTE_MS
from agents.plan.validation import PlanInvalid
from runs.contracts.simulation import ApprovalForecast, Blocker, PermissionGap, RateForecast, ScopeAfter, Verdict
from runs.engine.events import Terms
from runs.engine.simulate import Forecast, asks_first
from runs.shell.admission import bounds_of, refused_as_written, skills_of
from runs.simulation.course import Course
from runs.simulation.setting import Setting
from runs.simulation.terms import tighter
from skills.wording import duration, money

# Which verdict a blocker makes, in the order they are told.
_VERDICTS: dict[str, Verdict] = {
    "PLAN_INVALID": "plan_invalid",
    "SKILL_NOT_FOUND": "skill_unavailable",
    "FROZEN": "permission_denied",
    "SKILL_NOT_ALLOWED": "permission_denied",
    "BLOCKED_TARGET": "permission_denied",
    "INVALID_INPUT": "plan_invalid",
    "PRICE_UNKNOWN": "budget_insufficient",
    "BUDGET_EXCEEDED": "budget_insufficient",
    "DAILY_LIMIT_EXCEEDED": "budget_insufficient",
    "RATE_LIMITED": "rate_limited",
    "QUOTA_EXHAUSTED": "rate_limited",
    "DEADLINE_EXCEEDED": "deadline_insufficient",
}
APPROVERS = "somebody with runs:write who did not ask for the run"
ANSWERERS = "anybody with runs:write"


def verdict_of(blockers: Sequence[Blocker]) -> Verdict:
    codes = {blocker.code for blocker in blockers}
    return next((verdict for code, verdict in _VERDICTS.items() if code in codes), "plan_invalid" if codes else "feasible")


def blockers_of_invalid(raw: Any, invalid: PlanInvalid, setting: Setting) -> list[Blocker]:
    """Return the faults of a plan that cannot be gone through, and what would stop it even if it could."""
    faults = [Blocker(step_id=None, code=f.code, rule="plan_rules", detail=f.detail, pointer=f.pointer) for f in invalid.faults]
    steps = raw.get("steps") if isinstance(raw, dict) else None
    named = [(place, _skill_of(step)) for place, step in enumerate(steps if isinstance(steps, list) else ())]
    forbidden = [
        Blocker(
            step_id=None,
            code="SKILL_NOT_ALLOWED",
            rule="agent_profile",
            detail=f"the agent may not use {skill}",
            pointer=f"/steps/{place}/skill",
        )
        for place, skill in named
        if skill and not setting.profile.allows(skill)
    ]
    return [*faults, *forbidden, *_standing_in_the_way(setting, {})]


def _skill_of(step: Any) -> str:
    skill = step.get("skill") if isinstance(step, dict) else None
    return skill if isinstance(skill, str) else ""


def blockers_as_written(course: Course, setting: Setting) -> list[Blocker]:
    """Return what stands in the way whatever the plan costs and takes."""
    found = [
        *course.pinned.blockers,
        *refused_as_written(course.body, bounds_of(setting.profile.allowed_hosts)),
        *_standing_in_the_way(setting, _steps_by_skill(course.body)),
    ]
    if course.cases:
        found += _denied(course.cases["worst"])
    return _once(found)


def blockers_by_numbers(course: Course, setting: Setting, standing: Sequence[Standing]) -> list[Blocker]:
    """Return what stands in the way because of what the plan costs, how often it calls, and how long it takes."""
    if not course.cases:
        return []
    limit_ms = tighter(setting.profile.max_run_duration_ms, setting.deadline_ms) or 0
    worst, expected = course.cases["worst"], course.cases["expected"]
    found = [*_unpriced(worst), *_too_dear(course), *_short(course, standing)]
    return _once([*found, *_too_often(expected, course.terms), *_over_rates(expected, limit_ms), *_too_long(expected, limit_ms)])


def _once(found: list[Blocker]) -> list[Blocker]:
    # Every item of a loop may be stopped by the same.
    return list({blocker.model_dump_json(): blocker for blocker in found}.values())


def _steps_by_skill(body: Mapping[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for step in body["steps"]:
        for skill in skills_of({"steps": [step]}):
            found.setdefault(skill, []).append(step["step_id"])
    return found


# Permission


def _standing_in_the_way(setting: Setting, steps: Mapping[str, list[str]]) -> Iterator[Blocker]:
    if setting.agent_status != "active":
        detail = f"the agent is {setting.agent_status}, which admits nothing"
        yield Blocker(step_id=None, code="FROZEN", rule="agent_status", detail=detail, scope=f"agent:{setting.agent_id}")
    for frozen in setting.frozen(sorted(steps)):
        for step_id in steps.get(frozen.key, []) if frozen.kind == "skill" else [None]:
            yield _frozen(frozen, step_id)


def _frozen(frozen: Frozen, step_id: str | None) -> Blocker:
    detail = f"{frozen.label} is frozen: {frozen.reason}"
    return Blocker(step_id=step_id, code="FROZEN", rule="kill_switch", detail=detail, scope=frozen.label)


def _denied(worst: Forecast) -> Iterator[Blocker]:
    """Yield what the machine itself refused on the way."""
    for step, code, rule, detail in worst.denied:
        yield Blocker(step_id=step, code=code, rule=rule, detail=detail)


# Money


def _unpriced(worst: Forecast) -> Iterator[Blocker]:
    for step in dict.fromkeys(worst.unpriced):
        yield Blocker(step_id=step, code="PRICE_UNKNOWN", rule="fail_closed", detail="no price is known for this call")


def _too_dear(course: Course) -> Iterator[Blocker]:
    worst, limit, cap = course.cases["worst"], course.terms.limit_micro_usd, course.terms.per_step_max_micro_usd
    if limit is not None and worst.cost_micro_usd > limit:
        detail = f"the worst case is {money(worst.cost_micro_usd)}, the budget {money(limit)}"
        missing = worst.cost_micro_usd - limit
        yield Blocker(step_id=None, code="BUDGET_EXCEEDED", rule="run_budget", detail=detail, scope="run", missing_micro_usd=missing)
    for step, bound in worst.step_bound.items():
        if cap is not None and bound > cap:
            detail = f"the worst case of a call is {money(bound)}, one may cost {money(cap)}"
            missing = bound - cap
            yield Blocker(step_id=step, code="BUDGET_EXCEEDED", rule="per_step_max", detail=detail, missing_micro_usd=missing)


def scopes_after(course: Course, standing: Sequence[Standing]) -> list[ScopeAfter]:
    """Return what the worst case leaves of every scope the run would draw on."""
    found = []
    for scope in standing:
        left, worst = scope.remaining_micro_usd, _wanted(course, scope)
        if scope.kind == "model" and not worst:
            continue
        after = None if left is None or worst is None else left - worst
        found.append(
            ScopeAfter(
                scope=scope.scope,
                limit_micro_usd=scope.limit_micro_usd,
                remaining_micro_usd=left,
                worst_micro_usd=worst,
                after_micro_usd=after,
            )
        )
    return found


def _wanted(course: Course, scope: Standing) -> int | None:
    if not course.is_priced:
        return None
    worst = course.cases["worst"]
    return worst.cost_by_model.get(scope.key, 0) if scope.kind == "model" else worst.cost_micro_usd


def _short(course: Course, standing: Sequence[Standing]) -> Iterator[Blocker]:
    for scope in standing:
        left, wanted = scope.remaining_micro_usd, _wanted(course, scope)
        if left is None or not wanted or wanted <= left:
            continue
        code = "DAILY_LIMIT_EXCEEDED" if scope.day else "BUDGET_EXCEEDED"
        rule = f"{scope.kind}_day_budget" if scope.day else f"{scope.kind}_budget"
        detail = f"of {money(scope.limit_micro_usd)} there is {money(max(0, left))} left, the worst case takes {money(wanted)}"
        yield Blocker(step_id=None, code=code, rule=rule, detail=detail, scope=scope.scope, missing_micro_usd=wanted - left)


# Limits


def _too_often(expected: Forecast, terms: Terms) -> Iterator[Blocker]:
    most = terms.max_attempts
    if most is not None and expected.calls > most:
        detail = f"the plan makes {expected.calls} calls, a run may make {most}"
        yield Blocker(step_id=None, code="QUOTA_EXHAUSTED", rule="max_attempts", detail=detail)
    for step, skill, times in expected.repeated:
        detail = (
            f"one and the same call of {skill} is made {times} times; once it gave the same {terms.max_repetitions} times, it is stopped"
        )
        yield Blocker(step_id=step, code="LOOP_DETECTED", rule="max_repetitions", detail=detail)


def rates_under(expected: Forecast) -> list[RateForecast]:
    """Return the limits a minute the plan's calls stand under."""
    return [
        RateForecast(scope=limit.scope, limit=limit.per_minute, calls=calls, waits_ms=expected.waits_ms.get(limit, 0))
        for limit, calls in sorted(expected.calls_by_limit.items())
    ]


def _over_rates(expected: Forecast, limit_ms: int) -> Iterator[Blocker]:
    for limit, calls in sorted(expected.calls_by_limit.items()):
        lets_through = limit.per_minute * (limit_ms // MINUTE_MS + 1)
        if calls > lets_through:
            detail = (
                f"{limit.scope} lets {limit.per_minute} calls a minute through, {lets_through} in {limit_ms} ms; the plan makes {calls}"
            )
            yield Blocker(step_id=None, code="RATE_LIMITED", rule="rate_limit", detail=detail, scope=limit.scope)


def _too_long(expected: Forecast, limit_ms: int) -> Iterator[Blocker]:
    if expected.duration_ms > limit_ms:
        detail = f"the plan is expected to take {duration(expected.duration_ms)}, {duration(limit_ms)} are allowed"
        yield Blocker(step_id=None, code="DEADLINE_EXCEEDED", rule="run_duration", detail=detail)


# What is said beside


def permission_gaps(course: Course) -> list[PermissionGap]:
    return [
        PermissionGap(step_id=str(each.step_id), skill=course.nodes[str(each.step_id)].skill, reason=each.detail)
        for each in course.pinned.blockers
        if each.code == "SKILL_NOT_ALLOWED"
    ]


def approvals(course: Course) -> list[ApprovalForecast]:
    """Return which steps will ask before they start, and whom. That is a wait, not an obstacle."""
    found = []
    worst = course.cases["worst"]
    for node in course.nodes.values():
        pin = course.pins[node.step_id]
        reason = asks_first(node, pin, course.terms, worst.step_bound.get(node.step_id), worst.step_target.get(node.step_id))
        if reason is not None:
            who = ANSWERERS if pin.asks else APPROVERS
            found.append(ApprovalForecast(step_id=node.step_id, skill=node.skill, reason=reason, who=who))
    return found
