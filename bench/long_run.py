"""A run with many steps, each of which came to its result at the third try: played in the script world, stored in the real tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

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
    from django.utils import timezone  # noqa: PLC0415

    from runs.engine.events import RunAccepted, Terms  # noqa: PLC0415
    from runs.engine.script import Fail, Ok, Outcome, ScriptWorld  # noqa: PLC0415
    from runs.engine.virtual import drive  # noqa: PLC0415
    from skills.ids import new_id  # noqa: PLC0415

    run_id, now = new_id("run"), timezone.now()
    failed = Fail("HTTP_5XX", phase="acked", message="api.example.com answered 500", after_ms=40, advice=ADVICE)
    outcomes: dict[str, Outcome | Sequence[Outcome]] = {
        f"s{n}": [*[failed] * (attempts - 1), Ok(RESULT, after_ms=40, side_effects=[EFFECT])] for n in range(steps)
    }
    began_ms = round(now.timestamp() * 1_000)
    plan = _plan(steps, attempts)
    first = RunAccepted(began_ms, run_id, Terms(max_parallel=WIDTH), seed=run_id, goal="a long run", plan=plan)
    state, journal = drive(first, ScriptWorld(outcomes=outcomes))
    assert state.status == "succeeded", state.failure
    return _stored(agent, run_id, now, state, journal)


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


def _stored(agent: Agent, run_id: str, now: datetime, state: Any, journal: Any) -> Run:
    from runs.models import Run, RunEvent, StepSummary  # noqa: PLC0415
    from runs.shell.chain import link_of  # noqa: PLC0415
    from runs.shell.driver import row_of  # noqa: PLC0415

    rows, head = [], ""
    for seq, entry in enumerate(journal, start=1):
        rows.append(row_of(seq, entry.fact, entry.decisions, head))
        head = link_of(rows[-1])
    done = sum(step.status == "succeeded" for key, step in state.steps.items() if not key.startswith("$"))
    run = Run.objects.create(
        public_id=run_id,
        tenant=agent.tenant,
        agent=agent,
        goal=state.goal,
        status=state.status,
        planner="manual",
        plan_hash=state.plan_hash,
        steps_total=len(state.nodes),
        steps_done=done,
        retries=state.retries,
        journal_head=head,
        last_seq=len(rows),
        started_at=now,
        finished_at=datetime.fromtimestamp(state.now_ms / 1_000, UTC),
    )
    RunEvent.objects.bulk_create([RunEvent(run_id=run.pk, **row._asdict()) for row in rows], batch_size=500)
    StepSummary.objects.bulk_create(
        [
            StepSummary(run=run, key=key, position=place, skill="http_call", status=state.steps[key].status)
            for place, key in enumerate(state.nodes)
        ]
    )
    return run
