"""Says what keeps a run from going on, what must be cleared first before the rest. Pure over state, journal and surroundings.

Whoever may see that a run exists may read it: no goals, messages, questions or results stand in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from agents.contracts import WhoMay
from runs.contracts.explanation import Clearing, Obstacle
from runs.engine.decisions import HoldBack, Pause, Restore, Retry
from runs.engine.events import ProbeAnswered
from runs.engine.starting import pin_of
from runs.engine.state import STEP_ENDED, State, StepState
from runs.engine.virtual import Entry
from runs.shell.reading.around import Around
from runs.shell.sentence import scope_in_words
from skills.instants import instant_of_ms, instant_of_ms_or_none
from skills.wording import duration, money

SHOWN = 20
"""How many steps that only wait for others are named one by one."""

_OPERATING = ["operator", "tenant_admin"]
_OPERATOR = WhoMay(roles=_OPERATING, api_scopes=["runs:write"])
_PLATFORM = WhoMay(roles=["platform"], api_scopes=[])
_SILENCE = {"fail": "it fails", "skip": "it is left out", "abort": "the run ends"}
_JUDGES = WhoMay(roles=["operator", "approver", "tenant_admin"], api_scopes=["runs:write"])
_ORDER = ("lease", "slot", "schedule", "paused", "frozen", "in_doubt", "approval", "input", "budget", "missing_version")


def obstacles(state: State, history: list[Entry], around: Around) -> list[Obstacle]:
    """Return what keeps a run from going on; empty where it goes on or is over."""
    if state.finished or around.status not in ("queued", "running", "waiting"):
        return []
    found = [*_of_workers(state, around)]
    if state.stopping:
        return found
    found += _of_pauses(state, history)
    if state.debt_refused:
        found.append(_short(state, None, state.asked_micro_usd))
    found += sorted(
        [*_of_waiting_steps(state, history, around), *_of_versions(state, around)],
        key=lambda each: (_ORDER.index(each.what) if each.what in _ORDER else len(_ORDER), each.eta_at or ""),
    )
    return [*found, *_of_parallel_steps(state), *_of_dependencies(state)]


def _decide(state: State, step: StepState, words: str, who: WhoMay, **body: Any) -> Clearing:
    """Return how a person clears what a step waits for."""
    api = f"POST /api/v1/runs/{state.run_id}/decide"
    return Clearing(detail=words, who=who, api=api, body={"step_id": step.key} | body)


def _nobody(words: str) -> Clearing:
    return Clearing(detail=words)


# Workers


def _of_workers(state: State, around: Around) -> Iterator[Obstacle]:
    """Yield what keeps workers from the run: there is none, the one that has it is gone, its turn has not come."""
    holder, is_due = around.holder, around.wake_at_ms is not None and around.wake_at_ms <= around.at_ms
    if around.status == "running" and holder is not None and not (holder.is_live and holder.lease_until_ms > around.at_ms):
        yield _lost(around)
    elif not around.workers and (around.status == "queued" or (around.status == "waiting" and is_due)):
        yield _no_worker("it was handed back, and no worker is alive" if state.handed_back else "no worker is alive")
    elif around.status == "queued":
        yield _in_line(state, around)
    if around.status == "waiting" and around.crashes and not state.waiting and not state.paused:
        yield _resting(around)


def _lost(around: Around) -> Obstacle:
    holder = around.holder
    assert holder is not None
    action = _nobody("wait: any live worker takes it over when the lease has run out") if around.workers else _start_a_worker()
    return Obstacle(
        what="lease",
        detail=f"the worker {holder.name} that holds it shows no sign of life",
        current=around.crashes,
        limit=around.max_crashes,
        holder=holder.name,
        eta_at=instant_of_ms(max(holder.lease_until_ms, around.at_ms)),
        action=action,
    )


def _start_a_worker() -> Clearing:
    return Clearing(detail="start a worker", who=_PLATFORM, command="manage.py work")


def _no_worker(words: str) -> Obstacle:
    return Obstacle(what="lease", detail=words, current=0, action=_start_a_worker())


def _in_line(state: State, around: Around) -> Obstacle:
    queue = around.queue
    if queue.tenant_limit is not None and queue.tenant_running >= queue.tenant_limit:
        action = Clearing(detail="wait until one of them ends, or let the tenant have more runs at once", who=_PLATFORM)
        return _full("the tenant", queue.tenant_running, queue.tenant_limit, action)
    if queue.agent_limit is not None and queue.agent_running >= queue.agent_limit:
        who = WhoMay(roles=["developer", "tenant_admin"], api_scopes=["agents:write"])
        words = "wait until one of them ends, or raise max_concurrent_runs of the agent's profile"
        return _full(
            "the agent", queue.agent_running, queue.agent_limit, Clearing(detail=words, who=who, api=f"PATCH /api/v1/agents/{queue.agent}")
        )
    before = f"{queue.ahead}{'' if queue.ahead < queue.counted else ' or more'} runs of the tenant come before it"
    words = "it was handed back by its worker, and the next free one takes it" if state.handed_back else "it is the next of its tenant"
    action = _nobody("wait: a worker takes it when its turn comes; more workers make that sooner")
    return Obstacle(what="slot", detail=before if queue.ahead else words, current=queue.ahead, holder=None, action=action)


def _full(whose: str, running: int, limit: int, action: Clearing) -> Obstacle:
    holder = f"{running} running runs of {whose}"
    return Obstacle(
        what="slot", detail=f"{whose} may have {limit} runs at once", current=running, limit=limit, holder=holder, action=action
    )


def _resting(around: Around) -> Obstacle:
    times = "once" if around.crashes == 1 else f"{around.crashes} times"
    return Obstacle(
        what="schedule",
        detail=f"its worker died or broke with it {times}; it rests before it is tried again",
        current=around.crashes,
        limit=around.max_crashes,
        eta_at=instant_of_ms_or_none(around.wake_at_ms),
        action=_nobody("wait: it is tried again by itself, alone where it is suspected of killing workers"),
    )


# The run as a whole


def _of_pauses(state: State, history: list[Entry]) -> Iterator[Obstacle]:
    if not state.paused:
        return
    entry = next((entry for entry in reversed(history) if any(isinstance(d, Pause) for d in entry.decisions)), None)
    by = next((d.by for d in entry.decisions if isinstance(d, Pause)), "") if entry else ""
    yield Obstacle(
        what="paused",
        detail=f"paused by {by or 'somebody'}: no further step starts",
        holder=by or None,
        since_at=instant_of_ms(entry.fact.at_ms) if entry else None,
        action=Clearing(
            detail="resume the run",
            who=_OPERATOR,
            api=f"POST /api/v1/runs/{state.run_id}/resume",
            body={"reason": ""},
            command=f"manage.py resume {state.run_id}",
        ),
    )


def _short(state: State, step: StepState | None, needs_micro_usd: int | None) -> Obstacle:
    """Say which scope is short by how much, and who can do something about it."""
    scope = state.short_scope or f"run:{state.run_id}"
    is_its_own = scope.startswith("run:")
    if not state.missing_micro_usd:
        return _asking(step, needs_micro_usd)
    return Obstacle(
        what="budget",
        step_id=step.key if step else None,
        detail=f"needs {money(needs_micro_usd)}, {money(state.missing_micro_usd)} more than {scope_in_words(scope)} has left",
        scope=scope,
        current=state.spent_micro_usd + state.held_micro_usd if is_its_own else None,
        limit=state.limit_micro_usd if is_its_own else None,
        holder=scope,
        since_at=instant_of_ms(step.waits[-1][1]) if step else None,
        eta_at=instant_of_ms_or_none(state.funds_due_ms),
        action=_top_up(state) if is_its_own else _raise_budget(scope),
    )


def _asking(step: StepState | None, needs_micro_usd: int | None) -> Obstacle:
    """Say that nobody has refused the money so far: there is nothing to top up."""
    return Obstacle(
        what="budget",
        step_id=step.key if step else None,
        detail=f"needs {money(needs_micro_usd)}, which is being asked for",
        since_at=instant_of_ms(step.waits[-1][1]) if step else None,
        action=_nobody("wait: the answer comes at once"),
    )


def _top_up(state: State) -> Clearing:
    cents = -(-state.missing_micro_usd // 10_000)
    return Clearing(
        detail="top up the run",
        who=_OPERATOR,
        api=f"POST /api/v1/runs/{state.run_id}/top-up",
        body={"amount_cents": cents},
        command=f"manage.py top_up {state.run_id} --cents {cents}",
    )


def _raise_budget(scope: str) -> Clearing:
    who = WhoMay(roles=["tenant_admin"], api_scopes=["budgets:write"])
    words = f"raise the budget of {scope_in_words(scope)}, or wait until others give back"
    return Clearing(detail=words, who=who, api="PUT /api/v1/budgets", command="manage.py budgets top-up …")


# Steps that wait


def _of_waiting_steps(state: State, history: list[Entry], around: Around) -> Iterator[Obstacle]:
    for key in state.waiting:
        step = state.steps[key]
        is_over = around.status != "running" and step.due_at_ms is not None and step.due_at_ms <= around.at_ms
        if step.reason in _WAITING and not (is_over and step.reason in _TIMERS):
            yield _WAITING[step.reason](state, step, history, around)


def _approval(state: State, step: StepState, history: list[Entry], around: Around) -> Obstacle:
    pin = pin_of(state, step)
    who = WhoMay(roles=["approver", "tenant_admin"], api_scopes=["approvals:write"], not_by=around.created_by or None)
    effect = "" if pin.effect == "none" else f", effect {pin.effect.replace('_', ' ')}"
    silence = _SILENCE[state.terms.approval_on_expiry]
    words = f"a person must approve exactly this call of {pin.skill} {pin.version}{effect}; undecided, {silence}"
    api = f"POST /api/v1/approvals/{state.run_id}/{step.key}/approve"
    action = Clearing(detail="approve or reject the step", who=who, api=api, body={"action_hash": step.action_hash, "reason": ""})
    return _waits(step, "approval", words, action)


def _question(state: State, step: StepState, history: list[Entry], around: Around) -> Obstacle:
    action = _decide(state, step, "answer the question", _OPERATOR, verdict="answer", value=None)
    return _waits(step, "input", f"it asks a person a question; unanswered, {_SILENCE[state.terms.approval_on_expiry]}", action)


def _escalation(state: State, step: StepState, history: list[Entry], around: Around) -> Obstacle:
    code = step.failure.code if step.failure else "its failure"
    action = _decide(state, step, "say retry, modify, skip or abort", _OPERATOR, verdict="retry")
    return _waits(step, "input", f"it failed with {code}, and a person must say what becomes of it; unsaid, the run ends", action)


def _intervention(state: State, step: StepState, history: list[Entry], around: Around) -> Obstacle:
    code = step.failure.code if step.failure else "its failure"
    action = _decide(state, step, "approve another try, modify its parameters, or abort", _OPERATOR, verdict="approve")
    return _waits(step, "input", f"it failed with {code} and needs a person's hand; without, the run ends", action)


def _doubt(state: State, step: StepState, history: list[Entry], around: Around) -> Obstacle:
    pin, effect = pin_of(state, step), step.side_effects[-1] if step.side_effects else {}
    probed = next((e.fact.answer for e in reversed(history) if isinstance(e.fact, ProbeAnswered) and e.fact.step == step.key), None)
    said = f"the probe said {probed}" if probed else "nobody has looked" if pin.probe else "the skill cannot look"
    what = f": {effect['type']} {effect.get('target', '')} ({str(effect.get('phase', '')).replace('_', ' ')})" if effect else ""
    words = f"attempt {step.attempt} of {pin.skill} may have happened{what}; {said}"
    verdicts = ["happened", "did_not_happen", *(["probe_again"] if pin.probe else [])]
    action = Clearing(
        detail=f"say {' or '.join(verdict.replace('_', ' ') for verdict in verdicts)}",
        who=_JUDGES,
        api=f"POST /api/v1/in-doubt/{state.run_id}/{step.key}/verdict",
        body={"verdict": verdicts[0], "reason": ""},
    )
    return _waits(step, "in_doubt", words, action)


def _money(state: State, step: StepState, history: list[Entry], around: Around) -> Obstacle:
    return _short(state, step, step.worst_micro_usd)


def _ice(state: State, step: StepState, history: list[Entry], around: Around) -> Obstacle:
    ice = around.ice.get(step.held_by)
    if ice is None:
        return _waits(step, "frozen", f"{scope_in_words(step.held_by)} was frozen", _nobody("wait: the freeze is lifted, and it goes on"))
    if ice.is_everywhere:
        action = Clearing(
            detail="lift the freeze", who=_PLATFORM, command=f"manage.py unfreeze {ice.label.replace(':', ' ', 1)} --everywhere"
        )
    else:
        who = WhoMay(roles=_OPERATING, api_scopes=["agents:write"])
        action = Clearing(detail="lift the freeze", who=who, api=f"POST /api/v1/freezes/{ice.freeze_id}/lift", body={"reason": ""})
    obstacle = _waits(step, "frozen", f"{scope_in_words(ice.label)} is frozen: {ice.reason}", action)
    return obstacle.model_copy(update={"scope": ice.label, "holder": ice.by, "since_at": instant_of_ms(ice.since_ms)})


def _rate(state: State, step: StepState, history: list[Entry], around: Around) -> Obstacle:
    limit = _held(history, step).because.get("limit")
    words = f"{step.held_by} has had its {limit} calls of this minute"
    obstacle = _waits(step, "rate", words, _nobody("wait: the call is made when the rate allows it"))
    return obstacle.model_copy(update={"scope": step.held_by, "current": limit, "limit": limit, "holder": step.held_by})


def _circuit(state: State, step: StepState, history: list[Entry], around: Around) -> Obstacle:
    skill, _, host = step.held_by.removeprefix("circuit:").partition("@")
    failures, limit = around.circuits.get(step.held_by, (None, None))
    action = Clearing(
        detail="wait: one call tries when the time is over; or close the circuit by hand",
        who=WhoMay(roles=_OPERATING, api_scopes=["catalog:write"]),
        api="POST /api/v1/circuits/reset",
        body={"skill": skill, "host": host, "reason": ""},
        command=f"manage.py circuits reset {skill} {host} --reason …",
    )
    obstacle = _waits(step, "circuit", f"{host} failed {skill} too often in a row and is left alone for a while", action)
    return obstacle.model_copy(update={"scope": step.held_by, "current": failures, "limit": limit, "holder": host})


def _held(history: list[Entry], step: StepState) -> HoldBack:
    decisions = (d for entry in reversed(history) for d in entry.decisions if isinstance(d, HoldBack) and d.step == step.key)
    return next(decisions, HoldBack("rate_limit"))


def _retry(state: State, step: StepState, history: list[Entry], around: Around) -> Obstacle:
    code = step.failure.code if step.failure else "a failure"
    decided = next((d for e in reversed(history) for d in e.decisions if isinstance(d, Retry | Restore) and d.step == step.key), None)
    delay = f" after {duration(decided.delay_ms)}" if decided and decided.delay_ms else ""
    read = decided.because if decided else {}
    obstacle = _waits(step, "retry", f"it failed with {code} and is tried again{delay}", _nobody("wait: the next attempt is scheduled"))
    return obstacle.model_copy(update={"current": max(step.burned, step.unsent), "limit": read.get("max_attempts")})


def _waits(step: StepState, what: Any, words: str, action: Clearing) -> Obstacle:
    since, due = instant_of_ms(step.waits[-1][1]), instant_of_ms_or_none(step.due_at_ms)
    return Obstacle(what=what, step_id=step.key, detail=words, since_at=since, eta_at=due, action=action)


_Tell = Callable[[State, StepState, list[Entry], Around], Obstacle]
_TIMERS = frozenset({"rate", "circuit", "retry"})
_WAITING: dict[str, _Tell] = {
    "approval": _approval,
    "input": _question,
    "escalation": _escalation,
    "intervention": _intervention,
    "in_doubt": _doubt,
    "budget": _money,
    "frozen": _ice,
    "rate": _rate,
    "circuit": _circuit,
    "retry": _retry,
}


# Steps that have not begun


def _of_versions(state: State, around: Around) -> Iterator[Obstacle]:
    """Yield steps whose pinned version is registered nowhere this process can see."""
    for step in state.steps.values():
        if step.node not in state.pins or step.status in STEP_ENDED or step.index is not None:
            continue
        pin = pin_of(state, step)
        others = around.missing.get((pin.skill, pin.version))
        if others is None:
            continue
        there = f"registered are {', '.join(others)}" if others else "no version of it is registered"
        yield Obstacle(
            what="missing_version",
            step_id=step.key,
            detail=f"{pin.skill} {pin.version} is pinned and not registered; {there}",
            holder=f"{pin.skill} {pin.version}",
            action=Clearing(
                detail="install that version where workers run and restart them, or rerun the run, which pins what is registered then",
                who=_PLATFORM,
                api=f"POST /api/v1/runs/{state.run_id}/rerun",
                command=f"manage.py rerun {state.run_id}",
            ),
        )


def _of_parallel_steps(state: State) -> Iterator[Obstacle]:
    """Yield that steps are ready and as many are under way as may be."""
    under_way, limit = len(state.in_flight), state.terms.max_parallel
    ready = [key for _, key in sorted(state.ready) if state.steps[key].status == "pending"]
    if not ready or state.paused or under_way < limit:
        return
    yield Obstacle(
        what="slot",
        step_id=ready[0],
        detail=f"{len(ready)} steps are ready, and the run may have {limit} under way at once",
        current=under_way,
        limit=limit,
        holder=", ".join(list(state.in_flight)[:SHOWN]),
        action=_nobody("wait: it starts when one of those ends"),
    )


def _of_dependencies(state: State) -> Iterator[Obstacle]:
    """Yield steps whose needs have not ended, naming those."""
    waiting = [key for key, unmet in state.unmet.items() if unmet and state.steps[key].status == "pending"]
    for key in waiting[:SHOWN]:
        needs = state.nodes[key].needs
        open_ = [need for need in needs if state.steps[need].status not in STEP_ENDED]
        names = ", ".join(f"{need} ({state.steps[need].reason or state.steps[need].status})".replace("_", " ") for need in open_)
        yield Obstacle(
            what="dependency",
            step_id=key,
            detail=f"waits for {names}",
            current=len(needs) - len(open_),
            limit=len(needs),
            holder=open_[0] if open_ else None,
            action=_nobody("wait for those, or clear what keeps them"),
        )
    if len(waiting) > SHOWN:
        more = len(waiting) - SHOWN
        words = f"{more} more steps wait for others"
        yield Obstacle(what="dependency", detail=words, current=0, limit=more, action=_nobody("clear what keeps those before them"))


def as_told(found: list[Obstacle]) -> list[dict[str, Any]]:
    """Return obstacles as JSON."""
    return [each.model_dump(mode="json") for each in found]
