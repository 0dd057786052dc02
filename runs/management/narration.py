"""Tells a run's events as sentences, each fact first and then what was decided about it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from runs.shell.sentence import scope_in_words
from skills.wording import duration, money

Json = Mapping[str, Any]


class Said(NamedTuple):
    """One line: an icon, the words, a colour, and how far it is moved to the right."""

    icon: str
    words: str
    colour: str = ""
    indent: int = 0


def told(event: Json) -> list[Said]:
    """Return the lines of one event as `events_json` shows it; bookkeeping that tells a reader nothing gives none."""
    fact = event["data"]
    lines = list(_FACTS.get(event["kind"], _nothing)(fact))
    for decision in event["decisions"]:
        lines += _DECISIONS.get(decision["kind"], _nothing)(decision)
    return lines


def _nothing(_: Json) -> Iterator[Said]:
    yield from ()


def _accepted(fact: Json) -> Iterator[Said]:
    limit = fact["terms"].get("limit_micro_usd")
    yield Said("◷", f"accepted {fact['run_id']}, limit {'none' if limit is None else money(limit)}", "grey")


def _proposed(fact: Json) -> Iterator[Said]:
    steps = " → ".join(step["step_id"] for step in fact["plan"]["steps"])
    yield Said("✎", f"planned by {fact.get('planner', 'manual')}: {steps}")


def _rejected(fact: Json) -> Iterator[Said]:
    yield Said("✕", "the proposed plan was refused", "red")
    for fault in fact["faults"]:
        yield Said(" ", f"{fault.get('pointer', '')}: {fault.get('detail', '')}", "grey", 1)


def _admitted(fact: Json) -> Iterator[Said]:
    granted = fact.get("granted_micro_usd")
    held = "no limit" if granted is None else f"{money(granted)} reserved"
    yield Said("✓", f"admitted: {len(fact['pins'])} versions pinned, {held}, plan {fact['plan_hash'][:12]}", "green")


def _succeeded(fact: Json) -> Iterator[Said]:
    latency, cost = duration(fact.get("latency_ms", 0)), money(fact.get("cost_micro_usd", 0))
    yield Said("✓", f"{fact['step']} succeeded in {latency}, cost {cost}", "green")
    if fact.get("degraded"):
        yield Said(" ", f"degraded: {fact['degraded']}", "amber", 1)


def _failed(fact: Json) -> Iterator[Said]:
    yield Said("✕", f"{fact['step']} failed with {fact['code']}: {fact.get('message', '')}", "red")
    advice = fact.get("advice")
    if advice:
        yield from _advice(advice)
    # What the failure itself suggests goes first: it knows this call, the catalog only its kind.
    for suggestion in dict.fromkeys([*(fact.get("suggestions") or ()), *((advice or {}).get("suggestions") or ())]):
        yield Said(" ", f"suggestion: {suggestion}", "grey", 1)


def _advice(advice: Json) -> Iterator[Said]:
    confidence = advice.get("confidence")
    sure = "" if confidence is None else f", confidence {confidence:.2f} ({advice.get('confidence_label') or 'measured'})"
    yield Said("ⓘ", f"catalog ({advice.get('match_type', 'miss')}): {advice.get('mode', 'no advice')}{sure}", "violet", 1)


def _by(words: str) -> Callable[[Json], Iterator[Said]]:
    def said(fact: Json) -> Iterator[Said]:
        by = f" by {fact['by']}" if fact.get("by") else ""
        reason = f": {fact['reason']}" if fact.get("reason") else ""
        yield Said("•", words.format(step=fact.get("step", "")) + by + reason, "blue")

    return said


def _started(decision: Json) -> Iterator[Said]:
    attempt = decision.get("attempt", 1)
    again = f", attempt {attempt}" if attempt > 1 else ""
    yield Said("▶", f"{decision['step']} started: {decision['skill']} {decision['version']}{again}", "blue")


def _retry(decision: Json) -> Iterator[Said]:
    mode = str(decision.get("mode", "")).lower().replace("_", " ")
    yield Said("…", f"back-off {decision.get('delay_ms', 0)} ms, then attempt {decision.get('attempt', 1) + 1} ({mode})", "amber", 1)


def _no_retry(decision: Json) -> Iterator[Said]:
    yield Said("⊘", f"no retry: {decision['rule'].replace('_', ' ')}", "grey", 1)


def _short(fact: Json) -> Iterator[Said]:
    yield Said("✋", f"{scope_in_words(fact['scope'])} lacks {money(fact['missing_micro_usd'])}", "amber", 1)


def _held_back(decision: Json) -> Iterator[Said]:
    scope = scope_in_words(decision.get("scope", ""))
    if decision["rule"] == "frozen":
        yield Said("✋", f"{decision['step']} is held back: {scope} is frozen", "amber")
    elif decision["rule"] == "circuit_open":
        delay, host = duration(decision.get("delay_ms", 0)), _host_of(scope)
        yield Said("…", f"{decision['step']} waits {delay}: {host} is left alone for a while", "amber")
    else:
        yield Said("…", f"{decision['step']} waits {duration(decision.get('delay_ms', 0))} for the rate of {scope}", "amber")


def _opened(decision: Json) -> Iterator[Said]:
    yield Said("✕", f"{_host_of(decision.get('scope', ''))} failed too often in a row: it is left alone for a while", "red", 1)


def _host_of(circuit: str) -> str:
    return circuit.rpartition("@")[2]


def _restored(decision: Json) -> Iterator[Said]:
    yield Said("↺", f"{decision['step']} begins afresh in {duration(decision.get('delay_ms', 0))}", "amber", 1)


def _downgraded(decision: Json) -> Iterator[Said]:
    way = {"cheaper_parameters": "is done more cheaply", "fallback": "is done by its fallback"}.get(decision.get("way", ""), "is left out")
    yield Said("↘", f"{decision['step']} {way}: the budget is used up", "amber", 1)


def _alert(decision: Json) -> Iterator[Said]:
    yield Said("!", f"{money(decision['spent_micro_usd'])} of {money(decision['limit_micro_usd'])} are spent", "amber", 1)


def _overrun(decision: Json) -> Iterator[Said]:
    worst = money(decision.get("worst_micro_usd", 0))
    yield Said("!", f"{decision['step']} cost {money(decision['cost_micro_usd'])}, more than its worst case of {worst}", "red", 1)


def _approval(decision: Json) -> Iterator[Said]:
    yield Said("✋", f"{decision['step']} waits for a person to approve {decision['skill']} {decision['version']}", "amber")


def _question(decision: Json) -> Iterator[Said]:
    yield Said("✋", f"{decision['step']} asks: {decision.get('question', '')}", "amber")


def _finish(decision: Json) -> Iterator[Said]:
    status = decision.get("status", "succeeded")
    code = f" with {decision['code']}" if decision.get("code") else ""
    good = status == "succeeded"
    yield Said("✓" if good else "✕", f"run {status.replace('_', ' ')}{code}", "green" if good else "red")


def _plainly(icon: str, words: str, colour: str) -> Callable[[Json], Iterator[Said]]:
    def said(decision: Json) -> Iterator[Said]:
        known = {"step": decision.get("step", ""), "rule": decision["rule"].replace("_", " "), "skill": decision.get("skill", "")}
        yield Said(icon, words.format(**known), colour, 1)

    return said


_FACTS: dict[str, Callable[[Json], Iterator[Said]]] = {
    "run_accepted": _accepted,
    "plan_proposed": _proposed,
    "plan_rejected": _rejected,
    "run_admitted": _admitted,
    "step_succeeded": _succeeded,
    "step_failed": _failed,
    "step_interrupted": _by("{step} was called back by its worker"),
    "run_reclaimed": _by("another worker took the run over"),
    "run_handed_back": _by("the worker gave the run back"),
    "cancel_requested": _by("cancel requested"),
    "pause_requested": _by("pause requested"),
    "resume_requested": _by("resumed"),
    "topped_up": _by("budget raised"),
    "reservation_refused": _short,
    "funds_freed": _by("there is money again"),
    "freeze_lifted": _by("the freeze was lifted"),
    "approval_decided": _by("{step} was decided"),
    "verdict_given": _by("{step} was judged"),
    "answer_given": _by("{step} was answered"),
    "run_poisoned": _by("given up: its workers died with it too often"),
}
_DECISIONS: dict[str, Callable[[Json], Iterator[Said]]] = {
    "start": _started,
    "hold_back": _held_back,
    "open_circuit": _opened,
    "restore": _restored,
    "downgrade": _downgraded,
    "alert": _alert,
    "overrun": _overrun,
    "retry": _retry,
    "no_retry": _no_retry,
    "ask_approval": _approval,
    "ask_person": _question,
    "finish": _finish,
    "fallback": _plainly("↪", "{step} falls back to {skill}", "amber"),
    "continue": _plainly("↷", "the run goes on without {step}", "amber"),
    "skip": _plainly("⊘", "{step} is skipped: {rule}", "grey"),
    "abort": _plainly("✕", "the run ends here: {rule}", "red"),
    "escalate": _plainly("✋", "{step} goes to a person: {rule}", "amber"),
    "wait": _plainly("✋", "{step} waits: {rule}", "amber"),
    "hold_doubt": _plainly("?", "{step} is in doubt: its effect may have happened", "violet"),
}
