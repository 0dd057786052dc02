"""Live replays: a stored plan run once more for real, as a child run, and held against the run it repeats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from agents.access.operating import refuse_stranger
from agents.tenancy import Principal
from runs import lineage, selectors
from runs.contracts.simulation import Invariant, ReplayReport, VersionGap
from runs.engine.comparing import RUNS, compare, first_difference
from runs.engine.digests import behaviour_hash, content_hash
from runs.engine.events import PLAN, PlanProposed, PlanRejected, RunAccepted
from runs.engine.state import State
from runs.engine.virtual import Entry, state_after
from runs.models import Run
from runs.proof.bom import bom_of, changes_between
from runs.proof.replaying import divergence_of
from runs.proof.versions import version_gaps
from runs.shell.reading.history import read_history
from runs.submission import Again, submit
from skills.contracts import HARMLESS_EFFECTS
from skills.refusal import Refusal

if TYPE_CHECKING:
    from agents.models import Tenant


def replay_live(
    *, principal: Principal, run_id: str, allow_effects: bool = False, idempotency_key: str | None = None, fingerprint: str = ""
) -> tuple[Run, bool]:
    """Start the child that runs a stored plan once more for real: same inputs, versions, budget and jitter; no planner is asked.

    The agent's rules of today hold: what it may not do any more, no replay does. Raises Refusal (409): without `allow_effects`
    where the run made calls that leave something behind; where a skill version is gone; where there is no plan, or no end yet.
    """
    run = selectors.get_run(tenant=principal.tenant, run_id=run_id)
    refuse_stranger(principal, run.agent)
    if not run.is_terminal:
        detail = f"the run is {run.status}; it is replayed live when there is an end to compare with"
        raise Refusal("INVALID_INPUT", detail, status=409, run_id=run_id, suggestions=["Replay it on tape, as far as it has come."])
    history = read_history(run)
    state = state_after(entry.fact for entry in history)
    accepted = history[0].fact
    assert isinstance(accepted, RunAccepted), "a journal begins with run_accepted"
    if state.plan is None:
        raise Refusal("INVALID_INPUT", "the run never had a plan that could be run again", status=409, run_id=run_id)
    _refuse_gaps(run, version_gaps(state))
    if not allow_effects:
        _refuse_effects(run, state)
    return submit(
        principal=principal,
        agent_ref=run.agent.public_id,
        goal=run.goal,
        plan=state.plan,
        inputs=accepted.inputs,
        budget_micro_usd=accepted.terms.limit_micro_usd,
        priority=run.priority,
        idempotency_key=idempotency_key,
        fingerprint=fingerprint,
        trace_id=run.trace_id or None,
        parent=run,
        relation=lineage.REPLAY,
        again=Again(
            versions={key: pin.version for key, pin in state.pins.items()},
            carried=accepted.carried,
            from_step=accepted.from_step,
            seed=state.seed,
        ),
    )


def _refuse_gaps(run: Run, gaps: list[VersionGap]) -> None:
    if gaps:
        errors = [{"pointer": f"/steps/{gap.step_id}", "code": "SKILL_NOT_FOUND", "detail": gap.detail} for gap in gaps]
        detail = f"it cannot be run as it was: {gaps[0].detail}"
        raise Refusal("SKILL_NOT_FOUND", detail, status=409, run_id=run.public_id, errors=errors, suggestions=["Replay it on tape."])


def _refuse_effects(run: Run, state: State) -> None:
    found = list(_effects_of(state))
    if found:
        errors = [{"pointer": f"/steps/{step}", "code": "INVALID_INPUT", "detail": f"{skill}: {effect}"} for step, skill, effect in found]
        detail = f"a live replay would do these once more: {', '.join(step for step, _, _ in found)}"
        hint = ["Agree to it: allow_effects", "Replay it on tape: nothing is called."]
        raise Refusal("INVALID_INPUT", detail, status=409, run_id=run.public_id, errors=errors, suggestions=hint)


def _effects_of(state: State) -> Iterator[tuple[str, str, str]]:
    """Yield the steps that would leave something behind: (step, skill, effect). A step that was never reached may be this time."""
    for key, pin in state.pins.items():
        if pin.effect not in HARMLESS_EFFECTS and key not in state.carried:
            yield key, f"{pin.skill} {pin.version}", pin.effect


# The report


def live_report(*, tenant: Tenant, run_id: str, child_id: str) -> dict[str, Any]:
    """Return how a live replay compares with the run it repeats; while it goes on, that it does."""
    run, child = (selectors.get_run(tenant=tenant, run_id=each) for each in (run_id, child_id))
    if child.relation != lineage.REPLAY or child.parent_id != run.pk:
        raise Refusal("NOT_FOUND", "there is no such replay", run_id=run_id)
    one, two = read_history(run), read_history(child)
    state, replayed = (state_after(entry.fact for entry in journal) for journal in (one, two))
    carried_out, again = _without_planning(one), _without_planning(two)
    parting = first_difference(carried_out, again, same_run=False, called=RUNS)
    promises = [Invariant(name=name, held=held, detail=detail) for name, held, detail in compare(carried_out, again, same_run=False)]
    made_of = changes_between(bom_of(run, one), bom_of(child, two))
    changes = [change.detail for change in made_of if change.what not in _OF_PLANNING]
    promises.append(Invariant(name="made_of_the_same", held=not changes, detail="; ".join(changes)))
    is_over = child.is_terminal
    return ReplayReport(
        run_id=run_id,
        mode="live",
        status="done" if is_over else "running",
        matched=parting is None and all(promise.held for promise in promises) if is_over else None,
        child_run_id=child_id,
        divergence=divergence_of(parting) if is_over else None,
        invariants=promises if is_over else [],
        content=_content(state, replayed) if is_over else None,
        waiting_for=child.waiting_for or None,
        behaviour_hash=behaviour_hash(replayed, with_planning=False),
        recorded_behaviour_hash=behaviour_hash(state, with_planning=False),
        content_hash=content_hash(replayed),
        recorded_content_hash=run.content_hash or content_hash(state),
        events=len(two),
    ).model_dump(mode="json")


_OF_PLANNING = frozenset({"planner", "prices"})
"""What a plan's maker may change of what a run is made of: a replay is given the plan."""


def _without_planning(journal: list[Entry]) -> list[Entry]:
    """Return a journal without what was asked of a planner, and what that cost."""
    return [
        entry for entry in journal if not isinstance(entry.fact, PlanProposed | PlanRejected) and getattr(entry.fact, "step", "") != PLAN
    ]


def _content(state: State, replayed: State) -> str:
    """Say whether the results are the same: they are no promise, so this never makes a replay differ."""
    differ = [key for key, step in state.steps.items() if key in replayed.steps and step.result != replayed.steps[key].result]
    return f"differs in {', '.join(differ)}" if differ else "same"
