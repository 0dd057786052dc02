"""Plans, profiles and weather a seed makes up."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from tests.simulation.skills import FREE_ACTS, Act

INPUTS = {"n": 2, "list": [1, 2, 3], "none": []}
SKILLS = ("look", "look", "look", "fetch", "fetch", "put", "send", "send", "book", "pay")
WRITING = frozenset({"put", "send", "book", "pay"})
WRITING_ACTS: tuple[Act, ...] = (*FREE_ACTS, "answer_lost", "answer_lost")


@dataclass(frozen=True)
class Weather:
    """What a seed is up against. Each kind of trouble is there in some seeds and away in others, so that none hides another."""

    workers: int
    lease_ms: int
    drain_seconds: float
    capacity: int
    grace_seconds: float
    busy_seconds: float
    runs: int
    wishes: int
    crash_every: float | None
    freeze_every: float | None
    block_every: float | None
    stop_every: float | None
    strike: float
    store_trouble: float
    interjection: float
    database_ms: float
    database_slow: float
    bell_loss: float
    bell_late: float
    bell_twice: float
    skew_ms: int
    liars: bool
    quick_supervisor: bool


def weather_of(random: Random) -> Weather:
    """Draw what a seed is up against."""

    def some(*values: float | None, none: float | None = None) -> Any:
        return random.choice(values) if random.random() < 0.6 else none

    return Weather(
        workers=random.choice([1, 2, 2, 3]),
        lease_ms=random.choice([1_500, 3_000, 6_000]),
        drain_seconds=random.choice([2, 8, 60]),
        capacity=random.choice([1, 3, 50]),
        grace_seconds=random.choice([0.2, 1, 4]),
        busy_seconds=random.choice([6, 12, 20]),
        runs=random.randint(3, 8),
        wishes=random.choice([0, 6, 15]),
        crash_every=some(1, 3, 8),
        freeze_every=some(2, 5, 10),
        block_every=some(4, 10),
        stop_every=some(2, 6),
        strike=some(0.003, 0.02, none=0.0),
        store_trouble=some(0.005, 0.03, none=0.0),
        interjection=some(0.02, 0.1, none=0.0),
        database_ms=random.choice([0.2, 1, 8]),
        database_slow=random.choice([0, 0.01, 0.05]),
        bell_loss=random.choice([0, 0.2, 1]),
        bell_late=random.choice([0, 0.2]),
        bell_twice=random.choice([0, 0.3]),
        skew_ms=some(30, 2_000, none=0),
        liars=random.random() < 0.2,
        quick_supervisor=random.random() < 0.5,
    )


def profile_of(random: Random) -> dict[str, Any]:
    """Draw what the agent may do."""
    return {
        "max_parallel_steps": random.choice([1, 2, 8]),
        "budget": {"per_run_micro_usd": random.choice([None, 1_500, 100_000])},
        "approval_effects": random.choice([["irreversible"], ["irreversible", "write"], []]),
        "in_doubt_policy": random.choice(["ask", "ask", "assume_happened", "assume_not"]),
        "max_run_duration_ms": random.choice([30_000, 300_000, 300_000]),
    }


def plan_of(random: Random) -> dict[str, Any]:
    """Draw a plan of one to six steps; each may wait for, read and ask about those before it."""
    return {"steps": [_step(random, number) for number in range(random.randint(1, 6))]}


def _step(random: Random, number: int) -> dict[str, Any]:
    earlier = [f"s{before}" for before in range(number)]
    if random.random() < 0.05:
        return {"step_id": f"s{number}", "skill": "ask", "params": {"question": "which?"}, "depends_on": earlier[-1:]}
    skill = random.choice(SKILLS)
    step: dict[str, Any] = {"step_id": f"s{number}", "skill": skill, "params": _params(random, skill)}
    if earlier and random.random() < 0.7:
        step["depends_on"] = random.sample(earlier, random.randint(1, min(2, len(earlier))))
    if earlier and random.random() < 0.2:
        step["params"]["seen"] = f"${{steps.{random.choice(earlier)}.result.value}}"
    return step | _options(random, earlier)


def _options(random: Random, earlier: list[str]) -> dict[str, Any]:
    options: dict[str, Any] = {"timeout_ms": random.choice([300, 1_000, 4_000])}
    if random.random() < 0.1:
        options["condition"] = random.choice(["inputs.n > 1", "inputs.n > 2", *(f"steps.{s}.status == 'succeeded'" for s in earlier)])
    if random.random() < 0.1:
        options["for_each"] = random.choice(["${inputs.list}", "${inputs.none}"])
    if random.random() < 0.5:
        options["on_error"] = random.choice(["abort", "continue", "continue", "retry", "escalate", "fallback"])
    if options.get("on_error") == "fallback":
        options |= {"fallback_skill": random.choice(SKILLS), "fallback_params": _params(random, "look")}
    if random.random() < 0.4:
        options["retry"] = {"max_attempts": random.choice([2, 3]), "backoff_ms": random.choice([0, 40, 400, 6_000])}
    if random.random() < 0.15:
        options["approval"] = random.choice(["always", "never"])
    return options


def _params(random: Random, skill: str) -> dict[str, Any]:
    params: dict[str, Any] = {
        "acts": _acts(random, skill),
        "before_ms": random.choice([0, 0, 1, 20, 200]),
        "after_ms": random.choice([0, 0, 5, 50, 800]),
        "retry_after_ms": random.choice([10, 800, 7_000]),
        "gives": random.choice([None, 5, [1, 2], "x" * 40]),
    }
    if skill == "fetch" and random.random() < 0.4:
        worst = random.choice([100, 700])
        params |= {"worst": worst, "cost": random.choice([0, worst // 2, worst])}
    return params


def _acts(random: Random, skill: str) -> list[Act]:
    if random.random() < 0.55:
        return ["ok"]
    troubles = WRITING_ACTS if skill in WRITING else FREE_ACTS
    # A writing step comes through in the end: doubt is asked about again and again.
    in_the_end: list[Act] = ["ok"] if skill in WRITING or random.random() < 0.7 else []
    return [*random.choices(troubles, k=random.randint(1, 2)), *in_the_end]
