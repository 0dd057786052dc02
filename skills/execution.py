"""Runs one skill call: validate → run under one deadline → outcome. Never raises, never retries."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from pydantic import BaseModel, ValidationError

from skills.base import ProbeAnswer, Skill, SkillFailure
from skills.contracts import (
    REPEATABLE_EFFECTS,
    Effect,
    Execution,
    FailureDetails,
    FailureInfo,
    NextActions,
    Phase,
    RetrySafety,
    StructuredOutcome,
    faults_of,
)
from skills.costs import charge_of
from skills.instants import instant
from skills.net.redaction import without_credentials
from skills.ports import CallReport, SkillContext
from skills.taxonomy import spec_of

log = logging.getLogger(__name__)

# What is kept of a text about a failure, and of how many faults; the rest says nothing more.
LONGEST_TEXT = 2_000
SEARCHED_CHARACTERS = 4 * LONGEST_TEXT
MOST_FAULTS = 100

_NOTHING_NEXT = NextActions()


async def run_skill(skill: Skill, params: Mapping[str, Any], context: SkillContext) -> StructuredOutcome:
    """Call a skill and return what came of it.

    Cancellation is an answer too: a call cancelled from outside gives CANCELLED with the phase its report
    says, and the task ends normally.
    """
    started = time.monotonic()
    failure: SkillFailure | None = None
    result: Any = None
    try:
        result = await _call(skill, params, context)
    except SkillFailure as anticipated:
        failure = anticipated
    except TimeoutError:
        failure = SkillFailure("TIMEOUT", f"{skill.name} gave no result within {context.timeout_ms} ms", phase=_phase(context.report))
    except asyncio.CancelledError:
        failure = SkillFailure("CANCELLED", f"{skill.name} was cancelled while it ran", phase=_phase(context.report))
    except Exception as defect:
        log.exception("skill.call.defect", extra={"skill": skill.name, "run_id": context.run_id, "step_id": context.step_id})
        failure = SkillFailure("INTERNAL_ERROR", f"{skill.name} raised {type(defect).__name__}", phase=_phase(context.report))
    latency_ms = round((time.monotonic() - started) * 1000)
    return outcome_of(skill, context, latency_ms=latency_ms, result=result, failure=failure, effect=_effect_of(skill, params))


def _effect_of(skill: Skill, params: Mapping[str, Any]) -> Effect:
    """Return the effect of a call; a skill that cannot say is taken for the worst."""
    try:
        return skill.effect_of(params)
    except Exception:
        log.exception("skill.effect.defect", extra={"skill": skill.name})
        return Effect.IRREVERSIBLE


async def _call(skill: Skill, params: Mapping[str, Any], context: SkillContext) -> Any:
    """Validate, run and validate again. Raises SkillFailure, TimeoutError or whatever the skill raises."""
    checked = _validated_params(skill, params)
    context.report.has_begun = True
    async with asyncio.timeout(context.timeout_ms / 1000):
        returned = await skill.run(checked, context)
    return _validated_result(skill, returned, context.report)


def _validated_params(skill: Skill, params: Mapping[str, Any]) -> BaseModel:
    size = len(msgspec.json.encode(params))
    limit = skill.constraints.max_input_size_bytes
    if size > limit:
        raise SkillFailure("CONTENT_TOO_LARGE", f"the parameters are {size} bytes, {skill.name} takes {limit}")
    try:
        return skill.Params.model_validate(params)
    except ValidationError as error:
        faults = faults_of(error)
        code = "MISSING_REQUIRED_FIELD" if all(f.code == "missing" for f in faults) else "SCHEMA_VALIDATION_FAILED"
        raise SkillFailure(code, f"the parameters break the schema of {skill.name}", details=FailureDetails(errors=faults)) from error


def _validated_result(skill: Skill, returned: Any, report: CallReport) -> Any:
    try:
        value = skill.Result.model_validate(returned).model_dump(mode="json", by_alias=True)
    except ValidationError as error:
        raise SkillFailure(
            "INVALID_RESPONSE",
            f"{skill.name} returned a result that breaks its own schema",
            phase=_phase(report),
            details=FailureDetails(errors=faults_of(error)),
        ) from error
    size, limit = len(msgspec.json.encode(value)), skill.constraints.max_output_size_bytes
    if size > limit:
        raise SkillFailure("CONTENT_TOO_LARGE", f"the result is {size} bytes, {skill.name} may give {limit}", phase=_phase(report))
    return value


async def probe_skill(skill: Skill, params: Mapping[str, Any], context: SkillContext) -> ProbeAnswer:
    """Ask a skill's probe under the call's own deadline; one that fails, hangs or answers nonsense has found out nothing."""
    try:
        async with asyncio.timeout(context.timeout_ms / 1_000):
            answer = await skill.probe(skill.Params.model_validate(params), context)
    except (SkillFailure, TimeoutError):
        return "unknown"
    except Exception:
        log.exception("skill.probe.defect", extra={"skill": skill.name, "run_id": context.run_id, "step_id": context.step_id})
        return "unknown"
    return answer if answer in ("happened", "did_not_happen") else "unknown"


def _phase(report: CallReport) -> Phase:
    """Return how far the call got, by the last side effect it reported."""
    return report.side_effects[-1].phase if report.side_effects else "not_sent"


def retry_safety(effect: Effect, phase: Phase) -> RetrySafety:
    """Say whether calling again could do the effect twice."""
    if effect in REPEATABLE_EFFECTS or phase == "not_sent":
        return "safe"
    return "unknown" if phase == "maybe_sent" else "unsafe"


def outcome_of(
    skill: Skill,
    context: SkillContext,
    *,
    latency_ms: int,
    result: Any,
    failure: SkillFailure | None,
    effect: Effect,
) -> StructuredOutcome:
    """Write the outcome of a finished call from its report."""
    report = context.report
    charge = charge_of(skill, report, counts=_counts(report, failure, effect))
    return StructuredOutcome(
        success=failure is None,
        result=result,
        failure=None if failure is None else failure_info(failure, effect),
        execution=Execution(
            skill=skill.name,
            version=skill.version,
            latency_ms=latency_ms,
            cost_micro_usd=charge.cost_micro_usd,
            pricing_status=charge.pricing,
            attempt=context.attempt,
            retries=context.attempt - 1,
            timestamp=instant(datetime.now(UTC)),
            trace_id=context.trace_id,
            span_id=context.span_id,
            cache_hit=report.cache_hit,
            degraded=report.degraded_reason is not None,
            degraded_reason=report.degraded_reason,
            usage=report.usage,
            pricing_version=charge.version,
        ),
        side_effects=list(report.side_effects),
        next_actions=_NOTHING_NEXT,
    )


def _counts(report: CallReport, failure: SkillFailure | None, effect: Effect) -> bool:
    """Tell whether a call is one that is charged for: it gave a result, or may have left the process before it failed; where
    nothing leaves, the work itself is what costs."""
    if failure is None or not report.has_begun:
        return failure is None
    return effect is Effect.NONE or failure.phase != "not_sent" or _phase(report) != "not_sent"


def failure_info(failure: SkillFailure, effect: Effect) -> FailureInfo:
    """Return the published form of an anticipated failure; category and retryable follow from its code.

    Whatever a skill says about it passes here before it is stored anywhere, so here it is cut, and cleared of credentials.
    """
    spec = spec_of(failure.code)
    return FailureInfo(
        code=failure.code,
        category=spec.category,
        message=publishable(failure.message),
        retryable=spec.retryable,
        retry_after_ms=failure.retry_after_ms,
        suggestions=[publishable(suggestion) for suggestion in failure.suggestions],
        retry_safety=retry_safety(effect, failure.phase),
        phase=failure.phase,
        details=_publishable_details(failure.details),
        alternatives=failure.alternatives,
    )


def publishable(text: str) -> str:
    """Return a text about a failure as it may be stored: without credentials, and no longer than a person reads."""
    # Cut twice, masked in between: a credential that is cut in two would not be recognised, a mebibyte need not be searched.
    shown = without_credentials(text[:SEARCHED_CHARACTERS])
    return shown if len(shown) <= LONGEST_TEXT and len(text) <= SEARCHED_CHARACTERS else f"{shown[:LONGEST_TEXT]}…"


def _publishable_details(details: FailureDetails) -> FailureDetails:
    if details.target is None and not details.errors:
        return details
    errors = [fault.model_copy(update={"detail": publishable(fault.detail)}) for fault in details.errors[:MOST_FAULTS]]
    target = None if details.target is None else publishable(details.target)
    return details.model_copy(update={"errors": errors, "target": target})
