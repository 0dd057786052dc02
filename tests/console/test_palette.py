"""The command palette: finds by exact id, trace, code and name, at most ten, in one's own tenants and pages, and keeps nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from agents.models import Agent, Membership, Role
from runs.models import Run
from tests.console.conftest import CANARY, Cast, SignIn

pytestmark = pytest.mark.usefixtures("db")


def hits(browser: SignIn, words: str) -> list[str]:
    answer = browser.get(reverse("palette"), {"s": words})
    assert answer.status_code == 200
    return [hit.title for hit in answer.context["hits"]]


@pytest.mark.parametrize("person", ["viewer", "tenant_admin", "root"])
def test_it_finds_a_row_by_its_exact_id_within_ones_tenants(person: str, cast: Cast) -> None:
    browser = SignIn(person)
    for tenant, seen in ((cast.acme, True), (cast.rival, person == "root")):
        run, agent = Run.objects.get(tenant=tenant), Agent.objects.get(tenant=tenant)
        assert hits(browser, run.public_id) == [run.public_id] * seen
        assert hits(browser, run.public_id[:-1]) == []
        assert hits(browser, agent.public_id) == hits(browser, agent.name) == [agent.name] * seen


def test_it_finds_runs_by_the_beginning_of_a_trace_and_shows_ten(cast: Cast) -> None:
    for tenant in (cast.acme, cast.rival):
        agent = Agent.objects.get(tenant=tenant)
        Run.objects.bulk_create(Run(tenant=tenant, agent=agent, goal="g", trace_id=f"abcdef{n:026d}") for n in range(12))
    found = hits(SignIn("viewer"), "ABCDEF")
    assert len(found) == 10
    assert Run.objects.filter(public_id__in=found, tenant=cast.acme).count() == 10
    assert hits(SignIn("viewer"), "abcde") == []


def test_it_finds_codes_and_pages_the_person_may_see(cast: Cast) -> None:
    answer = SignIn("viewer").get(reverse("palette"), {"s": "timeout"})
    assert [(hit.title, hit.link) for hit in answer.context["hits"]] == [
        ("TIMEOUT", "/admin/runs/run/?q=TIMEOUT"),
        ("TIMEOUT", "/errors/TIMEOUT"),
    ]
    assert hits(SignIn("viewer"), "worker") == []
    assert hits(SignIn("operator"), "worker") == ["Workers & queue"]
    assert hits(SignIn("stranger"), "runs") == []


def test_rights_that_are_taken_are_gone_with_the_next_question(cast: Cast) -> None:
    browser = SignIn("operator")
    assert hits(browser, "worker") == ["Workers & queue"]
    Membership.objects.filter(user__username="operator").update(role=Role.VIEWER)
    assert hits(browser, "worker") == []


@pytest.mark.parametrize("words", ["", " ", "\x00", "run_", "%", "<script>alert(1)</script>", "W" * 5_000, "\u202eabc", "' OR 1=1 --"])
def test_it_takes_any_words(words: str, cast: Cast) -> None:
    answer = SignIn("root").get(reverse("palette"), {"s": words})
    assert answer.status_code == 200
    assert "<script>" not in answer.content.decode()
    assert CANARY not in answer.content.decode()


def test_it_asks_few_questions(cast: Cast, django_assert_max_num_queries: Any) -> None:
    browser = SignIn("tenant_admin")
    for words in (cast.run_of(cast.acme).public_id, "abcdef", "run", "timeout"):
        with django_assert_max_num_queries(14):
            hits(browser, words)


def test_who_is_not_signed_in_finds_nothing(client: Any, db: None) -> None:
    assert client.get(reverse("palette"), {"s": "runs"}).status_code == 302
