"""What others are told of a run: that it waits for somebody, and for what, and that it has ended. Decides, writes nothing."""

from __future__ import annotations

import msgspec

from runs.engine.state import State
from runs.shell.store import NewsRow

SOMEBODY = frozenset({"approval", "input", "escalation", "intervention", "budget", "in_doubt", "paused"})
"""What a run waits for that others are told about: somebody has to do something."""
MOST_ASKS = 50


def end_of(tenant_id: int, run_id: int, public_id: str, status: str) -> NewsRow:
    """Return the news that a run has ended."""
    return NewsRow(tenant_id, run_id, f"run.{status}", f'{{"run_id":"{public_id}","status":"{status}"}}')


def wait_of(tenant_id: int, run_id: int, public_id: str, state: State) -> tuple[NewsRow, ...]:
    """Return the news that a run waits for somebody, and what each of its steps asks; nothing where it waits for a clock."""
    if state.waiting_for not in SOMEBODY:
        return ()
    waiting = [state.steps[key] for key in state.waiting if state.steps[key].reason in SOMEBODY]
    doubts = [step for step in state.steps.values() if step.status == "in_doubt"]
    asks = [{"step_id": s.key, "waits_for": s.reason, "action_hash": s.action_hash or None} for s in waiting]
    asks += [{"step_id": s.key, "waits_for": "in_doubt", "action_hash": None} for s in doubts]
    said = {"run_id": public_id, "status": "waiting", "waiting_for": state.waiting_for, "asks": asks[:MOST_ASKS]}
    return (NewsRow(tenant_id, run_id, "run.waiting", msgspec.json.encode(said).decode()),)
