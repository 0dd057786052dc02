"""As test_nth_commit, with real processes: a worker is killed by SIGKILL at its n-th commit, and another one goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from runs.models import Run
from tests.fakes.skills import witnessed
from tests.integration.workshop import Workshop, assert_is_whole, chain, now, step, step_of
from tests.processes import a_worker_process, eventually

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("number", [3, 7, 12])
def test_it_goes_on_after_the_kill(workshop: Workshop, live_environment: dict[str, str], tmp_path: Path, number: int) -> None:
    witness, killed, log = tmp_path / "witness", tmp_path / "killed", tmp_path / "worker.log"
    environment = live_environment | {
        "DJANGO_SETTINGS_MODULE": "tests.simulation.mortal_settings",
        "AOS_SKILL_MODULES": "tests.fakes.skills",
        "SIMULATION_KILLED": str(killed),
        "SIMULATION_KILL_AT": str(number),
    }
    run = workshop.submit(
        *chain(
            step("look", "say"),
            step("fetch", "fails", code="CONNECTION_REFUSED", until_attempt=2, retry={"max_attempts": 3, "backoff_ms": 10}),
            step("send", "append_line", witness=str(witness), approval="always"),
            step("book", "append_line", witness=str(witness)),
            step("again", "say"),
        )
    )
    with a_worker_process(environment, log):
        eventually(lambda: is_over(workshop, run, witness), f"the end of the run\n{log.read_text()[-3_000:]}")
    assert killed.exists(), "nobody was killed"
    assert now(run).status == "succeeded"
    assert sorted(line.split()[0] for line in witnessed(witness)) == ["book", "send"]
    assert_is_whole(workshop, run)


def is_over(workshop: Workshop, run: Run, witness: Path) -> bool:
    """Decide what waits for a person; tell whether the run has ended."""
    if now(run).status == "waiting":
        for step_id in ("send", "book"):
            waiting = step_of(run, step_id)
            if waiting["status"] == "in_doubt":
                happened = any(line.startswith(step_id) for line in witnessed(witness))
                workshop.decide(run, step_id, "happened" if happened else "did_not_happen")
            elif waiting["reason"] == "approval":
                workshop.decide(run, step_id, "approve", action_hash=waiting["action_hash"])
    return now(run).is_terminal
