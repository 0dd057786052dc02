"""A run's bill of materials: release, plan, planner, skills, policies, advice and prices it was made with, from its journal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from runs import selectors
from runs.contracts.proof import Bom, BomAdvice, BomChange, BomComparison, BomPlanner, BomPrice, BomReport, BomSkill
from runs.engine.events import PlanProposed, PlanRejected, RunAccepted, StepFailed, StepSucceeded
from runs.engine.state import State
from runs.engine.virtual import Entry, state_after
from runs.models import Run, RunStatus
from runs.proof.versions import standing_of
from runs.shell.codec import plain
from runs.shell.reading.history import read_history
from skills.canonical import digest
from skills.instants import instant_or_none
from skills.refusal import Refusal

if TYPE_CHECKING:
    from agents.models import Tenant

LAST_SUCCESS = "last_success"
LOOKED_AT = 2_000
"""How many of an agent's latest runs are looked through for the last success: a bound on the work, by an index there is."""


def bom_json(*, tenant: Tenant, run_id: str, against: str | None = None) -> dict[str, Any]:
    """Return what a run was made with and, `against` the last success of its plan or a run by id, what changed since."""
    run = selectors.get_run(tenant=tenant, run_id=run_id)
    bom = bom_of(run)
    if against is None:
        return BomReport(bom=bom, against=None, detail="").model_dump(mode="json")
    found = _last_success(run) if against == LAST_SUCCESS else _named(tenant, against)
    if found is None:
        detail = f"none of the agent's last {LOOKED_AT:,} runs did the same and succeeded before this one"
        return BomReport(bom=bom, against=None, detail=detail).model_dump(mode="json")
    return BomReport(bom=bom, against=_compared(bom, *found), detail="").model_dump(mode="json")


def bom_of(run: Run, history: Sequence[Entry] | None = None) -> Bom:
    """Return a run's bill of materials. Raises Refusal where its journal cannot be read any more."""
    journal = read_history(run) if history is None else history
    state = state_after(entry.fact for entry in journal)
    first = journal[0].fact
    assert isinstance(first, RunAccepted), "a journal begins with run_accepted"
    made = {
        "release": first.release or None,
        "plan_hash": state.plan_hash or (digest(state.plan) if state.plan else None),
        "planner": _planner(state, journal),
        "skills": _skills(state),
        "policies": _policies(state),
        "policies_hash": digest(_policies(state)),
        "advice": _advice(journal),
        "prices": _prices(journal),
        "memory": None,
        "inputs_hash": digest(first.inputs),
        "faults": list(first.means.get("faults", ())),
        "carried": list(first.carried),
    }
    bom = Bom(
        run_id=run.public_id,
        parent_run_id=run.parent.public_id if run.parent else None,
        relation=run.relation or None,
        bom_hash="",
        **made,
    )
    return bom.model_copy(update={"bom_hash": _hash(bom)})


def _hash(bom: Bom) -> str:
    """Return the hash of what a run was made with: not who it is, nor what is registered today, nor what happened to fail."""
    made = bom.model_dump(mode="json", exclude={"run_id", "parent_run_id", "relation", "bom_hash", "advice"})
    for skill in made["skills"]:
        del skill["now"]
    return digest(made)


def _planner(state: State, journal: Sequence[Entry]) -> BomPlanner:
    asked = [entry.fact for entry in journal if isinstance(entry.fact, PlanProposed | PlanRejected)]
    model = next((fact.model for fact in reversed(asked) if fact.model), None)
    return BomPlanner(name=state.planner, version=state.planner_version or None, model=model)


def _skills(state: State) -> list[BomSkill]:
    return [
        BomSkill(step_id=key, skill=pin.skill, version=pin.version, digest=pin.digest, effect=pin.effect, now=standing_of(pin))
        for key, pin in state.pins.items()
    ]


def _policies(state: State) -> dict[str, Any]:
    """Return the terms a run was accepted under; its deadline is an instant, and no policy."""
    terms: dict[str, Any] = plain(state.terms)
    return {name: value for name, value in terms.items() if name != "deadline_at_ms"}


def _advice(journal: Sequence[Entry]) -> list[BomAdvice]:
    return [
        BomAdvice(
            step_id=fact.step,
            attempt=fact.attempt,
            code=fact.code,
            mode=fact.advice["mode"],
            source=fact.advice.get("source", ""),
            entry=fact.advice.get("entry"),
            candidate=fact.advice.get("candidate"),
            signature=fact.advice.get("signature", ""),
        )
        for fact in (entry.fact for entry in journal)
        if isinstance(fact, StepFailed) and fact.advice and "mode" in fact.advice
    ]


def _prices(journal: Sequence[Entry]) -> list[BomPrice]:
    used = {
        (fact.pricing_version, getattr(fact, "model", None))
        for fact in (entry.fact for entry in journal)
        if isinstance(fact, StepSucceeded | StepFailed | PlanProposed | PlanRejected) and fact.pricing_version
    }
    return [BomPrice(pricing_version=version, model=model) for version, model in sorted(used, key=str) if version]


# Against another run

_Found = tuple[Run, Literal["named", "same_plan", "same_goal"]]


def _named(tenant: Tenant, run_id: str) -> _Found:
    return selectors.get_run(tenant=tenant, run_id=run_id), "named"


def _last_success(run: Run) -> _Found | None:
    """Return the newest run of the same plan, or else of the same goal, that had succeeded when this one was accepted."""
    latest = Run.objects.filter(agent=run.agent, created_at__lt=run.created_at).order_by("-created_at").values("pk")[:LOOKED_AT]
    won = selectors.list_runs(tenant=run.tenant).filter(
        pk__in=[row["pk"] for row in latest], status=RunStatus.SUCCEEDED, finished_at__lte=run.created_at
    )
    if run.plan_hash and (same := won.filter(plan_hash=run.plan_hash).first()):
        return same, "same_plan"
    if run.goal and (same := won.filter(goal=run.goal).first()):
        return same, "same_goal"
    return None


def _compared(bom: Bom, other: Run, found_by: Literal["named", "same_plan", "same_goal"]) -> BomComparison:
    try:
        changes, detail = changes_between(bom_of(other), bom), ""
    except Refusal as refusal:
        changes, detail = [], f"what it was made of cannot be read: {refusal.detail}"
    if not changes and not detail:
        detail = "both were made of the same"
    return BomComparison(
        run_id=other.public_id, found_by=found_by, finished_at=instant_or_none(other.finished_at), changes=changes, detail=detail
    )


def changes_between(before: Bom, after: Bom) -> list[BomChange]:
    """Return what two runs were not made alike of, in a fixed order."""
    return [*_plain_changes(before, after), *_skill_changes(before, after), *_policy_changes(before, after)]


_PLAIN = {
    "release": "AOS itself",
    "plan_hash": "the plan",
    "inputs_hash": "the inputs",
    "planner": "the planner",
    "prices": "the prices of its calls",
    "faults": "the faults injected",
    "carried": "the results carried over",
}


def _plain_changes(before: Bom, after: Bom) -> Iterator[BomChange]:
    was, now = before.model_dump(mode="json"), after.model_dump(mode="json")
    for name, words in _PLAIN.items():
        if was[name] != now[name]:
            yield BomChange(what=name, before=was[name], after=now[name], detail=f"{words} changed")


def _skill_changes(before: Bom, after: Bom) -> Iterator[BomChange]:
    was, now = ({skill.step_id: skill for skill in bom.skills} for bom in (before, after))
    for step in dict.fromkeys([*was, *now]):
        had, has = _pinned(was.get(step)), _pinned(now.get(step))
        if had == has:
            continue
        if had and has:
            same_name = f"{has[0]} {had[1]} → {has[1]}" if had[1] != has[1] else f"{has[0]} {has[1]} is another under the same number"
            words = same_name if had[0] == has[0] else f"{had[0]} {had[1]} → {has[0]} {has[1]}"
        else:
            words = f"only one of the runs has it: {(had or has or ['?'])[0]}"
        yield BomChange(what=f"skill:{step}", before=had, after=has, detail=words)


def _pinned(skill: BomSkill | None) -> list[str] | None:
    return None if skill is None else [skill.skill, skill.version, skill.digest]


def _policy_changes(before: Bom, after: Bom) -> Iterator[BomChange]:
    for name in sorted({*before.policies, *after.policies}):
        was, now = before.policies.get(name), after.policies.get(name)
        if was != now:
            yield BomChange(what=f"policy:{name}", before=was, after=now, detail=f"{name.replace('_', ' ')} changed")
