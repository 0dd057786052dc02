"""A stage to try faults on: skills of every effect class, of a fixed time and price, under the taxonomy's own advice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runs.engine.events import Pin, Terms
from runs.engine.script import pins_of
from runs.engine.simulate import CallModel
from runs.faults.contracts import ChaosCase, ChaosReport, Fault
from runs.faults.kinds import FaultKind, truths_of
from runs.faults.playing import Stage, case_of, play
from runs.faults.rehearsal import rehearse
from runs.faults.trials import Asked, chaos
from skills.taxonomy import spec_of
from tests.engine.story import plan

DEADLINE_MS = 3_600_000
EFFECTS = ("none", "read", "idempotent_write", "write", "irreversible")
PINS = {effect: Pin(effect, "1.0.0", effect=effect, timeout_ms=30_000) for effect in EFFECTS}
PINS |= {
    "probed": Pin("probed", "1.0.0", effect="write", probe=True),
    "asks": Pin("asks", "1.0.0", asks=True),
    "model": Pin("model", "1.0.0", effect="read", free=False),
    "other": Pin("other", "1.0.0", effect="idempotent_write"),
}


def price(pin: Pin, params: Any) -> CallModel:
    worst = 0 if pin.free else 1_000
    return CallModel(worst // 10, worst // 2, worst, 50, 100, 200)


def advise(skill: str, code: str) -> Mapping[str, Any]:
    return {"mode": str(spec_of(code).mode), "source": "code"}


def stage(*steps: dict[str, Any], inputs: dict[str, Any] | None = None, seed: str = "chaos", **more: Any) -> Stage:
    """Return a plan of these steps to be played; what is no field of a stage is one of the terms."""
    body = plan(*({"params": {}, **step} for step in steps))
    own = {name: more.pop(name) for name in ("ignoring_keys", "advise", "pin_advised") if name in more}
    pins = pins_of(body, more.pop("pins", PINS))
    return Stage(
        rehearsal=rehearse(body, inputs or {}),
        pins=pins,
        terms=Terms(**{"deadline_at_ms": DEADLINE_MS, **more}),
        inputs=inputs or {},
        model=price,
        seed=seed,
        **{"advise": advise, "pin_advised": lambda name, params: PINS.get(name), **own},
    )


def tried(of: Stage, *faults: Fault, step: str = "a", arrives: bool | None = None) -> ChaosCase:
    """Play faults, each with the most dangerous truth outside unless one is given."""
    effect = of.pins[step].effect
    done = tuple((fault, truths_of(fault.kind, effect)[0] if arrives is None else arrives) for fault in faults)
    return case_of(of, play(of, *done), step, done, is_open=False)


def report(of: Stage, *kinds: FaultKind, **asked: Any) -> ChaosReport:
    return chaos(of, Asked(kinds or tuple(FaultKind), **asked), plan_hash="", agent="")
