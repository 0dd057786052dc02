"""Compares how two journals behaved: the first decision that differs, and the promises of determinism one by one.

Steps are compared each by itself, because in which order parallel ones end is nobody's promise. Instants, texts, results and
latency never count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from runs.engine.decisions import AskApproval, Carry, Decision, Deny, Finish, Ignore, NoRetry, Retry, StartStep
from runs.engine.events import StepFailed
from runs.engine.virtual import Entry


class Difference(msgspec.Struct, frozen=True):
    """The first place where two journals part."""

    seq: int | None
    step: str | None
    expected: Any
    actual: Any
    detail: str


def first_difference(recorded: Sequence[Entry], journal: Sequence[Entry]) -> Difference | None:
    """Return the first decision about a step (or the run) that the replay took otherwise."""
    then, now = _by_step(recorded), _by_step(journal)
    found: list[Difference] = []
    for key in dict.fromkeys([*then, *now]):
        had, has = then.get(key, []), now.get(key, [])
        for position in range(max(len(had), len(has))):
            expected = had[position][1] if position < len(had) else None
            actual = has[position][1] if position < len(has) else None
            if expected != actual:
                seq = had[position][0] if position < len(had) else None
                found.append(Difference(seq, key or None, expected, actual, _in_words(key, expected, actual)))
                break
    return min(found, key=lambda difference: difference.seq or 1_000_000_000, default=None)


def _in_words(key: str, expected: Any, actual: Any) -> str:
    who = f"step '{key}'" if key else "the run"
    if actual is None:
        return f"{who}: the journal has '{expected[0]}' here, the replay has nothing more"
    if expected is None:
        return f"{who}: the replay goes on with '{actual[0]}', the journal has nothing more"
    if expected[0] != actual[0]:
        return f"{who}: the journal has '{expected[0]}', the replay '{actual[0]}'"
    return f"{who}: '{expected[0]}' differs"


_COMPARED = (StartStep, Carry, Deny, Retry, NoRetry, AskApproval, Finish)


def _by_step(journal: Sequence[Entry]) -> dict[str, list[tuple[int, list[Any]]]]:
    grouped: dict[str, list[tuple[int, list[Any]]]] = {}
    for seq, entry in enumerate(journal, start=1):
        for decision in entry.decisions:
            if isinstance(decision, _COMPARED):
                grouped.setdefault(decision.step, []).append((seq, _essence(decision)))
    return grouped


def _essence(decision: Decision) -> list[Any]:
    names = ("attempt", "skill", "version", "code", "delay_ms", "idempotency_key", "action_hash", "status")
    return [decision.__struct_config__.tag, decision.rule, *(getattr(decision, name) for name in names if hasattr(decision, name))]


# Invariants


def compare(recorded: Sequence[Entry], journal: Sequence[Entry]) -> list[tuple[str, bool, str]]:
    """Return the promises of determinism one by one: (name, held, what differs)."""
    checks = {
        "decisions": lambda j: {key: [essence for _, essence in items] for key, items in _by_step(j).items()},
        "attempts_and_backoff": lambda j: _grouped(j, _backoffs),
        "codes": lambda j: _grouped(j, _codes),
        "cost": lambda j: sum(getattr(e.fact, "cost_micro_usd", 0) for e in j),
        "side_effects": lambda j: _grouped(j, _effects),
        "budget_stop_point": lambda j: [d.because for e in j for d in e.decisions if d.rule == "reservation_short" and d.step],
        "ending": ending_of,
    }
    found, had, has = [], _heard(recorded), _heard(journal)
    for name, of in checks.items():
        expected, actual = of(had), of(has)
        held = expected == actual
        found.append((name, held, "" if held else f"recorded {_short(expected)}, replayed {_short(actual)}"))
    return found


def _heard(journal: Sequence[Entry]) -> list[Entry]:
    """Return the entries but those that came late or twice, which changed nothing and are told to no replay."""
    return [entry for entry in journal if not (entry.decisions and isinstance(entry.decisions[0], Ignore))]


def _grouped(journal: Sequence[Entry], of: Any) -> dict[str, list[Any]]:
    grouped: dict[str, list[Any]] = {}
    for entry in journal:
        for item in of(entry):
            grouped.setdefault(getattr(entry.fact, "step", ""), []).append(item)
    return grouped


def _backoffs(entry: Entry) -> list[list[Any]]:
    return [[d.attempt, d.delay_ms, d.mode] for d in entry.decisions if isinstance(d, Retry)]


def _codes(entry: Entry) -> list[list[Any]]:
    return [[entry.fact.attempt, entry.fact.code]] if isinstance(entry.fact, StepFailed) else []


def _effects(entry: Entry) -> list[list[str]]:
    effects = getattr(entry.fact, "side_effects", [])
    return [[effect["type"], effect["target"], effect["effect"]] for effect in effects]


def ending_of(journal: Sequence[Entry]) -> list[str]:
    return next(([d.status, d.code] for e in reversed(journal) for d in e.decisions if isinstance(d, Finish)), [])


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 200 else text[:197] + "…"
