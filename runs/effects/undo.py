"""Takes the effect of a step back: a child run of one step makes the call by which the skill says it is undone.

The parent's journal never changes; a row written with the child says which effect it is about.
"""

from __future__ import annotations

import logging
from itertools import islice
from secrets import token_hex
from typing import Any

from django.db import transaction

from agents.access.operating import refuse_stranger
from agents.plan.references import secret_pointers
from agents.tenancy import Principal, not_found
from runs import selectors, services
from runs.effects.sealing import NotTold, Seal
from runs.engine.moves import is_pseudo
from runs.engine.starting import pin_of
from runs.engine.state import State, StepState
from runs.models import IN_VAIN, Run, StepSummary, UndoneEffect
from runs.shell.reading.history import read_state
from skills.base import Skill, SkillFailure, Undo
from skills.contracts import HARMLESS_EFFECTS
from skills.refusal import Refusal
from skills.registry import registry

log = logging.getLogger(__name__)

UNDO = "undo"
"""The relation of a run to the one whose effect it takes back, and the name of its one step."""


def undo_step(
    *, principal: Principal, run_id: str, step_id: str, reason: str = "", idempotency_key: str | None = None, fingerprint: str = ""
) -> tuple[Run, bool]:
    """Start the child run that takes a step's effect back; return it and whether it is new.

    Asked again, it answers the first child, unless that one failed. Raises Refusal (409) where the step has no effect to
    take back, and says why.
    """
    with transaction.atomic():
        run = selectors.get_run(tenant=principal.tenant, run_id=run_id, lock=True)
        refuse_stranger(principal, run.agent)
        begun = _begun(run, step_id)
        if begun is not None:
            return begun, False
        plan = undoing_plan(run, read_state(run), step_id)
        child, created = services.submit(
            principal=principal,
            agent_ref=run.agent.public_id,
            goal=f"Undo {step_id} of {run.public_id}",
            plan=plan,
            priority=run.priority,
            idempotency_key=idempotency_key,
            fingerprint=fingerprint,
            trace_id=run.trace_id or None,
            parent=run,
            relation=UNDO,
        )
        if created:
            UndoneEffect.objects.create(run=run, step_key=step_id, child=child, by=principal.name, reason=reason)
    return child, created


def _begun(run: Run, step_id: str) -> Run | None:
    """Return the child that took the effect back already, or is about to; None where another one may try."""
    done = UndoneEffect.objects.filter(run=run, step_key=step_id).select_related("child__agent", "child__parent").order_by("-pk").first()
    if done is None:
        return None
    if done.child.status not in IN_VAIN:
        return done.child
    if StepSummary.objects.filter(run=done.child, status="in_doubt").exists():
        said = f"{done.child.public_id} tried, and whether it took the effect back is in doubt"
        raise Refusal("OUTCOME_UNKNOWN", said, status=409, run_id=run.public_id)
    return None


def undoing_plan(run: Run, state: State, step_id: str) -> dict[str, Any]:
    """Return the plan of the child run. Raises Refusal where there is nothing to take back."""
    step = state.steps.get(step_id)
    if step is None or is_pseudo(step):
        raise not_found("step")
    why = _why_not(state, step)
    if why:
        raise _refused(run, f"{step_id} cannot be undone: {why}")
    pin, node = pin_of(state, step), state.nodes[step.node]
    skill = registry.resolve(pin.skill, pin.version)
    if skill is None:
        raise Refusal("SKILL_NOT_FOUND", f"{pin.skill} {pin.version} is not registered here", status=409, run_id=run.public_id)
    undo = _undo_of(run, state, step, skill)
    planned: dict[str, Any] = {
        "step_id": UNDO,
        "skill": undo.skill,
        "params": undo.params,
        "description": undo.description,
        # Who must be asked before the effect must be asked before it is taken back.
        "approval": "always" if node.approval == "always" else "policy",
    }
    if undo.skill == pin.skill:
        planned["version"] = pin.version
    return {"goal": f"Undo {step_id} of {run.public_id}", "steps": [planned]}


def _why_not(state: State, step: StepState) -> str:
    """Say why the step has no effect to take back as it stands; empty where it has one."""
    if step.items and step.index is None:
        return f"it is a loop; undo its items, {step.key}#0 to {step.key}#{step.items - 1}"
    if step.status == "in_doubt":
        return "whether it happened is in doubt; settle that first"
    if step.status == "running" or (step.status == "waiting" and state.status != "waiting" and not state.finished):
        return "the run is still at it"
    if step.status != "succeeded":
        return f"it is {step.status.replace('_', ' ')}, and did nothing that is known of"
    effect = pin_of(state, step).effect
    return f"its effect is {effect}, which leaves nothing behind" if effect in HARMLESS_EFFECTS else ""


def _undo_of(run: Run, state: State, step: StepState, skill: Skill) -> Undo:
    """Ask the skill for the call that takes the step's effect back, and return it as a plan may hold it."""
    if skill.reversible_by is None:
        raise _refused(run, f"{skill.name} declares no way to undo what it did")
    seal = Seal("q" + token_hex(16))
    raw, secrets = _as_planned(state, step)
    try:
        undo = skill.undo_of(seal.planned(step.params or {}, raw, secrets), seal.data(step.result), seal.data(step.side_effects))
        params = None if undo is None else seal.opened(undo.params)
    except SkillFailure as failure:
        raise _refused(run, f"{step.key} cannot be undone: {failure.message}") from None
    except NotTold as why:
        raise _refused(run, f"{step.key} cannot be undone: {why}") from None
    except Exception as defect:
        log.exception("skill.undo.defect", extra={"skill": skill.name, "run_id": run.public_id, "step_id": step.key})
        raise _refused(run, f"{skill.name} failed to say how it is undone: {type(defect).__name__}") from None
    if undo is None or params is None:
        raise _refused(run, f"{step.key} says not how it is undone", [f"Give the step's {skill.name} call an undo, before it is made."])
    return Undo(undo.skill, params, undo.description)


def _as_planned(state: State, step: StepState) -> tuple[dict[str, Any], frozenset[str]]:
    """Return the parameters as they were written, and where the plan itself names secrets in them."""
    node = state.nodes[step.node]
    if not step.on_fallback:
        return node.params, frozenset(node.secrets)
    if node.fallback_params is None:
        return node.params | (step.overlay or {}), frozenset(node.secrets)
    return node.fallback_params | (step.overlay or {}), frozenset(secret_pointers(node.fallback_params))


def _refused(run: Run, why: str, suggestions: list[str] | None = None) -> Refusal:
    return Refusal("INVALID_INPUT", why, status=409, run_id=run.public_id, suggestions=suggestions)


def steps_to_undo(run: Run, state: State | None = None, most: int | None = None) -> list[str]:
    """Return the steps whose effect could be taken back now, by the run's state where it is known; at most so many."""
    known = read_state(run) if state is None else state
    tried = set(UndoneEffect.objects.filter(run=run).exclude(child__status__in=IN_VAIN).values_list("step_key", flat=True))
    return list(islice((key for key, step in known.steps.items() if key not in tried and _is_undoable(run, known, step)), most))


def _is_undoable(run: Run, state: State, step: StepState) -> bool:
    if is_pseudo(step) or step.node not in state.pins or step.status != "succeeded":
        return False
    try:
        undoing_plan(run, state, step.key)
    except Refusal:
        return False
    return True
