"""What one types into the search of the runs: ids, beginnings of traces, codes; and what a list may not be asked by whom."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agents.models import Role
from runs.models import Run
from tests.console.conftest import CANARY, Cast, SignIn
from tests.console.test_overview_page import a_run

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
MOST_QUERIES = 12


def found(role: str, **asked: str) -> list[Run]:
    return list(SignIn(role).get(reverse("admin:runs_run_changelist"), asked).context["cl"].result_list)


def test_it_finds_by_id_by_trace_and_by_code(cast: Cast) -> None:
    ended = a_run(cast.acme, "failed", trace_id=TRACE, failure_code="NOT_FOUND", finished_at=timezone.now())
    live = a_run(cast.acme, "running", trace_id=TRACE)
    a_run(cast.acme, "queued", trace_id="4bf92f3a" + "0" * 24)
    rivals = a_run(cast.rival, "failed", trace_id=TRACE, failure_code="NOT_FOUND", finished_at=timezone.now())
    assert found("viewer", q=f" {ended.public_id} ") == [ended]
    assert set(found("viewer", q=TRACE)) == set(found("viewer", q="4bf92f35")) == {ended, live}
    assert len(found("viewer", q="4bf9")) == 3
    assert found("viewer", q="not_found") == found("viewer", q="NOT_FOUND") == [ended]
    assert found("viewer", q="NOT_FOUND", stage="active") == []
    assert found("viewer", q=rivals.public_id) == found("viewer", q="NOBODY_KNOWS") == []


def test_a_list_asks_as_many_questions_for_many_runs_as_for_few(cast: Cast) -> None:
    browser = SignIn("operator")
    address = reverse("admin:runs_run_changelist")

    def asked() -> int:
        browser.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address).status_code == 200
        assert not [query for query in queries if 'INNER JOIN "agents_agent"' in query["sql"] and '"goal"' in query["sql"]]
        return len(queries)

    before = asked()
    for _ in range(60):
        a_run(cast.acme, "succeeded")
    assert asked() <= before + 1, "a minute may pass in between, after which who works is asked again"
    assert before <= MOST_QUERIES


def readers(address: str, asked: dict[str, str]) -> set[str]:
    """Return who may narrow a list by this; all others are told that it is no filter."""
    answers: dict[str, Any] = {role: SignIn(role).get(address, asked) for role in (*Role.values, "root")}
    assert {answer.status_code for answer in answers.values()} <= {200, 400}
    return {role for role, answer in answers.items() if answer.status_code == 200}


def test_nobody_asks_a_list_for_what_they_may_not_read(cast: Cast) -> None:
    runs, failures = reverse("admin:runs_run_changelist"), reverse("admin:catalog_failurematch_changelist")
    payload, costs = {"developer", "tenant_admin"}, {"developer", "operator", "tenant_admin", "auditor"}
    assert readers(runs, {"goal__icontains": CANARY}) == readers(runs, {"summary": CANARY}) == payload
    assert readers(failures, {"message__icontains": CANARY}) == payload
    assert readers(runs, {"spent_micro_usd__gt": "5"}) == readers(failures, {"cost_micro_usd__gt": "5"}) == costs
    assert readers(failures, {"cause__icontains": CANARY}) == {*Role.values} - {"viewer"}
    assert readers(runs, {"failure_code__exact": "TIMEOUT"}) == {*Role.values, "root"}


def test_categories_are_those_there_are(cast: Cast) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer: Any = SignIn("viewer").get(reverse("admin:catalog_failurematch_changelist"), {"category__exact": "transient"})
    assert len(answer.context["cl"].result_list) == 1
    assert not [query for query in queries if "DISTINCT" in query["sql"]]
