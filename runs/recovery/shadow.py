"""What a policy would have done about the last failures of its signature: their journals folded again with its advice.

Every fact stays as recorded but for one thing: a failure of the signature brings the policy's advice instead of the one
it brought. Up to the first decision that is another one, the recorded facts are what would have happened; after it
nobody knows, so there the fold ends and the report says in words what would have been decided.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils import timezone

from catalog.learning.proposals import is_safe
from catalog.learning.views import REPLAYED, Failed, advice_then, last_failures
from runs import selectors
from runs.engine.decisions import Abort, AskPerson, Continue, Decision, Escalate, Fallback, HoldDoubt, Restore, Retry
from runs.engine.events import Fact, StepFailed
from runs.engine.machine import step
from runs.engine.outcomes import effect_of
from runs.engine.state import State
from runs.engine.virtual import Entry
from runs.proof.what_if import PLAIN, counterfactual, of_signature, with_advice
from runs.shell.reading.history import read_history
from skills.instants import instant
from skills.refusal import Refusal
from skills.wording import duration

if TYPE_CHECKING:
    from agents.models import Tenant

Json = dict[str, Any]
_ANSWERS = (Retry, Restore, Fallback, Continue, Escalate, Abort, HoldDoubt)
_REPEATS = (Retry, Restore, Fallback)
_ASKED = {"escalation": "asked", "intervention": "called for"}


class Parting(NamedTuple):
    """The first place where the policy would have decided otherwise: event, step, both decisions in words."""

    seq: int
    step: str
    would: str
    was: str
    kind: str
    is_unsafe: bool


class Told(NamedTuple):
    """What a run's journal says of a policy: where they part, or why nothing can be said."""

    parting: Parting | None = None
    unreadable: str = ""
    answered: frozenset[int] = frozenset()
    otherwise: Json | None = None


PLAYED_ON = 5
"""Of so many runs it is also told how they would have come out, if all went well that nobody knows."""


def shadow_report(tenant: Tenant, candidate: Any) -> Json:
    """Return what a candidate would have done about the last failures of its signature, each by name."""
    failures = last_failures(candidate, REPLAYED)
    advice = advice_then(candidate).model_dump(mode="json")
    told: dict[str, Told] = {}
    for failure in failures:
        if failure.run_id not in told:
            plays_on = len(told) < PLAYED_ON
            told[failure.run_id] = _replay(tenant, failure.run_id, candidate.signature, advice, plays_on=plays_on)
    cases = [_case(failure, told[failure.run_id]) for failure in failures]
    verdicts = Counter(case["verdict"] for case in cases)
    return {
        "made_at": instant(timezone.now()),
        "mode": advice["mode"],
        "failures": len(cases),
        "replayed": len(cases) - verdicts["gone"] - verdicts["no_advice"],
        "changed": verdicts["changed"],
        "unsafe": sum(case["unsafe"] for case in cases),
        "gone": verdicts["gone"],
        "counts": dict(Counter(case["kind"] for case in cases).most_common()),
        "cases": cases,
    }


def _replay(tenant: Tenant, run_id: str, signature: str, advice: Mapping[str, Any], *, plays_on: bool) -> Told:
    try:
        recorded = read_history(selectors.get_run(tenant=tenant, run_id=run_id))
    except Refusal as refusal:
        return Told(unreadable=refusal.detail)
    told = replay_with(recorded, signature, advice)
    return told._replace(otherwise=_played_on(recorded, signature, advice)) if plays_on and told.parting else told


def _played_on(recorded: Sequence[Entry], signature: str, advice: Mapping[str, Any]) -> Json | None:
    """Return how the run would have come out with the advice: the counterfactual, beyond what is known for certain."""
    played = counterfactual(recorded, PLAIN, assume="success", advised=[of_signature(signature, advice)]).what_if
    if played is None:
        return None
    return {"before": played.before.model_dump(), "after": played.after.model_dump(), "assumed": len(played.assumed)}


def replay_with(recorded: Sequence[Entry], signature: str, advice: Mapping[str, Any]) -> Told:
    """Fold a journal with another advice for the failures of a signature, up to the first decision that is another one."""
    state: State | None = None
    answered: set[int] = set()
    for seq, entry in enumerate(recorded, start=1):
        fact: Fact = entry.fact
        if state is not None and isinstance(fact, StepFailed) and (fact.advice or {}).get("signature") == signature:
            fact = with_advice(state, fact, advice)
            answered.add(seq)
        state, decisions = step(state, fact)
        parting = _parting(state, seq, entry, fact, decisions) if seq in answered else None
        if parting is not None:
            return Told(parting, answered=frozenset(answered))
    return Told(answered=frozenset(answered))


def _parting(state: State, seq: int, entry: Entry, fact: Fact, decisions: tuple[Decision, ...]) -> Parting | None:
    key = getattr(fact, "step", "")
    then, now = _answer(entry.decisions, key), _answer(decisions, key)
    if _essence(then, entry.decisions) == _essence(now, decisions):
        return None
    return Parting(seq, key, _did(now, decisions), _doing(then, entry.decisions), _kind(now), _is_unsafe(state, key, now))


def _answer(decisions: Sequence[Decision], key: str) -> Decision | None:
    return next((each for each in decisions if isinstance(each, _ANSWERS) and each.step == key), None)


def _essence(answer: Decision | None, decisions: Sequence[Decision]) -> tuple[Any, ...]:
    """Return what makes two answers the same to whoever waits for the run: what is done, when, by which skill."""
    if answer is None:
        return ("nothing",)
    asked = tuple(each.rule for each in decisions if isinstance(each, AskPerson) and each.step == answer.step)
    return (_kind(answer), getattr(answer, "delay_ms", 0), getattr(answer, "skill", ""), asked)


def _kind(answer: Decision | None) -> str:
    return "nothing" if answer is None else str(answer.__struct_config__.tag)


def _is_unsafe(state: State, key: str, answer: Decision | None) -> bool:
    """Tell whether the step would have been called again although a repetition of its effect may do harm."""
    return isinstance(answer, _REPEATS) and not is_safe(effect_of(state, state.steps[key]))


# In words


def _did(answer: Decision | None, decisions: Sequence[Decision]) -> str:
    match answer:
        case Retry(delay_ms=delay):
            return f"retried {_after(delay)}"
        case Restore(delay_ms=delay):
            return f"begun the step afresh {_after(delay)}"
        case Fallback(skill=skill):
            return f"fallen back to {skill}"
        case Continue():
            return "gone on without the step"
        case Escalate():
            return f"{_asked(decisions)} a person"
        case Abort():
            return "aborted"
        case HoldDoubt():
            return "put the step in doubt"
    return "done nothing"


def _doing(answer: Decision | None, decisions: Sequence[Decision]) -> str:
    match answer:
        case Retry(delay_ms=delay):
            return f"retrying {_after(delay)}"
        case Restore(delay_ms=delay):
            return f"beginning the step afresh {_after(delay)}"
        case Fallback(skill=skill):
            return f"falling back to {skill}"
        case Continue():
            return "going on without the step"
        case Escalate():
            return "asking a person" if _asked(decisions) == "asked" else "calling for a person"
        case Abort():
            return "aborting"
        case HoldDoubt():
            return "putting the step in doubt"
    return "doing nothing"


def _asked(decisions: Sequence[Decision]) -> str:
    rule = next((each.rule for each in decisions if isinstance(each, AskPerson)), "")
    return _ASKED.get(rule, "asked")


def _after(delay_ms: int) -> str:
    return f"after {duration(delay_ms)}" if delay_ms else "at once"


def _case(failure: Failed, told: Told) -> Json:
    verdict, kind, words = _verdict(failure, told)
    parting = told.parting
    is_unsafe = verdict == "changed" and parting is not None and parting.is_unsafe
    shown = {
        "match_id": failure.match_id,
        "run_id": failure.run_id,
        "step_id": failure.step_id or None,
        "seq": failure.seq,
        "at": failure.at,
    }
    otherwise = told.otherwise if verdict == "changed" else None
    return {**shown, "verdict": verdict, "kind": kind, "words": words, "unsafe": is_unsafe, "counterfactual": otherwise}


def _verdict(failure: Failed, told: Told) -> tuple[str, str, str]:
    parting = told.parting
    if told.unreadable:
        return "gone", "gone", f"cannot be replayed: {told.unreadable}"
    if parting is not None and failure.seq > parting.seq:
        return "not_reached", "not reached", f"would not have come to it: it had gone another way at event {parting.seq}"
    if parting is not None and (failure.seq, failure.step_id) == (parting.seq, parting.step):
        return "changed", f"would have {parting.would.split(' after ')[0]}", f"would have {parting.would} instead of {parting.was}"
    if failure.seq not in told.answered:
        return "no_advice", "no advice taken", "nothing is advised about a failure of this kind: the engine has its own answer"
    return "same", "same", "would have been answered alike"
