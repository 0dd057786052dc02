"""Which recovery to suggest for a group of failures: what worked there, else what the category gets by default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from catalog.learning.confidence import wilson
from catalog.recovery import choose
from skills.taxonomy import RecoveryMode

# From harmless to grave.
EFFECTS = ("", "none", "read", "idempotent_write", "write", "irreversible")
SAFE_EFFECTS = frozenset({"none", "read", "idempotent_write"})
# A mode that was tried so often in a group and never worked is not suggested for it.
HOPELESS_AFTER = 3
WORKS_FROM = 0.5
# What a person does who runs it again later, the machine does by beginning the step afresh, after a pause as long as theirs.
_BEGIN_AFRESH = {"first_ms": 5_000, "cap_ms": 60_000, "max_restores": 1}


class ModeSeen(NamedTuple):
    """How often a mode was tried, its end being known, and how often it worked."""

    mode: str
    tried: int
    worked: int

    def to_json(self) -> dict[str, Any]:
        lower, upper = wilson(self.worked, self.tried)
        rate = round(self.worked / self.tried, 4) if self.tried else None
        return {
            "mode": self.mode,
            "applied": self.tried,
            "succeeded": self.worked,
            "rate": rate,
            "lower": round(lower, 4),
            "upper": round(upper, 4),
        }


@dataclass(frozen=True, slots=True)
class GroupSeen:
    """What was seen of the failures of one signature. `parameters` are those its entry goes by."""

    skill: str
    code: str
    effect: str
    modes: Sequence[ModeSeen] = ()
    reruns: int = 0
    entry_mode: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


class Proposal(NamedTuple):
    """A recovery to suggest, and why this one."""

    mode: str
    parameters: dict[str, Any]
    because: str


def propose(group: GroupSeen) -> Proposal:
    """Return what to suggest; the same group always gives the same."""
    return _what_worked(group) or _what_reruns_say(group) or _default(group)


def gravest(effects: Sequence[str]) -> str:
    """Return the gravest of these effect classes; one nobody knows counts as the gravest there is."""
    return max(effects, key=lambda effect: EFFECTS.index(effect) if effect in EFFECTS else len(EFFECTS), default="")


def is_safe(effect: str) -> bool:
    """Tell whether a repetition can do no harm by itself."""
    return effect in SAFE_EFFECTS


def _what_worked(group: GroupSeen) -> Proposal | None:
    working = [seen for seen in group.modes if seen.worked and seen.worked >= seen.tried * WORKS_FROM]
    best = max(working, key=lambda seen: (wilson(seen.worked, seen.tried)[0], seen.worked, seen.mode), default=None)
    if best is None:
        return None
    parameters = dict(group.parameters) if best.mode == group.entry_mode else {}
    return Proposal(best.mode, parameters, f"{best.mode} worked {best.worked} of {best.tried} times against these failures")


def _what_reruns_say(group: GroupSeen) -> Proposal | None:
    if not group.reruns:
        return None
    came = f"{group.reruns} of the runs came through when they were run again"
    if not is_safe(group.effect):
        return Proposal(
            RecoveryMode.ESCALATE, {}, f"{came}, but a call with the effect {group.effect or 'unknown'} is not repeated unasked"
        )
    return Proposal(RecoveryMode.CHECKPOINT_RESTORE, dict(_BEGIN_AFRESH), came)


def _default(group: GroupSeen) -> Proposal:
    mode, parameters, because = _without_evidence(group)
    hopeless = next((seen for seen in group.modes if seen.mode == mode and seen.tried >= HOPELESS_AFTER and not seen.worked), None)
    if hopeless is not None:
        return Proposal(RecoveryMode.ESCALATE, {}, f"{mode} was tried {hopeless.tried} times and never worked: a person must look")
    return Proposal(mode, parameters, because)


def _without_evidence(group: GroupSeen) -> Proposal:
    if group.entry_mode:
        return Proposal(group.entry_mode, dict(group.parameters), "nothing was tried here so far; this is what the catalog's entry says")
    advice = choose({}, tenant_id=None, skill=group.skill, code=group.code, signature="")
    return Proposal(advice.mode, {}, "nothing was tried here so far; this is what failures of the category get")
