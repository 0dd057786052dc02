"""Faults on the console: tried from the simulator page by whoever may see plans, told on the run page, allowed by the platform only."""

from __future__ import annotations

import html
import json
from typing import Any

import pytest
from django.urls import reverse

from agents.models import Agent, Tenant
from runs.console.simulator.chaos_view import end_in_words, fault_in_words, pairs_of
from runs.models import Run
from tests.console.conftest import Cast, SignIn
from tests.console.test_run_page import shown
from tests.console.traces import a_trace

PAGE = "console-simulator"
PAY = {"steps": [{"step_id": "pay", "skill": "http_call", "params": {"url": "https://example.com/", "method": "POST"}}]}


def tried(browser: SignIn, tenant: Tenant, plan: Any, **fields: str) -> str:
    given = {"tenant": tenant.pk, "plan": json.dumps(plan), "try_faults": "1", **fields}
    answer = browser.post(reverse(PAGE), given)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def test_it_says_first_whether_a_plan_bears_its_faults_and_makes_nothing(cast: Cast) -> None:
    before = Run.objects.count()
    page = tried(SignIn("developer"), cast.acme, PAY)
    verdict = page.index("bears it</span> This plan duplicates its effect in 0 of 10 faults.")
    assert verdict < page.index("Fault by fault") < page.index("Ask again")
    assert "somebody with a verdict on pay: did it happen?" in page
    assert "What went wrong" not in page
    assert Run.objects.count() == before


def test_it_shows_what_goes_wrong_under_the_agents_policy(cast: Cast) -> None:
    agent = Agent.objects.get(tenant=cast.acme)
    agent.profile = {**agent.profile, "in_doubt_policy": "assume_not"}
    agent.save()
    page = tried(SignIn("developer"), cast.acme, PAY)
    assert "does not bear it</span>" in page
    assert page.index("What went wrong") < page.index("Timeout, the call arrived") < page.index("Pairs that went wrong")
    assert "1 too many" in page


@pytest.mark.parametrize("role", ["viewer", "operator", "approver", "auditor", "stranger"])
def test_it_is_for_those_who_may_simulate(role: str, cast: Cast) -> None:
    answer = SignIn(role).post(reverse(PAGE), {"tenant": cast.acme.pk, "plan": json.dumps(PAY), "try_faults": "1"})
    assert answer.status_code == 403


def test_it_tells_what_is_wrong_with_a_plan_instead(cast: Cast) -> None:
    page = tried(SignIn("developer"), cast.acme, {"steps": [{"step_id": "a", "skill": "nope"}]})
    assert "PLAN_INVALID" in page and "/plan/steps/0/skill" in page
    assert "Fault by fault" not in page


def test_another_tenants_agent_cannot_be_tried(cast: Cast) -> None:
    theirs = Agent.objects.get(tenant=cast.rival)
    page = tried(SignIn("developer"), cast.acme, PAY, agent=theirs.public_id)
    assert "there is no such agent" in page
    assert "Select a valid choice" in tried(SignIn("developer"), cast.rival, PAY)


def test_looking_at_the_page_tries_nothing(cast: Cast) -> None:
    page = SignIn("developer").get(reverse(PAGE) + "?try_faults=1&plan=" + json.dumps(PAY)).content.decode()
    assert "Fault by fault" not in page


# The run page


def test_the_run_page_says_that_faults_are_injected_on_purpose() -> None:
    faults = [{"kind": "crash_after_effect", "step": "pay"}, {"kind": "dns", "attempt": 2, "count": 3}]
    page = shown({**a_trace(), "faults": faults})
    assert "Injected on purpose:</strong> crash after effect at pay; dns at every step, at its call 2, 3 calls in a row." in page
    assert "Injected on purpose" not in shown(a_trace())


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("waiting: in_doubt", "in doubt"),
        ("waiting: budget", "short of money"),
        ("failed: HTTP_5XX", "failed (HTTP_5XX)"),
        ("partial", "partial"),
    ],
)
def test_an_end_is_said_in_words(end: str, said: str) -> None:
    assert end_in_words(end) == said


def test_words_for_the_small_things() -> None:
    assert fault_in_words({"kind": "lost_lease"}) == "lost lease at every step"
    assert pairs_of({"pairs": None}) is None
    assert pairs_of({"pairs": {"played": 0, "duplicating": 0}}) == "no fault leads to a second call"


# The tenant


def tenant_page(tenant: Tenant) -> str:
    return reverse("admin:agents_tenant_change", args=[tenant.pk])


def test_only_the_platform_lets_a_tenant_have_faults(cast: Cast) -> None:
    assert 'name="allow_faults"' in SignIn("root").get(tenant_page(cast.acme)).content.decode()
    for role in ("tenant_admin", "developer"):
        assert 'name="allow_faults"' not in SignIn(role).get(tenant_page(cast.acme)).content.decode()
    given = {"slug": cast.acme.slug, "name": cast.acme.name, "is_active": "on", "weight": 1, "max_queued_runs": 5, "time_zone": "UTC"}
    assert SignIn("tenant_admin").post(tenant_page(cast.acme), {**given, "allow_faults": "on"}).status_code == 403
    assert not Tenant.objects.filter(allow_faults=True).exists()
    assert SignIn("root").post(tenant_page(cast.acme), {**given, "allow_faults": "on"}).status_code == 302
    assert Tenant.objects.get(allow_faults=True) == cast.acme
