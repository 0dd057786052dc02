"""When a plan is refused: every fault found at once, each with its pointer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError

from agents.plan.conditions import ConditionError, compile_condition, steps_read
from agents.plan.contracts import MAX_PLAN_BYTES, Plan, PlanStep
from agents.plan.graph import dependencies, find_cycle
from agents.plan.references import UnresolvedReference, references_in, references_of, whole_reference
from skills.canonical import canonical_json
from skills.contracts import FaultDetail, SkillMetadata, faults_of, json_pointer
from skills.json_schema import compile_once

Describe = Callable[[str, str | None], SkillMetadata | None]

# How many times longer canonical JSON can be than other JSON of the same value: 1e20 is written out in 21 digits.
_MOST_GROWTH = 8

# A schema that offers alternatives cannot judge a value that is still a reference.
_ALTERNATIVES = frozenset({"anyOf", "oneOf", "not", "if", "then", "else"})


class PlanInvalid(ValueError):
    """A plan breaks the rules plans must keep; `faults` say where and why."""

    def __init__(self, faults: list[FaultDetail]) -> None:
        super().__init__("; ".join(f"{fault.pointer or '/'}: {fault.detail}" for fault in faults[:3]))
        self.faults = faults


def validate_plan(raw: Any, describe: Describe) -> Plan:
    """Return the plan, or raise PlanInvalid with every fault that can be seen without running it."""
    try:
        plan = Plan.model_validate(raw)
    except ValidationError as error:
        raise PlanInvalid(faults_of(error)) from None
    size = _size(plan)
    faults = list(_faults(plan, describe))
    if size > MAX_PLAN_BYTES:
        faults.append(
            FaultDetail(pointer="", code="CONTENT_TOO_LARGE", detail=f"the plan is {size} bytes, at most {MAX_PLAN_BYTES} are taken")
        )
    if faults:
        raise PlanInvalid(faults)
    return plan


def _size(plan: Plan) -> int:
    """Return how many bytes a plan has, exactly where that may be too many.

    Raises PlanInvalid where it holds what no JSON can carry, as a model's answer may.
    """
    try:
        short = len(plan.model_dump_json())
        return short if short * _MOST_GROWTH < MAX_PLAN_BYTES else len(canonical_json(plan.model_dump(mode="json")))
    except (ValueError, RecursionError) as error:
        detail = f"the plan cannot be written as JSON: {str(error)[:200]}"
        raise PlanInvalid([FaultDetail(pointer="", code="INVALID_INPUT", detail=detail)]) from None


def _faults(plan: Plan, describe: Describe) -> Iterator[FaultDetail]:
    counts = Counter(step.step_id for step in plan.steps)
    known = set(counts)
    for position, step in enumerate(plan.steps):
        at = f"/steps/{position}"
        if counts[step.step_id] > 1:
            yield FaultDetail(pointer=f"{at}/step_id", code="PLAN_INVALID", detail=f"'{step.step_id}' names more than one step")
        yield from _dependency_faults(step, at, known)
        yield from _reference_faults(step, at, known)
        yield from _condition_faults(step, at, known)
        yield from _skill_faults(step, at, describe)
    yield from _cycle_faults(plan)


def _dependency_faults(step: PlanStep, at: str, known: set[str]) -> Iterator[FaultDetail]:
    for position, needed in enumerate(step.depends_on):
        if needed not in known:
            yield FaultDetail(pointer=f"{at}/depends_on/{position}", code="INVALID_REFERENCE", detail=f"there is no step '{needed}'")


def _reference_faults(step: PlanStep, at: str, known: set[str]) -> Iterator[FaultDetail]:
    places = [("params", step.params), ("fallback_params", step.fallback_params)]
    for name, value in places:
        for pointer, text in references_of(value):
            yield from _text_faults(text, f"{at}/{name}{pointer}", known, in_loop=step.for_each is not None)
    if step.for_each is not None:
        yield from _loop_faults(step.for_each, f"{at}/for_each", known)


def _text_faults(text: str, pointer: str, known: set[str], *, in_loop: bool) -> Iterator[FaultDetail]:
    try:
        references = references_in(text)
    except UnresolvedReference as error:
        yield FaultDetail(pointer=pointer, code="INVALID_REFERENCE", detail=str(error))
        return
    roots = {reference.root for reference in references}
    for reference in references:
        if reference.step_id is not None and reference.step_id not in known:
            yield FaultDetail(pointer=pointer, code="INVALID_REFERENCE", detail=f"there is no step '{reference.step_id}'")
        if reference.root in ("item", "index") and not in_loop:
            yield FaultDetail(pointer=pointer, code="INVALID_REFERENCE", detail=f"'{reference.root}' has a value only with for_each")
    if "secrets" in roots and len(roots) > 1:
        yield FaultDetail(pointer=pointer, code="INVALID_REFERENCE", detail="a text that names a secret may hold no other reference")


def _loop_faults(text: str, pointer: str, known: set[str]) -> Iterator[FaultDetail]:
    try:
        reference = whole_reference(text)
    except UnresolvedReference as error:
        yield FaultDetail(pointer=pointer, code="INVALID_REFERENCE", detail=str(error))
        return
    if reference is None or reference.root not in ("steps", "inputs", "memory"):
        yield FaultDetail(
            pointer=pointer, code="INVALID_REFERENCE", detail="for_each must be one reference to a list in steps, inputs or memory"
        )
    elif reference.step_id is not None and reference.step_id not in known:
        yield FaultDetail(pointer=pointer, code="INVALID_REFERENCE", detail=f"there is no step '{reference.step_id}'")


def _condition_faults(step: PlanStep, at: str, known: set[str]) -> Iterator[FaultDetail]:
    if step.condition is None:
        return
    try:
        compile_condition(step.condition)
    except ConditionError as error:
        yield FaultDetail(pointer=f"{at}/condition", code="CONDITION_INVALID", detail=str(error))
        return
    for needed in steps_read(step.condition):
        if needed not in known:
            yield FaultDetail(pointer=f"{at}/condition", code="INVALID_REFERENCE", detail=f"there is no step '{needed}'")


def _skill_faults(step: PlanStep, at: str, describe: Describe) -> Iterator[FaultDetail]:
    yield from _call_faults(step.skill, step.version, step.params, at, "skill", "params", describe)
    if step.fallback_skill is None:
        if step.on_error == "fallback":
            yield FaultDetail(
                pointer=f"{at}/fallback_skill", code="MISSING_REQUIRED_FIELD", detail="on_error=fallback needs a fallback_skill"
            )
    elif step.on_error != "fallback":
        yield FaultDetail(pointer=f"{at}/fallback_skill", code="PLAN_INVALID", detail="a fallback_skill needs on_error=fallback")
    else:
        params = step.params if step.fallback_params is None else step.fallback_params
        name = "params" if step.fallback_params is None else "fallback_params"
        yield from _call_faults(step.fallback_skill, None, params, at, "fallback_skill", name, describe)


def _call_faults(
    skill: str, version: str | None, params: dict[str, Any], at: str, skill_field: str, params_field: str, describe: Describe
) -> Iterator[FaultDetail]:
    try:
        metadata = describe(skill, version)
    except ValueError:
        yield FaultDetail(pointer=f"{at}/version", code="PLAN_INVALID", detail=f"'{version}' is no version range")
        return
    if metadata is None:
        wanted = f"'{skill}' {version}" if version else f"'{skill}'"
        yield FaultDetail(pointer=f"{at}/{skill_field}", code="SKILL_NOT_FOUND", detail=f"no skill {wanted} is registered")
        return
    yield from literal_faults(metadata.input_schema, params, f"{at}/{params_field}")


def literal_faults(schema: dict[str, Any], params: dict[str, Any], at: str) -> Iterator[FaultDetail]:
    """Yield what breaks the schema already as written; values that are still references are left for run time."""
    compiled = compile_once(schema)
    if compiled.is_valid(params):
        return
    open_places = [pointer for pointer, _ in references_of(params)]
    for error in compiled.iter_errors(params):
        pointer = json_pointer(error.instance_path)
        keyword = str(error.schema_path[-1]) if error.schema_path else ""
        if _is_open(pointer, keyword, open_places):
            continue
        code = "MISSING_REQUIRED_FIELD" if keyword == "required" else "SCHEMA_VALIDATION_FAILED"
        yield FaultDetail(pointer=at + pointer, code=code, detail=error.message[:500])


def _is_open(pointer: str, keyword: str, open_places: list[str]) -> bool:
    for place in open_places:
        if pointer == place or pointer.startswith(place + "/"):
            return True
        if keyword in _ALTERNATIVES and place.startswith(pointer + "/"):
            return True
    return False


def _cycle_faults(plan: Plan) -> Iterator[FaultDetail]:
    waits_for = {step.step_id: dependencies(vars(step)) for step in plan.steps}
    cycle = find_cycle(waits_for)
    if cycle is None:
        return
    first = next(position for position, step in enumerate(plan.steps) if step.step_id in cycle)
    words = " → ".join([*cycle, cycle[0]])
    yield FaultDetail(pointer=f"/steps/{first}/depends_on", code="PLAN_INVALID", detail=f"these steps wait for each other: {words}")
