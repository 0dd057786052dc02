"""The determinism lab: a plan played a thousand times, everything in another order each time, must behave the very same."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from time import monotonic
from typing import Any

import msgspec
from django.conf import settings
from pydantic import TypeAdapter, ValidationError

from agents.contracts import AgentProfile
from agents.plan.validation import PlanInvalid, validate_plan
from agents.selectors import default_agent, get_agent
from agents.tenancy import Principal
from catalog.lookup import Lookup
from runs.contracts.proof import Behaviour, DeterminismReport
from runs.contracts.simulation import Divergence
from runs.contracts.what_if import OutcomeChange
from runs.engine.comparing import first_difference
from runs.engine.events import Pin
from runs.engine.graph import build
from runs.engine.script import Fail, Ok, Outcome
from runs.faults.rehearsal import rehearse
from runs.proof.replaying import divergence_of
from runs.proof.trials import Job, Trial
from runs.shell.admission import pin_plan, versions_of
from runs.simulation import terms_for
from skills.canonical import digest
from skills.contracts import faults_of
from skills.refusal import Refusal
from skills.registry import registry

HASH_SEEDS = (0, 1, 42, 4_294_967_295)
WORKERS = (1, 2, 3, 4, 8, 16)
MOST_TIMES = 1_000_000
PARTS = 3
"""Into how many parts the trials of a hash seed are cut, so that progress can be told."""
_OUTCOMES = TypeAdapter(list[OutcomeChange])

Told = Callable[[int, int], None]


def determine(
    *,
    principal: Principal,
    plan: dict[str, Any],
    times: int = 1_000,
    agent_ref: str | None = None,
    inputs: dict[str, Any] | None = None,
    outcomes: Any = None,
    told: Told | None = None,
) -> DeterminismReport:
    """Play a plan so many times, under four hash seeds, in processes of their own, and report how many ways it behaved: one.

    `outcomes` says what its calls come to; without them some fail first and are tried again, cost, and leave effects behind.
    Raises Refusal for a plan that breaks the rules or cannot be pinned.
    """
    if not 1 <= times <= MOST_TIMES:
        raise Refusal("INVALID_INPUT", f"times is a number from 1 to {MOST_TIMES:,}, not {times}", status=422)
    job = _job(principal, plan, agent_ref, inputs or {}, outcomes)
    begun = monotonic()
    found = _played(job, times, told)
    behaviours = _told_apart(found)
    return DeterminismReport(
        plan_hash=digest(job.plan),
        times=times,
        hash_seeds=[seed for seed in HASH_SEEDS if any(each == seed for each, _ in found)],
        workers=list(WORKERS),
        identical=len(behaviours) == 1,
        behaviours=behaviours,
        divergence=_divergence(found),
        took_ms=round((monotonic() - begun) * 1_000),
    )


# What is played


def _job(principal: Principal, raw: dict[str, Any], agent_ref: str | None, inputs: dict[str, Any], outcomes: Any) -> Job:
    tenant = principal.tenant
    agent = get_agent(tenant=tenant, ref=agent_ref) if agent_ref else default_agent(tenant=tenant)
    profile = AgentProfile.model_validate(agent.profile)
    try:
        body = validate_plan(raw, registry.metadata).model_dump(mode="json")
    except PlanInvalid as invalid:
        errors = [fault.model_dump() | {"pointer": "/plan" + fault.pointer} for fault in invalid.faults]
        raise Refusal("PLAN_INVALID", "the plan breaks the rules plans must keep", errors=errors) from None
    terms = terms_for(profile, budget_micro_usd=None, deadline_at_ms=None)
    # No clock and no money ends it: which call comes last before either depends on how long calls take.
    terms = msgspec.structs.replace(terms, limit_micro_usd=None, approval_ttl_ms=10**12, max_repetitions=None)
    pinned = pin_plan(build(body), versions_of(body), terms, profile.skill_config)
    if pinned.blockers:
        raise Refusal(pinned.blockers[0].code, pinned.blockers[0].detail)
    rehearsal = rehearse(body, inputs)
    lookup = Lookup.load(agent.tenant_id)
    script = _script(pinned.pins, rehearsal.results) if outcomes is None else _script_of(outcomes, rehearsal.results)
    codes = {said.code for line in script.values() for said in line if isinstance(said, Fail)}
    skills = sorted({pin.skill for pin in pinned.pins.values()})
    advice = {code: lookup.advice_by_code(agent.tenant_id, skills[0])[code] for code in sorted(codes)}
    return Job(
        plan=rehearsal.plan,
        inputs=inputs,
        memory=rehearsal.memory,
        terms=terms,
        pins=pinned.pins,
        script=script,
        answers=rehearsal.results,
        advice={code: dict(said) for code, said in advice.items()},
        bounds={key: 0 if pin.free else 1_000 for key, pin in pinned.pins.items()},
        workers=list(WORKERS),
        first=0,
        times=0,
    )


# As often as every plan tries again by itself: a run that fails ends what runs beside it wherever that is by then.
_TROUBLES: tuple[list[Outcome], ...] = (
    [],
    [Fail("RATE_LIMITED", retry_after_ms=250)],
    [Fail("CONNECTION_RESET"), Fail("CONNECTION_RESET")],
)


def _script(pins: Mapping[str, Pin], results: Mapping[str, Any]) -> dict[str, list[Outcome]]:
    """Return what calls come to: by their place, some work at once, some after a failure or two that may be tried again."""
    script: dict[str, list[Outcome]] = {}
    for place, (key, pin) in enumerate((key, pin) for key, pin in pins.items() if "!" not in key):
        effects = [] if pin.effect == "none" else [{"type": "CALL", "target": pin.skill, "effect": pin.effect, "phase": "acked"}]
        cost = 0 if pin.free else 10 + place
        works = Ok(results.get(key), cost, side_effects=effects)
        script[key] = [*_TROUBLES[place % len(_TROUBLES)], works]
    return script


def _script_of(raw: Any, results: Mapping[str, Any]) -> dict[str, list[Outcome]]:
    try:
        given = _OUTCOMES.validate_python(raw)
    except ValidationError as error:
        errors = [fault.model_dump() | {"pointer": f"/outcomes{fault.pointer}"} for fault in faults_of(error)]
        raise Refusal("SCHEMA_VALIDATION_FAILED", "the outcomes cannot be read", status=422, errors=errors) from None
    unknown = [place for place, each in enumerate(given) if each.step_id.partition("#")[0] not in results]
    if unknown:
        place, step = unknown[0], given[unknown[0]].step_id
        errors = [{"pointer": f"/outcomes/{place}/step_id", "code": "INVALID_REFERENCE", "detail": f"the plan has no step '{step}'"}]
        raise Refusal("INVALID_REFERENCE", errors[0]["detail"], errors=errors)
    script: dict[str, list[Outcome]] = {}
    for each in sorted(given, key=lambda change: (change.step_id, change.attempt)):
        cost, took = each.cost_micro_usd or 0, each.latency_ms or 10
        said: Outcome = (
            Ok(each.result, cost, after_ms=took)
            if each.code is None
            else Fail(each.code, each.phase, each.message, cost, each.retry_after_ms, after_ms=took)
        )
        script.setdefault(each.step_id, []).append(said)
    return script


# In processes of their own

_Found = list[tuple[int, Trial]]


def _played(job: Job, times: int, told: Told | None) -> _Found:
    """Return what came of the trials, by hash seed, in the order of seeds."""
    parts = list(_parts(times))
    done, results = 0, dict[int, _Found]()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        waits = {
            pool.submit(_in_a_process, msgspec.structs.replace(job, first=first, times=count), seed): (number, count)
            for number, (seed, first, count) in enumerate(parts)
        }
        for ended in as_completed(waits):
            number, count = waits[ended]
            results[number] = [(parts[number][0], trial) for trial in ended.result()]
            done += count
            if told is not None:
                told(done, times)
    return [each for number in sorted(results) for each in results[number]]


def _parts(times: int) -> list[tuple[int, int, int]]:
    """Return (hash seed, first trial, how many) for each process."""
    pieces = len(HASH_SEEDS) * PARTS
    bounds = [times * piece // pieces for piece in range(pieces + 1)]
    cut = [(HASH_SEEDS[piece // PARTS], bounds[piece], bounds[piece + 1] - bounds[piece]) for piece in range(pieces)]
    return [each for each in cut if each[2]]


def _in_a_process(job: Job, hash_seed: int) -> list[Trial]:
    done = subprocess.run(
        [sys.executable, "-m", "runs.proof.trials"],
        input=msgspec.json.encode(job),
        cwd=settings.BASE_DIR,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise Refusal("INTERNAL_ERROR", f"the trials could not be played: {done.stderr.decode(errors='replace')[-500:]}")
    return msgspec.json.decode(done.stdout, type=list[Trial])


# What came of it


def _told_apart(found: _Found) -> list[Behaviour]:
    """Return the ways in which the plan behaved, with how often each was seen, by hash seed and by workers."""
    ways: dict[tuple[str, str], Behaviour] = {}
    for seed, trial in found:
        key = trial.behaviour_hash, trial.content_hash
        way = ways.setdefault(
            key, Behaviour(behaviour_hash=key[0], content_hash=key[1], status=trial.status, times=0, by_hash_seed={}, by_workers={})
        )
        seeds, workers = dict(way.by_hash_seed), dict(way.by_workers)
        seeds[seed] = seeds.get(seed, 0) + trial.times
        for number, count in trial.workers.items():
            workers[number] = workers.get(number, 0) + count
        ways[key] = way.model_copy(update={"times": way.times + trial.times, "by_hash_seed": seeds, "by_workers": workers})
    return list(ways.values())


def _divergence(found: Sequence[tuple[int, Trial]]) -> Divergence | None:
    """Return where the first two ways of behaving part; ways of the same behaviour are two if their results are."""
    first = found[0][1]
    was = first.behaviour_hash, first.content_hash
    other = next((trial for _, trial in found if (trial.behaviour_hash, trial.content_hash) != was), None)
    if other is None:
        return None
    parting = first_difference(first.entries(), other.entries(), called=("one trial", "another"))
    what, place = ("content", 1) if first.behaviour_hash == other.behaviour_hash else ("behaviour", 0)
    now = other.behaviour_hash, other.content_hash
    detail = f"the hash of {what} differs, and no decision does"
    return divergence_of(parting) or Divergence(seq=None, step_id=None, expected=was[place], actual=now[place], detail=detail)
