"""Rates are exact over all workers: as many calls pass as the limit says, whoever asks, in whatever order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError

from agents import rates
from agents.clock import ask_time
from agents.contracts import AgentProfile
from agents.limits import MINUTE_MS, Full, Limit, rules_of
from agents.models import RateWindow, Tenant
from agents.rates import Ask
from agents.services import create_agent, update_agent
from skills.refusal import Refusal
from skills.registry import registry
from tests.fakes.skills import Say
from tests.integration.callers import LIMIT, Elsewhere, Limited, a_run, asked, in_parallel
from tests.integration.workshop import Workshop

CALLERS = 50


@pytest.mark.parametrize(("gates", "calls"), [(1, 50), (5, 10), (50, 1)])
def test_it_lets_exactly_the_limit_through_however_the_callers_are_spread(workshop: Workshop, gates: int, calls: int) -> None:
    run = a_run(workshop.tenant, workshop.agent)
    said = [held for answers, _ in in_parallel(gates, lambda _: asked(run, Limited(), [{}] * calls)) for held in answers]
    refused = [held for held in said if held is not None]
    assert (len(said), len(refused)) == (CALLERS, CALLERS - LIMIT)
    for held in refused:
        assert (held.code, held.scope, held.limit) == ("RATE_LIMITED", "skill:limited", LIMIT)
        assert held.retry_after_ms is not None
        assert 0 < held.retry_after_ms <= MINUTE_MS
        assert "20 calls" in held.message
    assert rates.read_window(RateWindow.objects.get().calls).total == LIMIT


def test_it_asks_once_for_all_who_come_together(workshop: Workshop) -> None:
    run = a_run(workshop.tenant, workshop.agent)
    held, questions = asked(run, Limited(), [{}] * CALLERS)
    assert (held.count(None), questions) == (LIMIT, 1)


def test_it_asks_nobody_where_nothing_is_limited(workshop: Workshop) -> None:
    run, about_others = a_run(workshop.tenant, workshop.agent), [{"scope": "x", "skill": "look", "host": None, "per_minute": 1}]
    calls = [{"effect": "none"}, {"effect": "read"}, {"rules": about_others}]
    assert asked(run, Say(), calls) == ([None] * 3, 0)
    assert not RateWindow.objects.exists()


def test_it_takes_of_all_limits_or_of_none_from_whichever_end_they_are_named(workshop: Workshop) -> None:
    wide, narrow = Limit("wide", LIMIT), Limit("narrow", LIMIT // 2)
    in_turn = [[wide, narrow], [narrow, wide]]
    said = in_parallel(CALLERS // 2, lambda number: rates.take([Ask(workshop.tenant.pk, in_turn[number % 2])] * 2))
    answers = [full for both in said for full in both]
    assert answers.count(None) == LIMIT // 2
    assert {full.limit for full in answers if full is not None} == {narrow}
    assert {row.scope: rates.read_window(row.calls).total for row in RateWindow.objects.all()} == {"wide": 10, "narrow": 10}


@pytest.fixture
def tenant(db: None) -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


def take(tenant: Tenant, limit: Limit, at_ms: int) -> Full | None:
    return rates.take([Ask(tenant.pk, [limit])], str(at_ms))[0]


def test_it_lets_the_next_one_through_when_it_said(tenant: Tenant) -> None:
    limit = Limit("agent:agt_1", 2)
    assert [take(tenant, limit, at) for at in (1_000_000, 1_000_400, 1_000_500)] == [None, None, Full(limit, 59_500)]
    assert take(tenant, limit, 1_059_999) == Full(limit, 1)
    assert take(tenant, limit, 1_060_000) is None
    assert take(tenant, limit, 1_060_000) == Full(limit, 400)


def test_it_keeps_to_its_word_after_the_clock_was_set_back(tenant: Tenant) -> None:
    limit, hour = Limit("agent:agt_1", 1), 3_600_000
    assert take(tenant, limit, 10 * hour) is None
    full = take(tenant, limit, 9 * hour)
    assert full is not None
    assert full.retry_after_ms <= MINUTE_MS + 100
    assert take(tenant, limit, 9 * hour + full.retry_after_ms - 1) == Full(limit, 1)
    assert take(tenant, limit, 9 * hour + full.retry_after_ms) is None


def test_it_counts_for_each_tenant_apart(tenant: Tenant) -> None:
    rival = Tenant.objects.create(slug="rival", name="Rival")
    limit = Limit("skill:limited", 1)
    both = [Ask(tenant.pk, [limit]), Ask(rival.pk, [limit]), Ask(rival.pk, [Limit("skill:other", 1)])]
    assert rates.take(both) == [None, None, None]
    assert [full is None for full in rates.take(both)] == [False, False, False]


def test_it_goes_by_each_callers_own_limit_of_a_shared_scope(tenant: Tenant) -> None:
    for _ in range(3):
        assert take(tenant, Limit("agent:agt_1", 5), 1_000_000) is None
    assert take(tenant, Limit("agent:agt_1", 3), 1_000_001) == Full(Limit("agent:agt_1", 3), 59_999)
    assert take(tenant, Limit("agent:agt_1", 4), 1_000_001) is None


def test_it_takes_many_limits_at_once(tenant: Tenant) -> None:
    many = [Limit(f"scope {number}", 1) for number in range(1_500)]
    assert rates.take([Ask(tenant.pk, many)]) == [None]
    assert rates.take([Ask(tenant.pk, [each]) for each in many]).count(None) == 0


def test_it_counts_a_call_of_an_unknown_host_for_all(workshop: Workshop) -> None:
    profile = AgentProfile(rate_limits=[{"host": "a.example", "per_minute": 1}, {"host": "b.example", "per_minute": 1}])
    run, rules = a_run(workshop.tenant, workshop.agent), rules_of(workshop.agent.public_id, profile)
    # It breaks without a host: then it may go anywhere, and takes of all.
    calls = [
        {"rules": rules, "params": params}
        for params in ({}, {"host": "a.example:443"}, {"host": "b.example:443"}, {"host": "c.example:443"})
    ]
    held, _ = asked(run, Elsewhere(), calls)
    scope = f"agent:{workshop.agent.public_id}/host"
    assert [each and each.scope for each in held] == [None, f"{scope}:a.example", f"{scope}:b.example", None]


def test_it_tells_whoever_waits_that_the_database_refused(workshop: Workshop) -> None:
    with pytest.raises(IntegrityError):
        asked(a_run(Tenant(pk=2**40, slug="gone"), workshop.agent), Limited(), [{}, {}])


# Reads


def test_it_tells_what_is_left_of_each_limit(workshop: Workshop) -> None:
    registry.add(Limited)
    profile = AgentProfile(
        rate_limit_per_minute=3,
        rate_limits=[{"skill": "say", "per_minute": 2}, {"skill": "sleepy", "per_minute": 1}],
        blocked_skills=["sleepy"],
    )
    agent, tenant = workshop.agent, workshop.tenant
    scope = f"agent:{agent.public_id}"
    untouched = {(rate.scope, rate.limit, rate.remaining, rate.resets_at) for rate in rates.rates_of(tenant.pk, agent, profile)}
    assert untouched == {(scope, 3, 3, None), (f"{scope}/skill:say", 2, 2, None), ("skill:limited", 20, 20, None)}
    before = ask_time()
    asked(a_run(tenant, agent), Say(), [{"rules": rules_of(agent.public_id, profile)}] * 3)
    told = {rate.scope: rate for rate in rates.rates_of(tenant.pk, agent, profile)}
    assert {name: rate.remaining for name, rate in told.items()} == {scope: 1, f"{scope}/skill:say": 0, "skill:limited": 20}
    resets = told[scope].resets_at
    assert resets is not None
    assert before + MINUTE_MS <= ms_of(resets) <= ask_time() + MINUTE_MS
    kept = rates.rates_of(tenant.pk, agent, AgentProfile(), rules_of(agent.public_id, profile))
    assert {rate.scope for rate in kept} == {scope, f"{scope}/skill:say", f"{scope}/skill:sleepy", "skill:limited"}
    assert rates.rates_of(tenant.pk, agent, AgentProfile(allowed_skills=["say"])) == []


def ms_of(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1_000)


# Profiles


@pytest.mark.parametrize(
    ("rule", "pointer", "code"),
    [
        ({"skill": "nonsense", "per_minute": 5}, "/profile/rate_limits/0/skill", "SKILL_NOT_FOUND"),
        ({"host": "127.1", "per_minute": 5}, "/profile/rate_limits/0/host", "INVALID_HOST"),
        ({"host": "example.com.", "per_minute": 5}, "/profile/rate_limits/0/host", "INVALID_HOST"),
        ({"host": "[0:0::1]", "per_minute": 5}, "/profile/rate_limits/0/host", "INVALID_HOST"),
        ({"host": "example.com:99999", "per_minute": 5}, "/profile/rate_limits/0/host", "INVALID_HOST"),
        ({"per_minute": 5}, "/profile/rate_limits/0", "value_error"),
    ],
    ids=str,
)
def test_it_refuses_a_limit_that_would_hold_nobody(tenant: Tenant, rule: dict[str, Any], pointer: str, code: str) -> None:
    agent = create_agent(tenant=tenant, name="worker")
    with pytest.raises(Refusal) as refused:
        update_agent(tenant=tenant, agent_id=agent.public_id, changes={"profile": {"rate_limits": [rule]}})
    assert [(fault["pointer"], fault["code"]) for fault in refused.value.errors] == [(pointer, code)]


@pytest.mark.parametrize("host", ["example.com", "Example.com:443", "*.example.com", "example.com:80", "[::1]", "10.0.0.1:8080"])
def test_it_takes_a_host_as_calls_have_it(tenant: Tenant, host: str) -> None:
    agent = create_agent(tenant=tenant, name="worker", profile={"rate_limits": [{"host": host, "per_minute": 5}]})
    assert agent.profile["rate_limits"] == [{"skill": None, "host": host, "per_minute": 5}]
