"""The run page says what blocks a run and what was decided, to each role what it may read."""

from __future__ import annotations

from typing import Any

import pytest
from django.template.loader import render_to_string
from django.urls import reverse

from agents.tenancy import operator_principal
from runs import services
from runs.console.run.decisions_view import Wanted
from runs.console.run.run_page import run_page
from tests.console.conftest import Cast, SignIn
from tests.console.traces import T0, a_decision, a_trace

NOW = T0 + 12_000
APPROVAL = {
    "what": "approval",
    "step_id": "publish",
    "detail": "a person must approve exactly this call",
    "scope": None,
    "current": None,
    "limit": None,
    "holder": None,
    "since_at": "2026-01-02T00:00:02.000Z",
    "eta_at": "2026-01-02T01:00:12.000Z",
    "action": {
        "detail": "approve or reject the step",
        "who": {"roles": ["approver", "tenant_admin"], "api_scopes": ["approvals:write"], "not_by": "alice"},
        "api": "POST /api/v1/approvals/run_1/a/approve",
        "body": {},
        "command": None,
    },
}
MONEY = {
    **APPROVAL,
    "what": "budget",
    "detail": "needs $7.00, $5.00 more than the agent has left",
    "scope": "agent:agt_1",
    "eta_at": None,
    "action": {"detail": "raise the budget", "who": None, "api": None, "body": None, "command": "manage.py budgets top-up"},
}


def shown(trace: dict[str, Any], **options: Any) -> str:
    context = run_page(trace, NOW, **{"shows_payloads": True, "shows_costs": True, "shows_targets": True} | options)
    _, _, page = render_to_string("console/run.html", {"title": "run_1", **context}).partition('<div class="aos-page">')
    return page


def test_it_says_who_may_clear_what_and_for_how_long_that_waits() -> None:
    page = shown(a_trace(status="waiting"), blocked_by=[APPROVAL])
    assert "a person must approve exactly this call" in page
    assert "For 10.0 s already" in page
    assert "For another 1 h 0 m" in page
    assert "Approve or reject the step: approver or tenant admin, not alice may." in page
    assert "POST /api/v1/approvals/run_1/a/approve" in page
    assert "What it waits for" not in shown(a_trace())


def test_it_tells_amounts_of_money_only_to_who_may_read_costs() -> None:
    assert "$7.00" in shown(a_trace(), blocked_by=[MONEY])
    page = shown(a_trace(), blocked_by=[MONEY], shows_costs=False)
    assert "$" not in page.partition("What it waits for")[2].partition("</section>")[0]
    assert "the budget of the agent is used up" in page


def test_it_tells_each_decision_in_words_and_beside_its_step() -> None:
    page = shown(a_trace(), shows_payloads=False)
    assert page.count("The catalog&#x27;s entry for this code says so.") == 2
    assert "code TIMEOUT" in shown(a_trace())
    assert "code TIMEOUT" not in page


@pytest.mark.parametrize(
    ("wanted", "rules"),
    [
        (Wanted(), {"admit_before_start", "advice_code"}),
        (Wanted("retry"), {"advice_code"}),
        (Wanted("", "fetch"), {"advice_code"}),
        (Wanted("admit", "fetch"), set()),
        (Wanted("<b>"), set()),
    ],
)
def test_it_filters_decisions_by_what_the_address_says(wanted: Wanted, rules: set[str]) -> None:
    page = shown(a_trace(), wanted=wanted).partition('id="decisions"')[2].partition("</section>")[0]
    assert {rule for rule in ("admit_before_start", "advice_code") if f">{rule}<" in page} == rules
    assert ("Show all" in page) == (wanted != Wanted())
    assert "<b>" not in page


def test_it_escapes_what_runs_bring_along() -> None:
    evil = "<script>alert(1)</script>"
    trace = a_trace()
    trace["decisions"] = [a_decision(1, T0, "retry", evil, evil, because={evil: evil}, alternatives=[evil])]
    page = shown(trace, blocked_by=[APPROVAL | {"detail": evil, "step_id": evil}])
    assert "<script" not in page.replace("<script src", "")


@pytest.mark.parametrize("role", ["viewer", "developer", "operator", "approver", "auditor"])
def test_it_shows_what_blocks_a_real_run_to_every_role(role: str, cast: Cast) -> None:
    person = operator_principal(cast.acme, "alice")
    plan = {"steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": {"x": 1}}}]}
    run, _ = services.submit(principal=person, agent_ref="agent-of-acme", goal=None, plan=plan)
    page = SignIn(role).get(reverse("admin:runs_run_change", args=[run.public_id])).content.decode()
    assert "no worker is alive" in page
    assert "manage.py work" in page
