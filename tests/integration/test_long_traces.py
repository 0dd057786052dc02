"""A long run's trace costs as much more as it is longer, and not one query more. Times are for `python -m bench.traces`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agents.models import Agent, Membership, Tenant
from agents.services import create_agent
from agents.tenancy import create_key
from bench.long_run import store_long_run
from runs.console.run.run_page import DECISIONS_SHOWN, EVENTS_SHOWN, run_page
from runs.models import Run
from runs.selectors import trace_json
from tests.fakes.collector import official

SHORT, LONG = 20, 80


@pytest.fixture
def agent(db: None) -> Agent:
    return create_agent(tenant=Tenant.objects.create(slug="acme", name="Acme"), name="worker")


def queries(ask: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert ask().status_code == 200
    return len(captured)


def calls(do: Callable[[], Any]) -> int:
    """Return how many Python functions are called: work that can be counted, whatever else the machine does."""
    count = 0

    def note(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        do()
    finally:
        sys.setprofile(before)
    return count


@pytest.fixture
def ask(agent: Agent) -> Callable[[Run, str], Any]:
    _, key = create_key(agent.tenant, "reader", ("runs:read",))
    person, program = Client(), Client(headers={"Authorization": f"Bearer {key}"})
    nora = User.objects.create_user("nora", is_staff=True)
    Membership.objects.create(user=nora, tenant=agent.tenant, role="tenant_admin")
    person.force_login(nora)

    def answer(run: Run, what: str) -> Any:
        if what == "page":
            return person.get(reverse("admin:runs_run_change", args=[run.pk]))
        return program.get(f"/api/v1/runs/{run.public_id}/trace", {"format": what})

    return answer


@pytest.mark.parametrize("what", ["json", "otlp", "page"])
def test_it_asks_the_database_the_same_however_long_the_run_is(agent: Agent, ask: Callable[[Run, str], Any], what: str) -> None:
    short, long = store_long_run(agent, 3), store_long_run(agent, LONG)
    ask(short, what)  # what is asked once for all is asked now
    assert queries(lambda: ask(long, what)) == queries(lambda: ask(short, what))


def test_it_works_in_proportion_to_the_steps(agent: Agent) -> None:
    def work(run: Run) -> int:
        trace = trace_json(tenant=agent.tenant, run_id=run.public_id)
        return calls(lambda: trace_json(tenant=agent.tenant, run_id=run.public_id)) + calls(
            lambda: run_page(trace, 0, shows_payloads=True, shows_costs=True, shows_targets=True)
        )

    assert work(store_long_run(agent, LONG)) < 1.1 * LONG / SHORT * work(store_long_run(agent, SHORT))


def test_a_page_shows_all_steps_and_says_how_much_more_there_is(agent: Agent, ask: Callable[[Run, str], Any]) -> None:
    run = store_long_run(agent, LONG)
    page = ask(run, "page").content.decode()
    assert page.count('role="row"') >= LONG * (1 + 3 + 2), "steps, attempts, and the back-offs between"
    assert "70 more steps failed on the way" in page
    trace = ask(run, "json").json()
    assert f"{len(trace['decisions']) - DECISIONS_SHOWN} more: choose a kind or a step" in page
    assert f"{len(trace['events']) - EVENTS_SHOWN} more events" in page
    spans = official(ask(run, "otlp").json()).resource_spans[0].scope_spans[0].spans
    assert len(spans) == 1 + 1 + 3 * LONG
