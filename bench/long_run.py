"""A run with many steps, each of which came to its result at the third try: played in the script world, stored in the real tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

if TYPE_CHECKING:
    from agents.models import Agent
    from runs.models import Run

WIDTH = 20
"""So many steps run side by side; each waits for the one before it in its row."""
RESULT = {"status": 200, "url": "https://api.example.com/orders", "body": {"id": "o-7", "note": "as asked for. " * 20}, "bytes": 300}
EFFECT = {
    "type": "HTTP_REQUEST", "target": "GET https://api.example.com/orders", "effect": "read", "phase": "acked",
    "idempotency_key": None, "reversible": False, "reversed_by": None,
}  # fmt: skip
ADVICE = {
    "source": "code", "mode": "RETRY_EXPONENTIAL", "confidence": 0.7, "confidence_label": "prior", "signature": "ab" * 32,
    "suggestions": ["Wait a moment and try again.", "Look at the status page of the service."], "description": "The service fails.",
}  # fmt: skip


def store_long_run(agent: Agent, steps: int, attempts: int = 3) -> Run:
    """Play such a run and store it as a worker would have left it."""
    # Settings come first.
    from runs.engine.script import Fail, Ok, Outcome  # noqa: PLC0415

    failed = Fail("HTTP_5XX", phase="acked", message="api.example.com answered 500", after_ms=40, advice=ADVICE)
    outcomes: dict[str, Outcome | Sequence[Outcome]] = {
        f"s{n}": [*[failed] * (attempts - 1), Ok(RESULT, after_ms=40, side_effects=[EFFECT])] for n in range(steps)
    }
    return _played(agent, _plan(steps, attempts), outcomes)


def store_wide_run(agent: Agent, loops: int, items: int) -> Run:
    """Play a run whose few steps go through many items each, and store it alike."""
    from agents.plan.contracts import Plan  # noqa: PLC0415
    from runs.engine.script import Ok  # noqa: PLC0415

    params = {"url": "https://api.example.com/orders?page=${item}"}
    first = {"step_id": "list", "skill": "json_transform", "params": {"input": {"orders": items}}}
    loop = {"skill": "http_call", "params": params, "for_each": "${steps.list.result}", "max_items": items, "depends_on": ["list"]}
    plan = Plan.model_validate({"goal": "a wide run", "steps": [first, *({"step_id": f"each{n}", **loop} for n in range(loops))]})
    outcomes = {f"each{n}": Ok(RESULT, after_ms=40, side_effects=[EFFECT]) for n in range(loops)} | {"list": Ok(list(range(items)))}
    return _played(agent, plan.model_dump(mode="json"), outcomes)


def _played(agent: Agent, plan: dict[str, Any], outcomes: Any) -> Run:
    from django.utils import timezone  # noqa: PLC0415

    from runs.engine.events import RunAccepted, Terms  # noqa: PLC0415
    from runs.engine.script import ScriptWorld  # noqa: PLC0415
    from runs.engine.virtual import drive  # noqa: PLC0415
    from skills.ids import new_id  # noqa: PLC0415

    run_id, now = new_id("run"), timezone.now()
    first = RunAccepted(round(now.timestamp() * 1_000), run_id, Terms(max_parallel=WIDTH), seed=run_id, goal=plan["goal"], plan=plan)
    state, journal = drive(first, ScriptWorld(outcomes=outcomes))
    assert state.status == "succeeded", state.failure
    return stored_run(agent, run_id, now, state, journal)


def _plan(steps: int, attempts: int) -> dict[str, Any]:
    from agents.plan.contracts import Plan  # noqa: PLC0415

    planned = [
        {
            "step_id": f"s{n}",
            "skill": "http_call",
            "params": {"url": f"https://api.example.com/orders?page={n}"},
            "depends_on": [f"s{n - WIDTH}"] if n >= WIDTH else [],
            "retry": {"max_attempts": attempts, "backoff_ms": 100},
        }
        for n in range(steps)
    ]
    return Plan(goal="a long run", steps=planned).model_dump(mode="json")


def stored_run(agent: Agent, run_id: str, created_at: datetime, state: Any, journal: Any) -> Run:
    """Store a run that was played as the worker that drove it would have left it: over, or waiting for somebody."""
    from runs.models import Run, RunEvent, StepSummary  # noqa: PLC0415
    from runs.shell.chain import link_of  # noqa: PLC0415
    from runs.shell.driver import row_of  # noqa: PLC0415
    from runs.shell.summaries import step_rows  # noqa: PLC0415

    rows, head = [], ""
    for seq, entry in enumerate(journal, start=1):
        rows.append(row_of(seq, entry.fact, entry.decisions, head))
        head = link_of(rows[-1])
    told = _told(state, len(rows), head)
    run = Run.objects.create(
        public_id=run_id, tenant=agent.tenant, agent=agent, goal=state.goal, created_by="ada", started_at=created_at, **told
    )
    Run.objects.filter(pk=run.pk).update(created_at=created_at)
    RunEvent.objects.bulk_create([RunEvent(run_id=run.pk, **row._asdict()) for row in rows], batch_size=500)
    StepSummary.objects.bulk_create([StepSummary(**{**asdict(row), "run_id": run.pk}) for row in step_rows(run.pk, state)], batch_size=500)
    return run


def _told(state: Any, seq: int, head: str) -> dict[str, Any]:
    """Return what the run's row says, as it stands in the columns."""
    from runs.shell.summaries import run_row  # noqa: PLC0415

    ended = "finished" if state.finished else "parked"
    told = asdict(run_row(0, state, seq, head, ended, state.now_ms))
    wake_in_ms, finished_at_ms = told.pop("wake_in_ms"), told.pop("finished_at_ms")
    del told["id"], told["held"]
    finished_at = None if finished_at_ms is None else datetime.fromtimestamp(finished_at_ms / 1_000, UTC)
    return {**told, "wake_at_ms": None if wake_in_ms is None else state.now_ms + wake_in_ms, "finished_at": finished_at}
