"""Runs done again: all of one, or from a step on, with the versions of then or of now, as a run of their own.

The first never changes. What is kept of it, the results of steps that are not done again, stands in the first event of the
new run: that one can be replayed on its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from agents.access.operating import refuse_stranger
from agents.contracts import AgentProfile
from agents.plan.references import size_of
from agents.tenancy import Principal
from runs import lineage, selectors
from runs.contracts.proof import EffectAgain, RerunPreview
from runs.contracts.simulation import Simulation
from runs.engine.events import PLAN, RunAccepted
from runs.engine.state import State
from runs.engine.virtual import state_after
from runs.models import Run
from runs.proof.versions import version_changes, version_gaps
from runs.shell.reading.history import read_history
from runs.simulation.asking import setting_of
from runs.simulation.simulating import simulated
from runs.submission import Again, checked_plan, submit
from skills.contracts import HARMLESS_EFFECTS
from skills.refusal import Refusal

Versions = Literal["current", "pinned"]

MOST_FAULTS, LONGEST_FAULT = 20, 500
"""How much a planner is told of what failed."""
MOST_CARRIED = 4_000_000
"""How many characters of results a run may take over."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How a run is to be done again; what is None or empty is as it was.

    `params` are whole new parameters by step. `plan_anew` keeps nothing of the plan: its planner makes another one, and is told what of
    this one failed or was refused. `repeat_effects` agrees to calls whose effect happened already; a run that is
    done again as it was is not asked about them, unless `asks_about_effects`.
    """

    from_step: str | None = None
    versions: Versions = "current"
    params: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    inputs: dict[str, Any] | None = None
    budget_micro_usd: int | None = None
    plan_anew: bool = False
    repeat_effects: bool = False
    asks_about_effects: bool = False

    @property
    def is_as_it_was(self) -> bool:
        """Tell whether nothing is to be otherwise than it was."""
        return self == Wanted(repeat_effects=self.repeat_effects, asks_about_effects=self.asks_about_effects)

    @property
    def is_all_as_it_was(self) -> bool:
        return self.from_step is None and not self.params and not self.plan_anew


@dataclass(frozen=True)
class _Plan:
    """What was found out about a run that is to be done again."""

    run: Run
    accepted: RunAccepted
    state: State
    body: dict[str, Any] | None
    again: Again
    wanted: Wanted

    @property
    def inputs(self) -> dict[str, Any]:
        return self.accepted.inputs if self.wanted.inputs is None else self.wanted.inputs

    @property
    def budget_micro_usd(self) -> int | None:
        given = self.wanted.budget_micro_usd
        return self.accepted.terms.limit_micro_usd if given is None else given

    @property
    def called_again(self) -> list[str]:
        return [step for step in self.state.nodes if step not in self.again.carried]


def rerun_run(
    *, principal: Principal, run_id: str, wanted: Wanted | None = None, idempotency_key: str | None = None, fingerprint: str = ""
) -> tuple[Run, bool]:
    """Start the child that does a run again; return it and whether it is new. The parent never changes.

    Raises Refusal: for a step that is not of the plan, parameters its skill does not take, a plan that would not run any more,
    versions that are gone; 409 where effects would be repeated and nobody agreed to that.
    """
    plan = _planned(principal, run_id, wanted or Wanted())
    refuse_stranger(principal, plan.run.agent)
    if plan.wanted.asks_about_effects or not plan.wanted.is_all_as_it_was:
        _refuse_repeated_effects(plan)
    if plan.wanted.params and plan.body is not None:
        checked_plan(plan.body, AgentProfile.model_validate(plan.run.agent.profile))
        _refuse_infeasible(_simulation(plan))
    return submit(
        principal=principal,
        agent_ref=plan.run.agent.public_id,
        goal=plan.run.goal,
        plan=plan.body,
        inputs=plan.inputs,
        budget_micro_usd=plan.budget_micro_usd,
        priority=plan.run.priority,
        idempotency_key=idempotency_key,
        fingerprint=fingerprint,
        trace_id=plan.run.trace_id or None,
        parent=plan.run,
        relation=lineage.RERUN,
        again=plan.again,
    )


def preview_rerun(*, principal: Principal, run_id: str, wanted: Wanted) -> dict[str, Any]:
    """Say what doing a run again would mean. Writes nothing. Raises Refusal for what would be refused whatever anybody agrees to."""
    plan = _planned(principal, run_id, wanted)
    return RerunPreview(
        run_id=run_id,
        from_step=wanted.from_step,
        versions=wanted.versions,
        carried=list(plan.again.carried),
        again=plan.called_again,
        version_changes=version_changes(plan.state, plan.called_again, pinned=wanted.versions == "pinned"),
        tells_planner=list(plan.again.faults),
        effects_again=list(_effects_again(plan)),
        simulation=_simulation(plan),
    ).model_dump(mode="json")


def effects_again(*, principal: Principal, run_id: str) -> list[EffectAgain]:
    """Return the effects that happened, or may have, and that doing all of a run again would make once more."""
    return list(_effects_again(_planned(principal, run_id, Wanted())))


def _planned(principal: Principal, run_id: str, wanted: Wanted) -> _Plan:
    run = selectors.get_run(tenant=principal.tenant, run_id=run_id)
    history = read_history(run)
    state = state_after(entry.fact for entry in history)
    accepted = history[0].fact
    assert isinstance(accepted, RunAccepted), "a journal begins with run_accepted"
    if wanted.plan_anew:
        return _Plan(run, accepted, state, None, _told_the_planner(run, state, wanted), wanted)
    carried = {} if wanted.from_step is None else _carried(run, state, wanted.from_step)
    body = None if state.plan is None else _edited(state.plan, wanted.params, carried)
    if body is None and wanted.params:
        raise _fault("/params", "the run has no plan whose parameters could be changed")
    versions = _versions_of_then(state, carried) if wanted.versions == "pinned" else {}
    return _Plan(run, accepted, state, body, Again(versions=versions, carried=carried, from_step=wanted.from_step or ""), wanted)


def _told_the_planner(run: Run, state: State, wanted: Wanted) -> Again:
    """Return what a planner is told of a plan that shall be another one: the plan, and what failed of it or was refused, and why."""
    if wanted.from_step is not None or wanted.params or wanted.versions != "current":
        raise _fault("/plan_anew", "another plan keeps no step, parameters or versions of this one")
    if state.plan is None or _was_given(state):
        raise _fault("/plan_anew", "no planner made the plan of this run", suggestions=["Rerun it as it is, or submit another plan."])
    if not run.is_terminal:
        raise Refusal(
            "INVALID_INPUT", f"the run is {run.status}; another plan is asked for when it is over", status=409, run_id=run.public_id
        )
    places = {step["step_id"]: place for place, step in enumerate(state.plan["steps"])}
    failed = [step for step in state.steps.values() if step.failure is not None and step.node in places and step.status != "succeeded"]
    faults = [
        {"pointer": f"/steps/{places[step.node]}", "code": step.failure.code, "detail": step.failure.message[:LONGEST_FAULT]}
        for step in failed[:MOST_FAULTS]
        if step.failure is not None
    ]
    return Again(rejected=state.plan, faults=faults)


def _was_given(state: State) -> bool:
    """Tell whether the plan came with the run, and from no planner."""
    return PLAN not in state.steps


def _carried(run: Run, state: State, from_step: str) -> dict[str, Any]:
    """Return the results that are kept when a run is done again from a step on."""
    if from_step not in state.nodes:
        raise _fault("/from_step", f"the plan has no step '{from_step}'", suggestions=_steps_of(state))
    if not run.is_terminal:
        detail = f"the run is {run.status}: its results are not final before it has ended"
        raise Refusal("INVALID_INPUT", detail, status=409, run_id=run.public_id)
    again = done_again(state, from_step)
    carried = {step: state.steps[step].result for step in state.nodes if step not in again}
    if size_of(carried) > MOST_CARRIED:
        detail = f"the results to be kept have more than {MOST_CARRIED:,} characters, too many for the first event of a run"
        raise Refusal("CONTENT_TOO_LARGE", detail, run_id=run.public_id, suggestions=["Begin earlier, or do all of it again."])
    return carried


def done_again(state: State, from_step: str) -> set[str]:
    """Return the steps that are done again: this one, those that gave no result, and all that come after any of them."""
    lacking = [step for step in state.nodes if step not in state.steps or state.steps[step].status != "succeeded"]
    found: set[str] = set()
    todo = [from_step, *lacking]
    while todo:
        step = todo.pop()
        if step not in found:
            found.add(step)
            todo += state.dependents[step]
    return found


def _steps_of(state: State) -> list[str]:
    return ["Its steps: " + ", ".join(state.nodes)] if state.nodes else ["It has no plan; do all of it again."]


def _edited(body: dict[str, Any], params: Mapping[str, dict[str, Any]], carried: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plan with other parameters. What is then wrong with it, submitting says with pointers."""
    names = {step["step_id"] for step in body["steps"]}
    for step in params:
        if step not in names:
            raise _fault(f"/params/{step}", f"the plan has no step '{step}'")
        if step in carried:
            raise _fault(f"/params/{step}", f"'{step}' keeps the result it had", suggestions=[f"Begin at {step}: from_step"])
    return {**body, "steps": [{**step, "params": params.get(step["step_id"], step["params"])} for step in body["steps"]]}


def _versions_of_then(state: State, carried: Mapping[str, Any]) -> dict[str, str]:
    gaps = [gap for gap in version_gaps(state) if gap.step_id.partition("!")[0] not in carried]
    if gaps:
        errors = [{"pointer": f"/steps/{gap.step_id}", "code": "SKILL_NOT_FOUND", "detail": gap.detail} for gap in gaps]
        hint = ["Take the versions of now: versions=current"]
        raise Refusal("SKILL_NOT_FOUND", gaps[0].detail, status=409, errors=errors, suggestions=hint)
    return {key: pin.version for key, pin in state.pins.items()}


# What would happen again


def _effects_again(plan: _Plan) -> Iterator[EffectAgain]:
    called = set(plan.called_again)
    for step in plan.state.steps.values():
        pin = plan.state.pins.get(f"{step.node}!fallback" if step.on_fallback else step.node)
        if step.node not in called or pin is None or pin.effect in HARMLESS_EFFECTS:
            continue
        if step.status in ("succeeded", "in_doubt") or step.side_effects:
            happened = "may have happened" if step.status == "in_doubt" else "happened"
            yield EffectAgain(
                step_id=step.key,
                skill=f"{pin.skill} {pin.version}",
                effect=pin.effect,
                targets=sorted({str(effect["target"]) for effect in step.side_effects}),
                detail=f"its {pin.effect.replace('_', ' ')} {happened}, and would be done once more under another key",
            )


def _refuse_repeated_effects(plan: _Plan) -> None:
    found = [] if plan.wanted.repeat_effects else list(_effects_again(plan))
    if found:
        errors = [{"pointer": f"/steps/{each.step_id}", "code": "INVALID_INPUT", "detail": each.detail} for each in found]
        names = ", ".join(each.step_id for each in found)
        hint = ["Agree to it: repeat_effects", "Begin at a later step: from_step"]
        detail = f"effects that happened would be repeated: {names}"
        raise Refusal("INVALID_INPUT", detail, status=409, run_id=plan.run.public_id, errors=errors, suggestions=hint)


def _simulation(plan: _Plan) -> Simulation | None:
    if plan.body is None:
        return None
    setting = setting_of(plan.run.agent, plan.inputs, budget_micro_usd=plan.budget_micro_usd, deadline_ms=None)
    answer, _ = simulated(plan.body, replace(setting, versions=plan.again.versions, carried=plan.again.carried))
    # It stands for no run that could be asked for by its id.
    return answer.model_copy(update={"simulation_id": ""})


def _refuse_infeasible(simulation: Simulation | None) -> None:
    if simulation is not None and not simulation.feasible:
        first = simulation.blockers[0]
        errors = [
            {"pointer": f"/plan{each.pointer}" if each.pointer else f"/steps/{each.step_id}", "code": each.code, "detail": each.detail}
            for each in simulation.blockers
        ]
        raise Refusal(first.code, f"with these parameters it would not run: {first.detail}", errors=errors)


def _fault(pointer: str, detail: str, suggestions: list[str] | None = None) -> Refusal:
    errors = [{"pointer": pointer, "code": "INVALID_INPUT", "detail": detail}]
    return Refusal("INVALID_INPUT", detail, status=422, errors=errors, suggestions=suggestions or [])
