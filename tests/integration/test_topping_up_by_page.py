"""A run that waits for money is topped up on its page: it says what is missing and who may give it, and goes on where it stopped."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from agents import ledger
from agents.models import LedgerEntry, Membership
from runs.models import Run
from tests.fakes.skills import witnessed
from tests.integration.workshop import Workshop, a_worker, assert_is_whole, chain, now, over, parked, started, step


def browser(workshop: Workshop, role: str) -> Client:
    person = User.objects.create_user(role, is_staff=True)
    Membership.objects.create(user=person, tenant=workshop.tenant, role=role)
    client = Client()
    client.force_login(person)
    return client


def page(client: Client, run: Run) -> str:
    return client.get(reverse("admin:runs_run_change", args=[run.public_id])).content.decode()


def topped_up(client: Client, run: Run, **form: str) -> str:
    """Send the form; return what the next page says."""
    answer: Any = client.post(reverse("admin:runs_run_operate", args=[run.public_id, "top-up"]), form)
    assert answer.status_code == 302
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def a_short_run(workshop: Workshop, **more: Any) -> Run:
    """Return a run of three calls of 40 that has money for two."""
    run = workshop.submit(*chain(*(step(f"s{n}", "costly", worst=40, cost=40, **more) for n in range(3))), budget_micro_usd=100)
    with a_worker():
        parked(run, "budget")
    return run


def test_it_goes_on_where_it_stopped_once_it_is_topped_up(workshop: Workshop, tmp_path: Any) -> None:
    run = a_short_run(workshop, witness=str(tmp_path / "w"))
    operator = browser(workshop, "operator")
    shown = page(operator, run)
    assert "its own limit is used up" in shown
    assert "&lt;$0.0001 more is needed for its next step" in shown
    assert "operator, tenant admin, a key with runs:write" in shown
    assert 'name="amount"' in shown
    assert "has been told" in topped_up(operator, run, amount="0.00002", once="form-1")
    assert topped_up(operator, run, amount="0.00002", once="form-1")
    assert LedgerEntry.objects.get(kind="top_up").amount_micro_usd == 20
    with a_worker():
        assert over(run).status == "succeeded"
    assert witnessed(tmp_path / "w") == ["s0 1", "s1 1", "s2 1"]
    assert_is_whole(workshop, run)


@pytest.mark.parametrize(
    ("amount", "why"),
    [("", "say how much"), ("-2", "not below zero"), ("1,5", "without commas"), ("0", "nothing"), ("9" * 12, "more than")],
)
def test_it_says_why_an_amount_is_refused(workshop: Workshop, amount: str, why: str) -> None:
    run = a_short_run(workshop)
    assert why in topped_up(browser(workshop, "tenant_admin"), run, amount=amount)
    assert now(run).limit_micro_usd == 100
    assert not LedgerEntry.objects.filter(kind="top_up").exists()


@pytest.mark.parametrize("role", ["auditor", "developer", "viewer", "approver"])
def test_it_is_no_matter_of_other_roles(workshop: Workshop, role: str) -> None:
    run = a_short_run(workshop)
    client = browser(workshop, role)
    shown = page(client, run)
    assert 'name="amount"' not in shown
    assert ("It waits for money" in shown) == (role in ("auditor", "developer"))
    answer = client.post(reverse("admin:runs_run_operate", args=[run.public_id, "top-up"]), {"amount": "1"})
    assert answer.status_code == 403
    assert not LedgerEntry.objects.filter(kind="top_up").exists()


def test_it_is_not_offered_where_another_limit_is_short(workshop: Workshop) -> None:
    ledger.set_budget(tenant=workshop.tenant, kind="agent", key="worker", period="day", limit_micro_usd=50)
    run = a_short_run(workshop)
    shown = page(browser(workshop, "tenant_admin"), run)
    assert "the budget of the agent on" in shown
    assert "There is room again by itself at" in shown
    assert reverse("console-budgets") in shown
    assert 'name="amount"' not in shown


def test_it_leads_to_the_run_whose_limit_is_short(workshop: Workshop) -> None:
    caller = workshop.submit(*chain(step("a", "costly", worst=10, cost=10), step("b", "sleepy", ms=3_000)), budget_micro_usd=50)
    with a_worker():
        started(caller, "b")
        called = workshop.submit(step("a", "costly", worst=70, cost=70), called_by=caller.public_id)
        parked(called, "budget")
        shown = page(browser(workshop, "operator"), called)
        over(caller)
    assert f"the limit of {caller.public_id}, which called it" in shown
    assert reverse("admin:runs_run_change", args=[caller.public_id]) in shown
    assert 'name="amount"' not in shown


def test_it_is_not_offered_to_a_run_that_needs_none(workshop: Workshop) -> None:
    run = workshop.submit(step("a", "say"))
    shown = page(browser(workshop, "tenant_admin"), run)
    assert "It waits for money" not in shown
    assert 'name="amount"' not in shown
