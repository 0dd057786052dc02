"""Tries every fault on every step of a plan, alone and then in pairs, and reports what the plan makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from runs.faults.contracts import ChaosCase, ChaosEnd, ChaosLimits, ChaosReport, Fault, FaultReport, PairReport
from runs.faults.kinds import COUNTED_EFFECTS, FAULTS, FaultKind, truths_of
from runs.faults.playing import Played, Stage, case_of, end_of, most_calls_of, play
from runs.faults.rehearsal import values_filled_in

MOST_CALLS = 60_000
"""So many calls are played for one report; what is more is left out, the least dangerous first."""
VALUES_A_CALL = 25
"""Filling in and hashing so many values of parameters takes as long as playing a call."""


class TooLarge(ValueError):
    """The parameters of a plan are so large that not even one case a fault can be played."""


Told = Callable[[int, int], None]
"""Hears how many cases of how many are played."""


class Asked(NamedTuple):
    """Which faults are tried on which steps. Without a step: on each in turn."""

    kinds: Sequence[FaultKind] = tuple(FaultKind)
    pairs: bool = True
    step: str | None = None
    most_calls: int = MOST_CALLS


class _Tries(NamedTuple):
    """What was tried: the cases, and of how many there were to be."""

    cases: list[ChaosCase]
    planned: int


def chaos(stage: Stage, asked: Asked, *, plan_hash: str, agent: str, told: Told = lambda done, of: None) -> ChaosReport:
    """Return what these faults make of a plan. The same question gives the same bytes. Raises TooLarge."""
    if _fillings(stage) * len(FAULTS) > asked.most_calls:
        raise TooLarge
    without = play(stage)
    reached = [step for step in _steps(stage, asked) if most_calls_of(without, step)]
    unreached = [step for step in _steps(stage, asked) if step not in reached]
    most = _plays(stage, asked, without)
    alone = _alone(stage, asked, reached, most, told)
    paired = _paired(stage, asked, reached, alone, most - len(alone.cases), told) if asked.pairs else None
    planned = alone.planned + (paired.planned if paired else 0)
    played = len(alone.cases) + (len(paired.cases) if paired else 0)
    return _report(stage, asked, end_of(without), alone.cases, paired).model_copy(
        update={
            "plan_hash": plan_hash,
            "agent": agent,
            "unreached": unreached,
            "limited": _limits(planned, played) if played < planned else None,
        }
    )


def _plays(stage: Stage, asked: Asked, without: Played) -> int:
    """Return how many cases may be played: by the calls the plan makes, and the time its parameters take."""
    calls = 0 if without.state is None else sum(without.outside.calls(key) for key in without.state.steps)
    return max(len(asked.kinds), asked.most_calls // max(1, calls + _fillings(stage)))


def _fillings(stage: Stage) -> int:
    """Return to how many calls it is equal to fill in and hash the parameters of a plan."""
    return values_filled_in(stage.rehearsal.plan, stage.inputs) // VALUES_A_CALL


def _steps(stage: Stage, asked: Asked) -> list[str]:
    """Return the steps to try, those first whose effects can be done twice: should there be too many, those are played."""
    steps = [step["step_id"] for step in stage.rehearsal.plan["steps"]]
    if asked.step is not None:
        return [asked.step]
    return sorted(steps, key=lambda step: stage.pins[step].effect not in COUNTED_EFFECTS)


def _limits(planned: int, played: int) -> ChaosLimits:
    detail = f"{played} of at least {planned} cases were played, steps with effects first; name a step or fewer faults to have all of them"
    return ChaosLimits(cases=planned, played=played, detail=detail)


# Alone and in pairs


def _alone(stage: Stage, asked: Asked, steps: Sequence[str], most: int, told: Told) -> _Tries:
    tries = [
        (step, kind, arrives, len(truths) > 1)
        for step in steps
        for kind in asked.kinds
        for truths in (truths_of(kind, stage.pins[step].effect),)
        for arrives in truths
    ]
    cases = []
    for step, kind, arrives, is_open in tries[:most]:
        faults = ((Fault(kind=kind, step=step), arrives),)
        cases.append(case_of(stage, play(stage, *faults), step, faults, is_open=is_open))
        told(len(cases), len(tries))
    return _Tries(cases, len(tries))


def _paired(stage: Stage, asked: Asked, steps: Iterable[str], alone: _Tries, most: int, told: Told) -> _Tries:
    """Try a second fault on the call that follows the first: where none follows there is nothing new to see."""
    tries = [(case.step_id, case.faults[0], kind) for case in _that_go_on(alone.cases) for kind in asked.kinds]
    cases = []
    for step, first, second in tries[: max(0, most)]:
        faults = (
            (Fault(kind=first, step=step), FAULTS[first].arrives[0]),
            (Fault(kind=second, step=step, attempt=2), FAULTS[second].arrives[0]),
        )
        cases.append(case_of(stage, play(stage, *faults), step, faults, is_open=False))
        told(len(alone.cases) + len(cases), alone.planned + len(tries))
    return _Tries(cases, len(tries))


def _that_go_on(cases: Iterable[ChaosCase]) -> Iterator[ChaosCase]:
    """Yield the cases, one for each step and fault, after whose fault the step was called again."""
    return (case for case in cases if case.arrived is not False and case.calls > 1)


# The report


def _report(stage: Stage, asked: Asked, without: ChaosEnd, alone: list[ChaosCase], paired: _Tries | None) -> ChaosReport:
    faults = [_of_kind(kind, [case for case in alone if case.faults == [kind]]) for kind in asked.kinds]
    faults = [fault for fault in faults if fault.cases]
    pairs = None if paired is None else _pairs(paired.cases)
    wrong = [case for case in [*alone, *(paired.cases if paired else ())] if _went_wrong(case)]
    return ChaosReport(
        passed=not wrong,
        sentence=_sentence(faults, pairs, without),
        plan_hash="",
        agent="",
        seed=stage.seed,
        without_faults=without,
        faults=faults,
        pairs=pairs,
        cases=alone,
        unreached=[],
        assumed=stage.rehearsal.assumed,
        limited=None,
    )


def _went_wrong(case: ChaosCase) -> bool:
    return bool(case.duplicates or case.missing or not case.honest)


def _of_kind(kind: FaultKind, cases: Sequence[ChaosCase]) -> FaultReport:
    ends: dict[str, int] = {}
    for case in cases:
        name = how(case.end)
        ends[name] = ends.get(name, 0) + 1
    return FaultReport(
        kind=kind,
        words=FAULTS[kind].words,
        cases=len(cases),
        ends=ends,
        most_calls=max((case.calls for case in cases), default=0),
        duplicates=sum(case.duplicates for case in cases),
        missing=sum(case.missing for case in cases),
        dishonest=sum(not case.honest for case in cases),
        most_cost_micro_usd=max((case.end.cost_micro_usd for case in cases), default=0),
        longest_ms=max((case.end.duration_ms for case in cases), default=0),
        must_act=list(dict.fromkeys(case.end.must_act for case in cases if case.end.must_act)),
    )


def how(end: ChaosEnd) -> str:
    """Return how a run came out, with what it waits for or why it failed."""
    return f"{end.status}: {end.waiting_for or end.code}" if end.waiting_for or end.code else end.status


def _pairs(cases: Sequence[ChaosCase]) -> PairReport:
    duplicating = sum(bool(case.duplicates) for case in cases)
    return PairReport(played=len(cases), duplicating=duplicating, cases=[case for case in cases if _went_wrong(case)])


def _sentence(faults: Sequence[FaultReport], pairs: PairReport | None, without: ChaosEnd) -> str:
    """Return the verdict in one sentence."""
    if not faults:
        return "no step of this plan is ever called, so no fault can be done to it"
    twice, lost = (sum(bool(getattr(fault, name)) for fault in faults) for name in ("duplicates", "missing"))
    said = f"this plan duplicates its effect in {twice} of {len(faults)} faults"
    if pairs is not None and pairs.duplicating:
        said += f" and {pairs.duplicating} of {pairs.played} pairs"
    if lost:
        said += f"; in {lost} it claims an effect that never happened"
    if any(fault.dishonest for fault in faults):
        said += "; some runs neither end nor wait for anybody"
    if without.status != "succeeded":
        said += f"; without any fault it comes out {how(without)}"
    return said
