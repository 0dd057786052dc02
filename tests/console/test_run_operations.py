"""The page of a real run, and what an operator may do to it there."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from agents.models import Agent, Role, Tenant
from agents.tenancy import operator_principal
from runs.console.run import cancelling
from runs.models import Run, RunStatus, Signal
from runs.services import submit
from tests.console.conftest import CANARY, Cast, SignIn
from tests.console.traces import a_step


def submitted(tenant: Tenant, goal: str) -> Run:
    agent = Agent.objects.get(tenant=tenant)
    run, _ = submit(principal=operator_principal(tenant, "alice"), agent_ref=agent.name, goal=goal)
    return run


def page_url(run: Run) -> str:
    return reverse("admin:runs_run_change", args=[run.public_id])


def operate_url(run: Run, operation: str) -> str:
    return reverse("admin:runs_run_operate", args=[run.public_id, operation])


@pytest.mark.parametrize("role", [*Role.values, "root"])
def test_it_shows_a_run_to_its_tenant_and_its_goal_by_role(role: str, cast: Cast) -> None:
    run = submitted(cast.acme, "Fetch <b>the page</b> of Acme")
    page = SignIn(role).get(page_url(run)).content.decode()
    assert "Queued for" in page
    assert '<svg class="aos-bar"' in page
    assert ("Fetch &lt;b&gt;the page&lt;/b&gt; of Acme" in page) == (role in ("developer", "tenant_admin"))
    assert "<b>the page</b>" not in page


def test_what_was_spent_leads_to_the_charges_of_the_run(cast: Cast) -> None:
    run = cast.run_of(cast.acme)
    charges = SignIn("auditor").get(f"{reverse('admin:runs_charge_changelist')}?q={run.public_id}").context["cl"].result_list
    assert {charge.run_public_id for charge in charges} == {run.public_id}
    page = SignIn("auditor").get(page_url(submitted(cast.acme, "anything"))).content.decode()
    assert f'href="{reverse("admin:runs_charge_changelist")}?q=run_' in page


def test_a_run_and_those_it_called_lead_to_each_other(cast: Cast) -> None:
    run, called = submitted(cast.acme, "call another"), submitted(cast.acme, "be called")
    Run.objects.filter(pk=called.pk).update(parent=run, relation="child")
    page, other = (SignIn("viewer").get(page_url(each)).content.decode() for each in (run, called))
    waterfall = page.partition('aria-label="Waterfall of the run"')[2].partition("</table>")[0]
    assert f'<a href="{page_url(called)}">{called.public_id}</a>' in waterfall
    assert "be called" not in page
    assert f'<a class="aos-id" href="{page_url(run)}">{run.public_id}</a> (child)' in other


@pytest.mark.parametrize("role", [*Role.values, "stranger"])
def test_it_hides_another_tenants_run(role: str, cast: Cast) -> None:
    answer = SignIn(role).get(page_url(submitted(cast.rival, CANARY)))
    assert answer.status_code == 404
    assert CANARY not in answer.content.decode()


@pytest.mark.parametrize("role", [*Role.values, "root"])
def test_it_offers_operations_to_operators(role: str, cast: Cast) -> None:
    run = submitted(cast.acme, "anything")
    page = SignIn(role).get(page_url(run)).content.decode()
    assert (operate_url(run, "cancel") in page) == (role in ("operator", "tenant_admin"))


def test_it_offers_nothing_once_a_run_has_ended(cast: Cast) -> None:
    run = submitted(cast.acme, "anything")
    Run.objects.filter(pk=run.pk).update(status=RunStatus.CANCELLED)
    assert operate_url(run, "cancel") not in SignIn("operator").get(page_url(run)).content.decode()


def test_it_cancels_by_the_same_service_as_the_api(cast: Cast) -> None:
    run = submitted(cast.acme, "anything")
    answer = SignIn("operator").post(operate_url(run, "cancel"), {"reason": "no longer needed"})
    assert (answer.status_code, answer["Location"]) == (302, page_url(run))
    signal = Signal.objects.get(run=run)
    assert signal.actor == "operator"
    assert "no longer needed" in signal.data
    (said,) = get_messages(answer.wsgi_request)
    assert "Stops now: nothing else was to begin. In flight: plan, told to stop. May still land: nothing that" in str(said)


def test_it_says_before_a_cancel_what_stops_what_is_in_flight_and_what_may_still_land(cast: Cast) -> None:
    steps = [
        a_step("$plan", "", "succeeded"),
        a_step("look", "http_call", "running", effect="read"),
        a_step("order", "http_call", "running", effect="write"),
        a_step("pay", "http_call", "in_doubt", effect="irreversible"),
        *(a_step(f"s{n}", "shell", "pending") for n in range(10)),
    ]
    assert cancelling.foreseen(steps) == [
        ("Stops now", "s0, s1, s2, s3, s4, s5, s6, s7 and 2 more"),
        ("In flight", "look (http_call), order (http_call), told to stop"),
        ("May still land", "order, pay (in doubt already)"),
    ]
    run = submitted(cast.acme, "anything")
    form = SignIn("operator").get(page_url(run)).content.decode().partition(operate_url(run, "cancel"))[2].partition("</form>")[0]
    assert [question in form for question in ("Stops now", "In flight", "May still land")] == [True] * 3


@pytest.mark.parametrize("operation", ["cancel", "pause", "resume"])
def test_it_changes_nothing_by_a_get(operation: str, cast: Cast) -> None:
    run = submitted(cast.acme, "anything")
    assert SignIn("operator").get(operate_url(run, operation)).status_code == 405
    assert not Signal.objects.exists()


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("developer", 403), ("approver", 403), ("auditor", 403), ("stranger", 404)])
def test_it_takes_no_wish_from_other_roles(role: str, status: int, cast: Cast) -> None:
    run = submitted(cast.acme, "anything")
    assert SignIn(role).post(operate_url(run, "cancel")).status_code == status
    assert not Signal.objects.exists()


def test_it_takes_no_wish_for_another_tenants_run(cast: Cast) -> None:
    run = submitted(cast.rival, CANARY)
    assert SignIn("tenant_admin").post(operate_url(run, "cancel")).status_code == 404
    assert not Signal.objects.exists()


def test_it_asks_for_the_forms_own_token(cast: Cast) -> None:
    run = submitted(cast.acme, "anything")
    browser: Any = SignIn("operator")
    browser.handler.enforce_csrf_checks = True
    assert browser.post(operate_url(run, "cancel")).status_code == 403
    assert not Signal.objects.exists()


def test_it_knows_no_other_operation(cast: Cast) -> None:
    assert SignIn("operator").post(operate_url(submitted(cast.acme, "x"), "explode")).status_code == 404
