"""The review of drift on the console: one's own alerts in words, decided by who may."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from agents.models import Agent, Role, Tenant
from catalog.models import DriftAlert
from tests.console.conftest import CANARY, Cast, SignIn

DECIDING = ("operator", "approver", "tenant_admin", "root")


def an_alert(tenant: Tenant, subject: str = "http_call@1.0.0", measure: str = "failure_rate", **fields: Any) -> DriftAlert:
    now = timezone.now()
    sides = {"baseline": {"n": 2_000, "value": 0.1, "of": "itself"}, "recent": {"n": 40, "value": 0.5, "days": 1}}
    values = {"subject_kind": "agent" if subject.startswith("agt_") else "skill", "score": 8.25, "threshold": 5.0, **sides}
    at = {"first_seen_at": now, "last_seen_at": now}
    return DriftAlert.objects.create(tenant=tenant, subject=subject, measure=measure, **{**values, **at, **fields})


@pytest.fixture
def alert(cast: Cast) -> DriftAlert:
    an_alert(cast.rival, f"{CANARY}@1.0.0")
    return an_alert(cast.acme)


def page(role: str) -> Any:
    return SignIn(role).get(reverse("console-drift"))


@pytest.mark.parametrize("role", Role.values)
def test_it_tells_every_role_of_a_tenant_what_departs_and_nothing_of_another(role: str, alert: DriftAlert, cast: Cast) -> None:
    shown = page(role)
    (line,) = shown.context["aos_tenants"][0]["live"]
    assert (line["name"], line["said"]) == ("http_call 1.0.0", "Failure rate rose from 10 % to 50 %")
    assert line["why"] == "40 in the last day against 2,000 of itself before; score +8.2, an alert from ±5"
    assert CANARY not in shown.content.decode()
    assert reverse("console-drift") in SignIn(role).get(reverse("admin:index")).content.decode()
    assert SignIn(role).get(line["page"]).status_code == 200


def test_it_calls_agents_by_name_and_keeps_costs_to_who_may_see_them(cast: Cast) -> None:
    agent = Agent.objects.get(tenant=cast.acme)
    sides = {"baseline": {"n": 100, "value": 5_000, "of": "itself"}, "recent": {"n": 40, "value": 250, "days": 7}}
    an_alert(cast.acme, agent.public_id, "cost", score=-9.0, **sides)
    an_alert(cast.acme, agent.public_id, "latency", **sides)
    lines = page("auditor").context["aos_tenants"][0]["live"]
    assert {(line["name"], line["said"]) for line in lines} == {
        (f"Agent {agent.name}", "Cost fell from $0.0050 to $0.0003"),
        (f"Agent {agent.name}", "Time rose from 5.0 s to 250 ms"),
    }
    assert [line["measure"] for line in page("viewer").context["aos_tenants"][0]["live"]] == ["latency"]


@pytest.mark.parametrize("role", [*Role.values, "root"])
def test_who_decides_says_what_it_is_and_nobody_else(role: str, alert: DriftAlert, cast: Cast) -> None:
    browser, allowed = SignIn(role), role in DECIDING
    assert ("Say what it is" in browser.get(reverse("console-drift")).content.decode()) == allowed
    form = {"tenant": cast.acme.slug, "drift": alert.public_id, "reason": "the upstream moved"}
    for action, state in (("acknowledge", "acknowledged"), ("resolve", "resolved")):
        assert browser.post(reverse("console-drift"), {**form, "action": action}).status_code == (302 if allowed else 403)
        alert.refresh_from_db()
        assert alert.state == (state if allowed else "open")
    if allowed:
        assert [line["reason"] for line in browser.get(reverse("console-drift")).context["aos_tenants"][0]["closed"]] == [
            "the upstream moved"
        ]


def test_it_says_what_is_wrong_and_changes_nothing(alert: DriftAlert, cast: Cast) -> None:
    browser = SignIn("operator")
    good = {"tenant": cast.acme.slug, "drift": alert.public_id, "action": "resolve", "reason": "because"}
    rivals = DriftAlert.objects.get(tenant=cast.rival)
    for wrong in ({"reason": "no"}, {"drift": "\x00"}, {"drift": rivals.public_id}):
        shown = browser.post(reverse("console-drift"), {**good, **wrong}, follow=True)
        assert [message.level_tag for message in shown.context["messages"]] == ["error"]
    for wrong in ({"action": "burn"}, {"tenant": cast.rival.slug}, {"tenant": "\x00"}):
        assert browser.post(reverse("console-drift"), {**good, **wrong}).status_code == 404
    assert set(DriftAlert.objects.values_list("state", flat=True)) == {"open"}


def test_it_says_that_nothing_departs(cast: Cast) -> None:
    assert "Nothing departs from its baseline" in page("operator").content.decode()
