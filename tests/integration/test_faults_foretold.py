"""What `chaos` foretells of a fault is what a real worker does with it: kind by kind, for a read and for a write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agents.models import Tenant
from runs.chaos import try_faults
from runs.faults.contracts import ChaosCase, Fault
from runs.faults.kinds import FaultKind
from runs.models import Run
from tests.integration.workshop import Workshop, a_worker, now, step, step_of, wait_for

Came = tuple[str, str | None, str | None, int]
"""How a run came out: status, what it waits for, why it failed, how often the step was called."""


def foretold(workshop: Workshop, plan: dict[str, Any], kind: FaultKind) -> set[Came]:
    told = try_faults(principal=workshop.alice, plan=plan, agent_ref=workshop.agent.public_id, faults=[kind], pairs=False)
    return {came_of(case) for case in told.cases}


def came_of(case: ChaosCase) -> Came:
    return case.end.status, case.end.waiting_for, case.end.code, case.calls


def came(run: Run) -> Came:
    ended = now(run)
    failed = ended.failure_code if ended.status not in ("succeeded", "waiting") else ""
    return ended.status, ended.waiting_for or None, failed or None, len(step_of(run, "a")["attempts"])


def is_settled(run: Run) -> bool:
    row = now(run)
    return row.is_terminal or (row.status == "waiting" and row.waiting_for != "timer")


def test_a_run_comes_out_as_was_foretold(workshop: Workshop, tmp_path: Path) -> None:
    Tenant.objects.update(allow_faults=True)
    plans = {"read": step("a", "sleepy"), "write": step("a", "append_line", witness=str(tmp_path / "lines"))}
    after = {FaultKind.SLOW: 1}
    runs = {
        (effect, kind): workshop.submit(planned, faults=[Fault(kind=kind, after_ms=after.get(kind))])
        for effect, planned in plans.items()
        for kind in FaultKind
    }
    with a_worker():
        for run in runs.values():
            wait_for(lambda run=run: is_settled(run), f"{run.public_id} to end or to wait for somebody")
    differing = {
        key: (came(run), told)
        for key, run in runs.items()
        if (told := foretold(workshop, {"steps": [plans[key[0]]]}, key[1])) != {came(run)}
    }
    assert differing == {}
