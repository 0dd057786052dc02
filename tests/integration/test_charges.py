"""Charges of real runs: written with the event that tells of them, on the tenant's day, once, and never changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction

from agents.models import Tenant
from agents.services import create_agent
from runs.models import BudgetAlert, Charge, Outbox, Run, Session
from runs.money.usage import UsageQuery, usage
from runs.shell import sessions
from runs.shell.charges import write_charges
from skills.ids import new_id
from tests.integration.workshop import Workshop, a_worker, assert_is_whole, chain, decided, now, over, started, step
from tests.unit.test_charges import a_call, of


def charges(run: Run) -> list[Charge]:
    return list(Charge.objects.filter(run_public_id=run.public_id).order_by("seq"))


def test_a_call_is_charged_with_all_that_is_known_of_it(workshop: Workshop) -> None:
    run = workshop.submit(step("a", "costly", worst=40, cost=30, model="large"), step("b", "say", said="free"))
    with a_worker():
        over(run)
    assert_is_whole(workshop, run)
    (charge,) = charges(run)
    assert (charge.tenant, charge.agent_public_id, charge.run_public_id) == (workshop.tenant, workshop.agent.public_id, run.public_id)
    assert (charge.step, charge.attempt, charge.skill, charge.skill_version, charge.model) == ("a", 1, "costly", "1.0.0", "large")
    assert (charge.cost_micro_usd, charge.pricing_status, charge.waste) == (30, "priced", "")


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_it_is_charged_on_the_day_it_is_where_the_tenant_is(workshop: Workshop, zone: str) -> None:
    Tenant.objects.filter(pk=workshop.tenant.pk).update(time_zone=zone)
    run = workshop.submit(step("a", "costly", worst=40, cost=30))
    with a_worker():
        over(run)
    (charge,) = charges(run)
    at = datetime.fromtimestamp(charge.at_ms / 1_000, ZoneInfo(zone))
    assert charge.day == at.date()
    assert abs(datetime.now(ZoneInfo(zone)) - at) < timedelta(minutes=1)


def test_a_call_that_repeats_another_is_waste(workshop: Workshop) -> None:
    calls = [step(f"s{n}", "costly", worst=10, cost=10) for n in range(3)]
    run = workshop.submit(*chain(*calls))
    with a_worker():
        over(run)
    assert [charge.waste for charge in charges(run)] == ["", "loop", "loop"]


def test_a_lost_call_is_charged_at_its_worst_case_and_again_when_it_is_made(workshop: Workshop) -> None:
    run = workshop.submit(step("a", "costly", worst=40, cost=30, first_ms=60_000))
    with a_worker():
        started(run, "a")
        Session.objects.filter(state="live").update(lease_until_ms=0)
        sessions.reap()
    with a_worker():
        over(run)
    assert_is_whole(workshop, run)
    assert [(charge.cost_micro_usd, charge.pricing_status, charge.waste) for charge in charges(run)] == [
        (40, "estimated", "retry"),
        (30, "priced", ""),
    ]
    totals = usage(tenants=[workshop.tenant], query=UsageQuery())["totals"]
    assert (totals["cost_micro_usd"], totals["retry_waste"]["cost_micro_usd"]) == (now(run).spent_micro_usd, 40)


def test_what_cost_more_than_it_could_is_charged_as_it_was(workshop: Workshop) -> None:
    run = workshop.submit(step("a", "costly", worst=10, cost=25), budget_micro_usd=20)
    with a_worker():
        over(run)
    assert "overrun" in decided(run, "a")
    assert [charge.cost_micro_usd for charge in charges(run)] == [25]


def test_free_runs_are_charged_nothing(workshop: Workshop) -> None:
    run = workshop.submit(step("a", "say", said=1))
    with a_worker():
        over(run)
    assert not Charge.objects.exists()


# What the rows stand


def test_writing_them_twice_writes_them_once(workshop: Workshop) -> None:
    story = a_call()
    story.ok("a", cost=25)
    rows = of(story)
    for row in rows:
        row.tenant_id, row.agent_id = workshop.tenant.pk, workshop.agent.pk
    for _ in range(2):
        with transaction.atomic():
            write_charges(rows)
    assert Charge.objects.get().cost_micro_usd == 25


def test_many_are_written_at_once(workshop: Workshop) -> None:
    other = create_agent(tenant=workshop.tenant, name="other")
    story = a_call()
    story.ok("a", cost=25)
    (row,) = of(story)
    rows = []
    for number in range(50):
        each = type(row)(**{name: getattr(row, name) for name in row.__struct_fields__})
        each.tenant_id, each.agent_id = workshop.tenant.pk, (workshop.agent, other)[number % 2].pk
        each.run_public_id = new_id("run")
        rows.append(each)
    with transaction.atomic():
        write_charges(rows)
    assert Charge.objects.filter(agent_public_id=other.public_id).count() == 25


def test_they_are_never_changed_and_never_deleted(workshop: Workshop) -> None:
    run = workshop.submit(step("a", "costly", worst=40, cost=30))
    with a_worker():
        over(run)
    with pytest.raises(IntegrityError, match="charges"), transaction.atomic():
        Charge.objects.update(cost_micro_usd=0)
    if connection.vendor == "postgresql":
        with pytest.raises(IntegrityError, match="charges"), transaction.atomic():
            Charge.objects.all().delete()
    assert charges(run)[0].cost_micro_usd == 30


# Alerts


def test_an_alert_is_a_message_and_a_row(workshop: Workshop) -> None:
    run = workshop.submit(step("a", "costly", worst=45, cost=45), budget_micro_usd=50)
    with a_worker():
        over(run)
    alert, news = BudgetAlert.objects.get(), Outbox.objects.get(topic="budget.alert")
    assert (alert.scope_kind, alert.scope, alert.run_public_id) == ("run", f"run:{run.public_id}", run.public_id)
    assert (alert.spent_micro_usd, alert.limit_micro_usd, alert.tenant) == (45, 50, workshop.tenant)
    assert f'"scope":"run:{run.public_id}","spent_micro_usd":45,"limit_micro_usd":50' in news.data
