"""How a run ends: with which status, and what becomes of what was left."""

from __future__ import annotations

from runs.engine.decisions import Decision, Finish
from runs.engine.moves import cut_off
from runs.engine.state import STEP_ENDED, State


def natural_end(state: State) -> str:
    if not state.failed:
        return "succeeded"
    return "partial" if state.succeeded else "failed"


def finish(state: State, status: str, rule: str, out: list[Decision]) -> None:
    for left in state.steps.values():
        if left.status not in STEP_ENDED and left.status != "in_doubt":
            cut_off(state, left)
    if status == "failed" and state.failure is None:
        state.failure = next((s.failure for s in reversed(state.steps.values()) if s.status == "failed" and s.failure), None)
    state.ready.clear()
    state.timers.clear()
    state.status, state.waiting_for = status, ""
    failure = state.failure
    read = {"succeeded": state.succeeded, "failed": state.failed, "steps": len(state.nodes)}
    out.append(Finish(rule, "", read, status=status, code=failure.code if failure else "", message=failure.message if failure else ""))
