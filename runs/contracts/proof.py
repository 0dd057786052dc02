"""The values that tell what a run was made of, and how two runs differ. Pure."""

from __future__ import annotations

from typing import Any, Literal

from runs.contracts.simulation import Divergence, Invariant, Simulation
from skills.contracts import Contract


class BomPlanner(Contract):
    """Who made the plan. `model` is the language model that was asked, if any."""

    name: str
    version: str | None
    model: str | None


class BomSkill(Contract):
    """A skill version fixed at admission, and what is registered under its name and version today."""

    step_id: str
    skill: str
    version: str
    digest: str
    effect: str
    now: Literal["same", "changed", "not_registered"]


class BomAdvice(Contract):
    """What the catalog advised about a failure, and by what: an entry, an approved recovery, or the taxonomy's own rule."""

    step_id: str
    attempt: int
    code: str
    mode: str
    source: str
    entry: int | None
    candidate: str | None
    signature: str


class BomPrice(Contract):
    """A row of the price table that calls were charged by; `model` is null where a skill has a price of its own."""

    pricing_version: str
    model: str | None


class Bom(Contract):
    """A run's bill of materials: all it was made with. Runs made of the same have the same `bom_hash`, whatever their ids.

    `memory` is null as long as runs read none; `inputs_hash` stands for inputs, which are not shown.
    """

    run_id: str
    parent_run_id: str | None
    relation: str | None
    release: str | None
    plan_hash: str | None
    planner: BomPlanner
    skills: list[BomSkill]
    policies: dict[str, Any]
    policies_hash: str
    advice: list[BomAdvice]
    prices: list[BomPrice]
    memory: None
    inputs_hash: str
    faults: list[dict[str, Any]]
    carried: list[str]
    bom_hash: str


class BomChange(Contract):
    """Something two runs were not made alike of."""

    what: str
    before: Any
    after: Any
    detail: str


class BomComparison(Contract):
    """What changed between another run and this one. `found_by` says how the other was chosen."""

    run_id: str
    found_by: Literal["named", "same_plan", "same_goal"]
    finished_at: str | None
    changes: list[BomChange]
    detail: str


class BomReport(Contract):
    bom: Bom
    against: BomComparison | None
    detail: str


class Aspect(Contract):
    """Something in which two runs, or a step of them, differ. What does not count is shown and makes no difference."""

    what: str
    counts: bool
    first: Any
    second: Any


class StepDifference(Contract):
    """A step of two runs side by side: in which of them it is, in what it differs, and whether its result is the same."""

    step_id: str
    within: Literal["both", "first", "second"]
    same: bool
    content: Literal["same", "differs", "none"]
    aspects: list[Aspect]


class RunDifference(Contract):
    """Two runs side by side. `same` when nothing that counts differs: results, texts and durations never do.

    `complete` is false while one of them goes on: it is compared as far as it has come.
    """

    run_id: str
    other_run_id: str
    same: bool
    complete: bool
    divergence: Divergence | None
    other_seq: int | None
    invariants: list[Invariant]
    aspects: list[Aspect]
    made_of: list[BomChange]
    steps: list[StepDifference]


class VersionChange(Contract):
    """A skill of a run that is done again: the version it was made with, the one it would be done with, and what differs."""

    step_id: str
    skill: str
    then: str
    now: str | None
    is_registered: bool
    changes: list[str]


class EffectAgain(Contract):
    """A step that would be called again although its effect happened, or may have."""

    step_id: str
    skill: str
    effect: str
    targets: list[str]
    detail: str


class RerunPreview(Contract):
    """What doing a run again would mean: which steps are called, which results are kept, with which versions, at what cost; or what its
    planner is told."""

    run_id: str
    from_step: str | None
    versions: Literal["current", "pinned"]
    carried: list[str]
    again: list[str]
    version_changes: list[VersionChange]
    tells_planner: list[dict[str, str]] = []
    effects_again: list[EffectAgain]
    simulation: Simulation | None


class Behaviour(Contract):
    """A way in which a plan behaved in the determinism lab, and how often it did, in all, by hash seed and by workers."""

    behaviour_hash: str
    content_hash: str
    status: str
    times: int
    by_hash_seed: dict[int, int]
    by_workers: dict[int, int]


class DeterminismReport(Contract):
    """What came of playing a plan many times, everything in another order: `identical` when it always behaved the same."""

    plan_hash: str
    times: int
    hash_seeds: list[int]
    workers: list[int]
    identical: bool
    behaviours: list[Behaviour]
    divergence: Divergence | None
    took_ms: int
