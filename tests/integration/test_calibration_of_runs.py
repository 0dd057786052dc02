"""After a hundred runs: what was predicted of each step against what it took, the table of it, and a promise that is kept again."""

from __future__ import annotations

import io
import json
from datetime import timedelta

from django.core.management import call_command
from django.utils import timezone

from runs import runtime
from runs.history.calibration import PROMISED
from runs.history.learning import learn
from runs.history.reading import history_of
from runs.models import LearningMark
from tests.integration.test_learning import ended
from tests.integration.workshop import Workshop, a_worker, over, step

RUNS = 100


def drifting(run: int) -> int:
    """Return how long a step takes in the n-th run: ever longer, and never quite the same."""
    return round(40 * (1 + run / 15) * (0.85, 1.0, 1.1, 0.95, 1.2)[run % 5])


def test_it_holds_predictions_against_a_hundred_runs_that_drift(quiet_workshop: Workshop) -> None:
    tenant, inside = quiet_workshop.tenant, list[bool]()
    for run in range(RUNS):
        took = drifting(run)
        before = history_of(tenant.pk, ["sleepy"]).get(("sleepy", "1.0.0"))
        if before is not None:
            inside.append(before.duration_ms.low <= took <= before.duration_ms.worst)
        at = timezone.now() - timedelta(hours=1) + timedelta(seconds=run)
        ended(quiet_workshop.agent, {"skill": "sleepy", "took": took, "cost_micro_usd": 3}, at=at)
        assert learn(rest=timedelta(0)) == 1
    assert sum(inside[-40:]) >= PROMISED * 40
    found = history_of(tenant.pk, ["sleepy"])["sleepy", "1.0.0"]
    assert len(inside) - 5 < found.calibration.n < len(inside), "what is old counts a little less"
    assert found.calibration.inside_share is not None
    assert abs(found.calibration.inside_share - sum(inside) / len(inside)) < 0.03
    assert found.calibration.widening > 1
    assert (found.calibration.mean_ratio or 0) > 1, "it took longer than was expected, run by run"


def test_it_prints_the_table_of_predicted_and_actual_after_a_hundred_runs(workshop: Workshop) -> None:
    # A worker learns beside its work, on a slow machine from dozens of runs at a time: it finds all that ends today looked at.
    mark = LearningMark.objects.create(pk=1, finished_at=timezone.now() + timedelta(days=1), run_id=0)
    runs = [
        workshop.submit(step("a", "sleepy", ms=1 + number % 5), step("b", "costly", worst=50, cost=20 + number % 9))
        for number in range(RUNS)
    ]
    with a_worker():
        for run in runs:
            over(run)
    mark.delete()
    later = timezone.now() + timedelta(seconds=10)
    while learn(rest=timedelta(0), passes_over=False, limit=20, now=later):
        pass
    out = io.StringIO()
    call_command("calibration", "--json", stdout=out)
    table = {found["skill"]: found for found in json.loads(out.getvalue())["data"]}
    assert set(table) == {"sleepy", "costly"}
    for found in table.values():
        assert found["n"] > 80
        assert found["predicted"]["low_ms"] <= found["actual"]["p50_ms"] <= found["actual"]["p95_ms"] <= found["predicted"]["worst_ms"]
        assert found["calibration"]["n"] > 50, "of the first twenty nothing was predicted"
        assert 0 <= found["calibration"]["inside"] <= 1
    assert 20 <= table["costly"]["cost"]["p50_micro_usd"] <= 28
    out = io.StringIO()
    call_command("calibration", stdout=out)
    assert "costly 1.0.0" in out.getvalue()
    assert "inside" in out.getvalue()


def test_what_was_measured_stands_beside_what_a_skill_declares(quiet_workshop: Workshop) -> None:
    for run in range(30):
        ended(quiet_workshop.agent, {"skill": "sleepy", "took": 200 + run, "cost_micro_usd": 7})
    learn(rest=timedelta(0))
    found = runtime.describe_skill(name="sleepy", tenant=quiet_workshop.tenant)
    assert found["avg_latency_ms"] == 1
    assert 200 <= found["measured_latency"]["p50_ms"] <= 230
    assert found["measured_cost"] == {"p50_micro_usd": 7, "p95_micro_usd": 7, "n": found["measured_latency"]["n"]}
    assert found["measured_failures"] == {"rate": 0.0, "n": 30}
    assert found["calibration"]["widening"] == 1
    nobody = runtime.describe_skill(name="sleepy")
    assert [nobody[name] for name in ("measured_latency", "measured_cost", "measured_failures", "calibration")] == [None] * 4
    assert nobody["digest"] == found["digest"], "what is measured is no part of what a skill says of itself"
    every = runtime.describe_skill(tenant=quiet_workshop.tenant)["data"]
    assert next(each for each in every if each["name"] == "sleepy") == found
    out = io.StringIO()
    call_command("describe_skill", "sleepy", stdout=out)
    assert "as a rule" in out.getvalue()
