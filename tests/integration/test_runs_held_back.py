"""Runs whose calls may not begin now: a kill switch holds them until it is lifted, a rate until it has room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agents import freezes
from agents.models import RateWindow
from agents.services import create_agent
from runs.models import Run
from skills.refusal import Refusal
from tests.fakes.skills import witnessed
from tests.integration.workshop import (
    Workshop,
    a_worker,
    assert_is_whole,
    chain,
    decided,
    decisions,
    kinds,
    now,
    over,
    parked,
    started,
    step,
    wait_for,
)


def frozen(workshop: Workshop, kind: str) -> freezes.Freeze:
    key = {"tenant": None, "agent": workshop.agent.name, "skill": "append_line"}[kind]
    found, _ = freezes.freeze(tenant=workshop.tenant, kind=kind, key=key, reason="it misbehaves", by="bob")
    return found


def line(step_id: str, path: Path, *needs: str) -> dict[str, Any]:
    return step(step_id, "append_line", *needs, witness=str(path))


@pytest.mark.parametrize("kind", ["tenant", "agent", "skill"])
def test_a_freeze_holds_before_the_next_step_and_lets_go_when_it_is_lifted(workshop: Workshop, tmp_path: Path, kind: str) -> None:
    witness = tmp_path / "w"
    run = workshop.submit(*chain(step("long", "sleepy", ms=1_500), line("line", witness)))
    with a_worker():
        started(run, "long")
        freeze = frozen(workshop, kind)
        waiting = parked(run, "paused")
        # What was under way finished; what comes next did not begin.
        assert (waiting.steps_done, witnessed(witness) if witness.exists() else []) == (1, [])
        assert waiting.blocked_by == freezes.Freezes.load().holds(workshop.tenant.pk, workshop.agent.pk, "append_line").label  # type: ignore[union-attr]
        assert "Frozen with" in waiting.summary
        freezes.lift(freeze, reason="mended", by="bob")
        assert over(run).status == "succeeded"
    assert len(witnessed(witness)) == 1
    assert "hold_back" in decided(run, "line")
    assert "freeze_lifted" in kinds(run)
    assert_is_whole(workshop, run)


def test_what_is_frozen_takes_no_new_run_and_those_queued_wait(workshop: Workshop, tmp_path: Path) -> None:
    queued = workshop.submit(step("say", "say", said=1))
    freeze = frozen(workshop, "agent")
    with pytest.raises(Refusal) as refused:
        workshop.submit(step("say", "say", said=1))
    assert refused.value.code == "FROZEN"
    with a_worker():
        assert parked(queued, "paused").steps_done == 0
        freezes.lift(freeze, reason="mended", by="bob")
        assert over(queued).status == "succeeded"


def test_a_rate_holds_calls_until_it_has_room_and_fails_none(workshop: Workshop) -> None:
    agent = create_agent(tenant=workshop.tenant, name="slow", profile={"rate_limit_per_minute": 3})
    runs = [workshop.submit(step("say", "say", said=n), agent=agent) for n in range(5)]
    with a_worker():
        wait_for(lambda: sum(now(run).is_terminal for run in runs) == 3, "three runs through")
        held = [run for run in runs if not now(run).is_terminal]
        for run in held:
            waiting = parked(run, "timer")
            assert waiting.wake_at_ms is not None
            (hold,) = [d for d in decisions(run, "say") if d["kind"] == "hold_back"]
            assert (hold["rule"], hold["code"], hold["scope"]) == ("rate_limit", "RATE_LIMITED", f"agent:{agent.public_id}")
            assert 0 < hold["because"]["retry_after_ms"] <= 61_000
        # A minute later, as far as the rate knows.
        RateWindow.objects.all().delete()
        for run in held:
            Run.objects.filter(pk=run.pk, status="waiting").update(wake_at_ms=1)
        assert {over(run).status for run in held} == {"succeeded"}
