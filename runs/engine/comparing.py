"""Compares how two journals behaved: the first decision that differs, and the promises of determinism one by one.

Steps are compared each by itself, because in which order parallel ones end is nobody's promise. Instants, texts, results and
latency never count.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

import msgspec

from runs.engine.decisions import AskApproval, Carry, Decision, Deny, Finish, Ignore, NoRetry, Retry, StartStep
from runs.engine.events import StepFailed
from runs.engine.virtual import Entry


class Difference(msgspec.Struct, frozen=True):
    """The first place where two journals part, as events of the one and of the other, None where one has nothing more."""

    seq: int | None
    step: str | None
    expected: Any
    actual: Any
    detail: str
    other_seq: int | None = None


REPLAY = ("the journal", "the replay")
"""What the two journals are called that a replay compares."""
RUNS = ("the first run", "the second")

_Place = tuple[int, list[Any]]


def first_difference(
    recorded: Sequence[Entry], journal: Sequence[Entry], *, same_run: bool = True, called: tuple[str, str] = REPLAY
) -> Difference | None:
    """Return the first decision about a step (or the run) that the second journal took otherwise.

    Of two runs (`same_run` false) keys and hashes that name the run do not count.
    """
    then, now = _by_step(recorded, same_run), _by_step(journal, same_run)
    found = [_first_of_step(key, then.get(key, []), now.get(key, []), called) for key in dict.fromkeys([*then, *now])]
    return min((each for each in found if each), key=lambda each: each.seq or each.other_seq or 0, default=None)


def _first_of_step(key: str, had: list[_Place], has: list[_Place], called: tuple[str, str]) -> Difference | None:
    for expected, actual in zip_longest(had, has):
        was, now = (expected[1] if expected else None), (actual[1] if actual else None)
        if was != now:
            seq, other = (expected[0] if expected else None), (actual[0] if actual else None)
            return Difference(seq, key or None, was, now, _in_words(key, was, now, called), other)
    return None


def _in_words(key: str, expected: Any, actual: Any, called: tuple[str, str]) -> str:
    who, (one, other) = f"step '{key}'" if key else "the run", called
    if actual is None:
        return f"{who}: {one} has '{expected[0]}' here, {other} has nothing more"
    if expected is None:
        return f"{who}: {other} goes on with '{actual[0]}', {one} has nothing more"
    if expected[0] != actual[0]:
        return f"{who}: {one} has '{expected[0]}', {other} '{actual[0]}'"
    return f"{who}: '{expected[0]}' differs"


_COMPARED = (StartStep, Carry, Deny, Retry, NoRetry, AskApproval, Finish)


def _by_step(journal: Sequence[Entry], same_run: bool) -> dict[str, list[_Place]]:
    grouped: dict[str, list[_Place]] = {}
    for seq, entry in enumerate(journal, start=1):
        for decision in entry.decisions:
            if isinstance(decision, _COMPARED):
                grouped.setdefault(decision.step, []).append((seq, _essence(decision, same_run)))
    return grouped


_ESSENTIAL = ("attempt", "skill", "version", "code", "delay_ms", "status")
_OF_THE_RUN = ("idempotency_key", "action_hash")


def _essence(decision: Decision, same_run: bool) -> list[Any]:
    names = (*_ESSENTIAL, *_OF_THE_RUN) if same_run else _ESSENTIAL
    return [decision.__struct_config__.tag, decision.rule, *(getattr(decision, name) for name in names if hasattr(decision, name))]


# Invariants


def compare(recorded: Sequence[Entry], journal: Sequence[Entry], *, same_run: bool = True) -> list[tuple[str, bool, str]]:
    """Return the promises of determinism one by one: (name, held, what differs)."""
    checks = {
        "decisions": lambda j: {key: [essence for _, essence in items] for key, items in _by_step(j, same_run).items()},
        "attempts_and_backoff": lambda j: _grouped(j, _backoffs),
        "codes": lambda j: _grouped(j, _codes),
        "cost": lambda j: sum(getattr(e.fact, "cost_micro_usd", 0) for e in j),
        "side_effects": lambda j: _grouped(j, _effects),
        "budget_stop_point": lambda j: [d.because for e in j for d in e.decisions if d.rule == "reservation_short" and d.step],
        "ending": ending_of,
    }
    was, now = ("recorded", "replayed") if same_run else ("first", "second")
    found, had, has = [], _heard(recorded), _heard(journal)
    for name, of in checks.items():
        expected, actual = of(had), of(has)
        held = expected == actual
        found.append((name, held, "" if held else f"{was} {_short(expected)}, {now} {_short(actual)}"))
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
