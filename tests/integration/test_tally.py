"""Sums of charges and alerts: right at every instant, whatever of the rows they hold already, and never ahead of who is still writing."""

from __future__ import annotations

import pytest

from agents.models import Agent, Tenant
from agents.services import create_agent
from runs.models import AlertSum, BudgetAlert, ChargeSum, TallyMark
from runs.shell import tally
from runs.shell.reading.usage_sql import Sums, Wanted, read_usage
from tests.integration.charging import a_charge

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent() -> Agent:
    return create_agent(tenant=Tenant.objects.create(slug="acme", name="Acme"), name="worker")


def later() -> None:
    """Let so much time pass that whoever was writing has committed."""
    TallyMark.objects.update(noted_at_ms=0)


def asked(agent: Agent) -> Sums:
    ((_, sums),) = read_usage(Wanted([agent.tenant_id]))[0]
    return sums


def test_it_moves_to_where_the_rows_ended_a_while_ago(agent: Agent) -> None:
    first = a_charge(agent, 100)
    # The first look only notes where they end: a row of a lower number may still come.
    assert tally.add_up() == 0
    second = a_charge(agent, 10)
    assert tally.add_up() == 0
    later()
    assert tally.add_up() == first.pk
    assert TallyMark.objects.get(name="charges").up_to == first.pk
    assert ChargeSum.objects.get().cost_micro_usd == 100
    later()
    assert tally.add_up() == second.pk - first.pk
    assert (ChargeSum.objects.get().calls, ChargeSum.objects.get().cost_micro_usd) == (2, 110)
    later()
    assert tally.add_up() == 0


def test_what_is_asked_is_the_same_at_every_stage(agent: Agent) -> None:
    told = []
    for cost in (100, 20, 3):
        a_charge(agent, cost, waste="retry" if cost == 20 else "", input_tokens=cost)
    for _ in range(4):
        told.append(asked(agent))
        tally.add_up()
        later()
    assert told == [told[0]] * 4
    assert (told[0].calls, told[0].cost_micro_usd, told[0].tokens["input"], told[0].parts["retry"]) == (3, 123, 123, (1, 20))


def test_it_goes_stretch_by_stretch(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    for cost in range(1, 8):
        a_charge(agent, cost)
    monkeypatch.setattr(tally, "AT_ONCE", 3)
    tally.add_up()
    later()
    tally.add_up()
    assert ChargeSum.objects.get().cost_micro_usd == 28
    assert asked(agent).cost_micro_usd == 28


def test_it_counts_alerts_by_kind_of_scope(agent: Agent) -> None:
    for scope in ("run:run_1", "run:run_2", f"tenant:{agent.tenant.public_id}"):
        told = {"scope": scope, "scope_kind": scope.split(":")[0], "spent_micro_usd": 8, "limit_micro_usd": 10}
        BudgetAlert.objects.create(tenant=agent.tenant, run_public_id="run_1", at_ms=1, **told)
    tally.add_up()
    later()
    tally.add_up()
    assert dict(AlertSum.objects.values_list("scope_kind", "alerts")) == {"run": 2, "tenant": 1}
