"""A decision as a record people and programs read: what was decided, by which rule, in words, on what grounds. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from runs.engine.decisions import Decision
from runs.shell.clock import as_datetime
from runs.shell.codec import kind_of, plain
from skills.instants import instant

RULES: dict[str, str] = {
    # before the steps
    "plan_first": "The goal has no plan yet, so a planner is asked for one.",
    "repair_plan": "The proposed plan breaks the rules; the planner mends it once, by the faults that were found.",
    "repair_used_up": "The mended plan breaks the rules too, and a planner is not asked a third time.",
    "admit_before_start": "Before its first step a run pins versions, is simulated, and reserves what it may need.",
    # into a step
    "carried_from_parent": "The run this one does again has its result already; it is not called again.",
    "dependencies_met": "All it depends on has ended, and nothing holds it back.",
    "dependency_failed": "A step whose result it uses gave none.",
    "dependency_skipped": "A step whose result it uses was skipped.",
    "condition_false": "Its condition does not hold.",
    "condition_failed": "Its condition cannot be evaluated.",
    "for_each_unresolved": "What it should go through item by item is no list.",
    "for_each_too_many": "The list has more items than the step takes.",
    "reference_unresolved": "A parameter refers to something that is not there.",
    "parameters_too_large": "The rendered parameters are too large.",
    "run_too_large": "The run has gathered as much data as a run may hold.",
    "allow_list": "The agent's profile does not let it use the skill.",
    "repetition": "The same call gave the same result as often as the agent may repeat it.",
    "max_attempts": "The run has made as many calls as its contract allows.",
    "worst_case_first": "A call that may cost something begins only when its worst case is known.",
    "fail_closed": "Nobody knows what the call may cost, so it is not made.",
    "per_step_max": "Its worst case is more than one step may cost.",
    "skill_asks": "The skill is a question to a person.",
    "plan_asks": "The plan wants a person to approve this step.",
    "policy_by_effect": "The agent's policy wants a person to approve effects of this class.",
    "policy_by_cost": "The agent's policy wants a person to approve calls that may cost so much.",
    "policy_by_target": "The agent's policy wants a person to approve calls to this host.",
    "policy_by_first_use": "No person let the agent call this host before, and its policy wants one to.",
    "undecided": "Nobody decided so far; the next level is asked before it is too late.",
    "expired_skips": "Nobody decided in time, and the agent's policy leaves the step out then.",
    "expired_aborts": "Nobody decided in time, and the agent's policy ends the run then.",
    # money
    "reservation_short": "What the run has reserved does not cover the worst case of the step.",
    "overdrawn": "A call cost more than it could; what the run owes is drawn before anything else starts.",
    "cost_above_worst_case": "A call cost more than its worst case; what it did cost is settled.",
    "most_of_limit_spent": "Most of the limit is spent.",
    "on_exhausted": "The budget is used up and the agent's profile says what to do then.",
    "on_exhausted_fail": "The budget is used up, and the agent's profile lets the step fail.",
    "on_exhausted_finish_cheap": "The budget is used up, and the agent's profile finishes cheaply: another way, or without the step.",
    "topped_up": "Somebody raised the limit.",
    "funds_freed": "The scope that was short has room again.",
    "funds_due": "A new day's budget has begun.",
    # held back
    "rate_limit": "A limit of calls a minute is used up; nothing was sent, so nothing is counted.",
    "circuit_open": "The host failed too often in a row and is left alone for a while; nothing was sent, so nothing is counted.",
    "circuit_threshold": "So many calls to the host failed in a row that its circuit opened.",
    "frozen": "Its scope is frozen: nothing of it begins before somebody lifts that.",
    "freeze_lifted": "What was frozen is frozen no more.",
    # after a failure
    "step_policy": "The step's own retry policy says so.",
    "advice_code+skill": "The catalog's entry for this code of this skill says so.",
    "advice_code": "The catalog's entry for this code says so.",
    "advice_category": "The catalog's default for this category of failures says so.",
    "advice_tenant": "The tenant's own entry in the catalog says so.",
    "advice_policy": "An approved recovery for failures of this kind says so.",
    "advice_step": "The step itself says so.",
    "advice_default": "Nothing is known about this failure; the default holds.",
    "category_default": "No entry was asked; what is usual for this code holds.",
    "not_retryable": "Trying again would not help.",
    "unsafe_effect": "Trying again could do the effect twice.",
    "attempts_exhausted": "It was tried as often as it may be.",
    "deadline_too_near": "The next try would come after the run's deadline.",
    "on_error": "The step's on_error says what becomes of it.",
    "fallback_used_up": "The fallback failed too, and there is no second one.",
    "catalog": "The step says nothing, so the catalog's advice decides.",
    "default": "Neither the step nor the catalog says otherwise: the run ends here.",
    "simulation": "A simulation goes on, to see what comes after.",
    # lost and in doubt
    "maybe_sent": "The effect may have happened, and nothing recorded says so.",
    "repeatable_effect": "The worker was lost during the call; its effect may be repeated.",
    "not_sent": "The worker was lost before the call had left.",
    "reclaimed": "Another worker took the run over, with this still to be answered.",
    "skill_declares_probe": "The skill can look whether it happened.",
    "probe": "The skill's probe has found out.",
    "in_doubt_policy": "The agent's policy for effects in doubt decides.",
    "verdict": "A person has said what became of it.",
    # people
    "asked": "Somebody asked for it.",
    "approved": "A person approved exactly this call.",
    "approved_edited": "A person approved the call with other parameters.",
    "granted": "A yes given in advance is good for this call.",
    "rejected": "A person refused it.",
    "expired": "Nobody decided in time.",
    "answered": "A person answered.",
    "escalation": "The failure goes to a person, who says: retry, modify, skip or abort.",
    "escalation_expired": "Nobody said in time what to do about the failure.",
    "intervention": "The failure needs a person's hand: approve, modify or abort.",
    "intervention_expired": "Nobody intervened in time.",
    "person_says_so": "A person said what to do about the failure.",
    # the end
    "all_steps_done": "Every step has ended.",
    "stopped": "It was told to stop, and what was under way has answered.",
    "run_cancelled": "The run was cancelled; what is under way is called back.",
    "run_failed": "The run has failed; what is under way is called back.",
    "deadline": "The run's deadline has passed.",
    "poisoned": "The run lost its workers once too often.",
    # facts that changed nothing
    "run_is_over": "The run had ended before.",
    "not_asked": "Nobody was waiting for this answer: it came late or twice.",
    "not_under_way": "No such call was under way: it came late or twice.",
    "not_in_doubt": "Nothing was in doubt.",
    "not_paused": "The run was not paused.",
    "nothing_due": "Nothing was due yet.",
    "nothing_frozen": "Nothing was held back by that.",
    "nothing_short": "Nothing was short of money.",
    "nothing_to_return": "There was nothing to give back.",
    "nothing_under_way": "Nothing was under way.",
    "already_accepted": "The run had been accepted before.",
    "already_handed_back": "The run had been handed back before.",
    "already_paused": "The run was paused before.",
    "already_stopping": "The run was stopping already.",
    "skill_has_no_probe": "The skill cannot look whether it happened.",
    "modify_needs_params": "Whoever modifies must give the parameters.",
    "unknown_action": "That is none of the actions that were offered.",
}
"""What each rule of `runs.engine` says, by its id. A rule without words fails the build (tests/docs/test_decisions.py)."""

_HEAD = frozenset({"kind", "rule", "step", "attempt", "because", "alternatives", "delay_ms", "due_at_ms"})


def in_words(rule: str) -> str:
    """Return what a rule says; one of an older version is shown by its name."""
    return RULES.get(rule) or rule.replace("_", " ")


def decision_json(seq: int, at_ms: int, event: str, decision: Decision) -> dict[str, Any]:
    """Return the record of one decision: `seq` and `event` are what it answers, `detail` what was chosen, kind by kind."""
    # Defaults included: a reader should not have to know that an attempt left out is the first.
    held = {name: plain(value) for name, value in msgspec.structs.asdict(decision).items()}
    due_at_ms = held.get("due_at_ms") or None
    return {
        "seq": seq,
        "at_ms": at_ms,
        "event": event,
        "kind": kind_of(decision),
        "rule": decision.rule,
        "words": in_words(decision.rule),
        "step_id": decision.step or None,
        "attempt": held.get("attempt"),
        "because": held["because"],
        "alternatives": list(held["alternatives"]),
        "delay_ms": held.get("delay_ms"),
        "due_at_ms": due_at_ms,
        "due_at": None if due_at_ms is None else instant(as_datetime(due_at_ms)),
        "detail": {name: value for name, value in held.items() if name not in _HEAD},
    }
