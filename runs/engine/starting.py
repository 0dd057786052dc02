"""From ready to running: condition, items, references, price, approval, money, start. Each gate is passed once."""

from __future__ import annotations

from typing import Any

from agents.plan.conditions import ConditionError, evaluate, steps_read
from agents.plan.references import (
    UNKNOWN,
    Reference,
    RenderedTooLarge,
    UnresolvedReference,
    holds_unknown,
    render,
    size_of,
    walk,
    whole_reference,
)
from runs.engine.budget import hold
from runs.engine.decisions import (
    Admit,
    BoundCost,
    CallPlanner,
    Carry,
    Decision,
    Deny,
    Skip,
    StartStep,
)
from runs.engine.effects import barrier_of, needs_key
from runs.engine.events import PLAN, Pin
from runs.engine.gates import ask_question, is_approved, minds_target
from runs.engine.graph import Node
from runs.engine.moves import ask, begin_attempt, close, is_pseudo, unfold
from runs.engine.repetition import is_looping
from runs.engine.state import Failure, State, StepState
from skills.canonical import digest

MAX_SIZE = 67_108_864
"""How many characters of parameters and results a run may gather before no further step of it starts: they are held in
memory, beside those of every other run of the worker."""

AFTER_THE_DEADLINE_MS = 10
"""How much later than the run's deadline a call's own time is up: the run calls it back, and it is the run that is late."""


def begin(state: State, step: StepState, out: list[Decision]) -> None:
    """Take a ready step as far as it can go now."""
    if is_pseudo(step):
        _begin_pseudo(state, step, out)
        return
    node = state.nodes[step.node]
    if step.key in state.carried:
        _carry_over(state, step, out)
        return
    if not step.checked and not _passes_checks(state, step, node, out):
        return
    if step.params is None and not _render_params(state, step, node, out):
        return
    pin = pin_of(state, step)
    why_not = state.terms.why_not(pin.skill)
    if why_not is not None:
        deny(state, step, "SKILL_NOT_ALLOWED", why_not, "allow_list", out)
    elif pin.asks:
        ask_question(state, step, out)
    elif (
        _is_no_loop(state, step, pin, out)
        and _has_price(state, step, pin, out)
        and is_approved(state, step, node, pin, out)
        and _has_calls_left(state, step, out)
        and _has_money(state, step, out)
    ):
        _start(state, step, node, pin, out)


def _carry_over(state: State, step: StepState, out: list[Decision]) -> None:
    """End a step with the result another run had: nothing is called, nothing is paid, no effect happens again."""
    step.result = state.carried[step.key]
    state.size += size_of(step.result)
    out.append(Carry("carried_from_parent", step.key))
    close(state, step, "succeeded", "carried over")


def pin_of(state: State, step: StepState) -> Pin:
    """Return the pinned skill a step calls now: its own, or its fallback's."""
    return state.pins[step.node + "!fallback" if step.on_fallback else step.node]


def deny(state: State, step: StepState, code: str, message: str, rule: str, out: list[Decision]) -> None:
    """Refuse to start a step. The world answers with a StepFailed, so that this failure too meets the catalog."""
    skill = "" if is_pseudo(step) else (state.nodes[step.node].fallback_skill or "" if step.on_fallback else state.nodes[step.node].skill)
    ask(state, step, "deny")
    attempt = begin_attempt(state, step, skill)
    step.failure = Failure(code, message)
    out.append(Deny(rule, step.key, attempt=attempt, code=code, message=message))


def _begin_pseudo(state: State, step: StepState, out: list[Decision]) -> None:
    if step.key == PLAN:
        if not state.planner_free and step.worst_micro_usd is None:
            ask(state, step, "bound")
            out.append(BoundCost("worst_case_first", step.key, attempt=step.attempt + 1))
        elif _has_money(state, step, out):
            ask(state, step, "run")
            out.append(CallPlanner("plan_first", step.key, attempt=begin_attempt(state, step, state.planner)))
    else:
        ask(state, step, "run")
        out.append(Admit("admit_before_start", step.key, attempt=begin_attempt(state, step, "")))


# Gates


def _passes_checks(state: State, step: StepState, node: Node, out: list[Decision]) -> bool:
    """Decide by dependencies and condition whether the step is done at all, and unfold for_each."""
    step.checked = True
    for needed in node.needs:
        if needed not in node.reads:
            continue
        status = state.steps[needed].status
        if status == "skipped":
            return _skip(state, step, "dependency_skipped", "", f"'{needed}' was skipped", out)
        if status == "failed":
            return _skip(state, step, "dependency_failed", "DEPENDENCY_FAILED", f"'{needed}' gave no result", out)
    judge = node.condition is not None and node.condition_per_item == (step.index is not None)
    if judge and not _condition_holds(state, step, node, out):
        return False
    if node.for_each is not None and step.index is None:
        _unfold(state, step, node, out)
        return False
    return True


def _skip(state: State, step: StepState, rule: str, code: str, why: str, out: list[Decision]) -> bool:
    out.append(Skip(rule, step.key, code=code))
    close(state, step, "skipped", why)
    return False


def _condition_holds(state: State, step: StepState, node: Node, out: list[Decision]) -> bool:
    assert node.condition is not None
    variables = _condition_variables(state, step, node.condition)
    if variables is None:
        return True
    try:
        holds = evaluate(node.condition, variables)
    except ConditionError as error:
        deny(state, step, "CONDITION_INVALID", str(error), "condition_failed", out)
        return False
    return holds or _skip(state, step, "condition_false", "", "its condition is false", out)


def _condition_variables(state: State, step: StepState, condition: str) -> dict[str, Any] | None:
    """Return what a condition may read; None where a simulation does not know it yet."""
    seen: dict[str, Any] = {}
    for step_id in steps_read(condition):
        read = state.steps[step_id]
        if state.simulated and holds_unknown(read.result):
            return None
        failure = {"code": read.failure.code, "message": read.failure.message} if read.failure else None
        seen[step_id] = {"status": read.status, "result": read.result, "failure": failure}
    if state.simulated and holds_unknown(step.item):
        return None
    return {"steps": seen, "inputs": state.inputs, "item": step.item, "index": step.index or 0}


def _unfold(state: State, step: StepState, node: Node, out: list[Decision]) -> None:
    assert node.for_each is not None
    reference = whole_reference(node.for_each)
    assert reference is not None, "validated with the plan"
    try:
        items = _lookup(state, step, reference)
    except UnresolvedReference as error:
        deny(state, step, "INVALID_REFERENCE", str(error), "for_each_unresolved", out)
        return
    if items is UNKNOWN:
        items = [UNKNOWN] * node.max_items
    if not isinstance(items, list):
        deny(state, step, "INVALID_REFERENCE", f"'{reference.text}' is no list", "for_each_unresolved", out)
    elif len(items) > node.max_items:
        deny(state, step, "CONTENT_TOO_LARGE", f"{len(items)} items, at most {node.max_items} are taken", "for_each_too_many", out)
    else:
        unfold(state, step, items)


def _render_params(state: State, step: StepState, node: Node, out: list[Decision]) -> bool:
    params = node.fallback_params if step.on_fallback and node.fallback_params is not None else node.params
    if state.size > MAX_SIZE:
        return _unrendered(state, step, "CONTENT_TOO_LARGE", f"the run holds more than {MAX_SIZE} characters of data", "run_too_large", out)
    try:
        step.params = render(params, lambda reference: _lookup(state, step, reference))
        if step.overlay:
            step.params = {**step.params, **step.overlay}
    except UnresolvedReference as error:
        return _unrendered(state, step, "INVALID_REFERENCE", str(error), "reference_unresolved", out)
    except RenderedTooLarge as error:
        return _unrendered(state, step, "CONTENT_TOO_LARGE", str(error), "parameters_too_large", out)
    state.size += size_of(step.params)
    return True


def _unrendered(state: State, step: StepState, code: str, message: str, rule: str, out: list[Decision]) -> bool:
    step.params = {}
    deny(state, step, code, message, rule, out)
    return False


def _lookup(state: State, step: StepState, reference: Reference) -> Any:
    if reference.root == "steps":
        read = state.steps[str(reference.path[0])]
        if read.status != "succeeded":
            raise UnresolvedReference(f"'{reference.text}' points to nothing: the step is {read.status}")
        return walk(read.result, reference.path[2:], reference.text)
    if reference.root == "index":
        return step.index
    root = {"inputs": state.inputs, "memory": state.memory, "item": step.item}[reference.root]
    return walk(root, reference.path, reference.text)


def _has_price(state: State, step: StepState, pin: Pin, out: list[Decision]) -> bool:
    if step.worst_micro_usd is not None or (pin.free and not minds_target(pin, state.terms)):
        return True
    ask(state, step, "bound")
    out.append(BoundCost("worst_case_first", step.key, attempt=step.attempt + 1))
    return False


def _is_no_loop(state: State, step: StepState, pin: Pin, out: list[Decision]) -> bool:
    if not is_looping(state, step, pin):
        return True
    message = f"{pin.skill} was called {state.terms.max_repetitions} times with these parameters and gave the same result each time"
    deny(state, step, "LOOP_DETECTED", message, "repetition", out)
    return False


def _has_calls_left(state: State, step: StepState, out: list[Decision]) -> bool:
    most = state.terms.max_attempts
    if most is None or state.calls < most:
        return True
    deny(state, step, "QUOTA_EXHAUSTED", f"the run has made {state.calls} calls, at most {most} are allowed", "max_attempts", out)
    return False


def _has_money(state: State, step: StepState, out: list[Decision]) -> bool:
    cap = state.terms.per_step_max_micro_usd
    worst = step.worst_micro_usd or 0
    if cap is not None and worst > cap:
        deny(state, step, "BUDGET_EXCEEDED", f"the worst case {worst} is above {cap} micro-USD a step", "per_step_max", out)
        return False
    return not worst or hold(state, step, out)


def _start(state: State, step: StepState, node: Node, pin: Pin, out: list[Decision]) -> None:
    if not step.idempotency_key and not state.simulated and needs_key(pin.effect, pin.free):
        step.idempotency_key = digest([state.run_id, step.key, step.on_fallback, step.params])[:32]
    state.calls += 1
    ask(state, step, "run")
    out.append(
        StartStep(
            "dependencies_met",
            step.key,
            attempt=begin_attempt(state, step, pin.skill),
            skill=pin.skill,
            version=pin.version,
            effect=pin.effect,
            barrier=barrier_of(pin.effect, pin.free),
            idempotency_key=step.idempotency_key,
            timeout_ms=_timeout_ms(state, node, pin),
            worst_micro_usd=step.held_micro_usd,
        )
    )


def _timeout_ms(state: State, node: Node, pin: Pin) -> int:
    wished = pin.timeout_ms if node.timeout_ms is None else node.timeout_ms
    if state.terms.deadline_at_ms is None:
        return wished
    return max(1, min(wished, state.terms.deadline_at_ms + AFTER_THE_DEADLINE_MS - state.now_ms))
