"""Every published time has the one form, whoever asks and whichever way."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from agents.models import Agent
from runs import selectors
from runs.models import Run
from tests.api.cast import Caller

pytestmark = pytest.mark.django_db

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
PLAN = {"steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": {"x": 1}}}]}


def instants(value: Any) -> Iterator[Any]:
    """Yield what stands under the names of instants that have come."""
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if str(name).endswith("_at") and inner is not None:
            yield inner
        yield from instants(inner)


@pytest.fixture
def run_id(alice: Caller, agent: Agent) -> str:
    accepted: str = alice.post("/api/v1/runs", {"agent": "worker", "plan": PLAN}).json()["run_id"]
    Run.objects.update(started_at=timezone.now(), finished_at=timezone.now())
    return accepted


@pytest.mark.parametrize(
    ("path", "number"),
    [
        pytest.param("/api/v1/agents/worker", 2, id="an-agent"),
        pytest.param("/api/v1/runs/{}", 3, id="a-run"),
        pytest.param("/api/v1/runs", 3, id="a-page-of-runs"),
        pytest.param("/api/v1/runs/{}/trace", 3, id="a-trace"),
        pytest.param("/api/v1/runs/{}/contract", 1, id="a-contract"),
        pytest.param("/api/v1/runtime/failure-catalog?code=TIMEOUT&skill=http_call", 1, id="the-catalog"),
    ],
)
def test_it_publishes_instants_in_one_form(bob: Caller, run_id: str, path: str, number: int) -> None:
    found = list(instants(bob.get(path.format(run_id)).json()))
    assert len(found) >= number
    assert [at for at in found if not isinstance(at, str) or not INSTANT.fullmatch(at)] == []


def test_it_says_the_same_to_commands(bob: Caller, run_id: str) -> None:
    out = io.StringIO()
    call_command("query", "state", "--filter", f"run_id={run_id}", stdout=out)
    assert json.loads(out.getvalue())["run"] == bob.get(f"/api/v1/runs/{run_id}").json()


def test_it_is_text_before_it_is_sent(run_id: str, agent: Agent) -> None:
    shown = selectors.run_json(selectors.get_run(tenant=agent.tenant, run_id=run_id))
    assert json.loads(json.dumps(shown)) == shown
