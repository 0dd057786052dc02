"""The simulator page: the verdict in words first, for who may see plans and costs; and what would run can be run from it, once."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from agents.ledger import set_budget
from agents.models import Membership, Tenant
from runs.history.measured import History, Sample, Seen
from runs.models import Run, RunEvent, SkillHistory
from tests.console.conftest import CANARY, Cast, SignIn

PAGE = "console-simulator"
FREE = {"steps": [{"step_id": "take", "skill": "json_transform", "params": {"input": {"x": [1]}, "path": "$.x"}}]}


def simulate(browser: SignIn, tenant: Any, simulated: Any = None, **fields: str) -> str:
    given = {"tenant": tenant.pk, "plan": json.dumps(simulated) if simulated is not None else "", **fields}
    answer = browser.post(reverse(PAGE), given)
    assert answer.status_code == 200, answer.status_code
    return html.unescape(answer.content.decode())


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields of the form that runs what was simulated."""
    _, _, form = page.partition('class="aos-run-this"')
    return dict(re.findall(r'type="hidden" name="(tenant|simulation_id|once)" value="([^"]*)"', form.partition("</form>")[0]))


@pytest.mark.parametrize("role", ["viewer", "operator", "approver", "auditor", "stranger"])
def test_it_is_for_developers_and_admins(role: str, cast: Cast) -> None:
    assert SignIn(role).get(reverse(PAGE)).status_code == 403
    assert SignIn(role).post(reverse(PAGE), {"simulation_id": "sim_1"}).status_code == 403


def test_it_is_for_nobody_who_is_not_signed_in(client: Any, db: None) -> None:
    assert client.get(reverse(PAGE)).status_code == 302


def test_it_says_first_in_words_that_a_plan_would_run(cast: Cast) -> None:
    page = simulate(SignIn("developer"), cast.acme, FREE)
    verdict = page.index("would run</span> It costs nothing; takes about 1 ms")
    assert verdict < page.index("Step by step")
    assert "json_transform" in page
    assert "static" in page
    assert Run.objects.filter(tenant=cast.acme).count() == 1, "the one of the cast: nothing was run"


@pytest.mark.parametrize(
    ("plan", "fields", "said"),
    [
        pytest.param(
            {"steps": [{"step_id": "a", "skill": "nope"}]},
            {},
            ["A skill it needs is not there", "/steps/0/skill", "plan_rules"],
            id="no such skill",
        ),
        pytest.param(
            {"steps": [{"step_id": "c", "skill": "http_call", "params": {"url": "http://10.0.0.1/"}}]},
            {},
            ["Something in it is not allowed", "BLOCKED_TARGET", "refused_as_written"],
            id="a blocked target",
        ),
        pytest.param(FREE, {"deadline": "0.0001"}, ["Ensure this value is greater than"], id="no deadline"),
        pytest.param(FREE, {"budget": "-1"}, ["an amount is not below zero"], id="no budget"),
        pytest.param(FREE, {"goal": "and a goal"}, ["give exactly one of plan and goal"], id="plan and goal"),
        pytest.param(None, {}, ["give exactly one of plan and goal"], id="nothing"),
        pytest.param(None, {"plan": "{"}, ["INVALID_INPUT", "the plan cannot be read"], id="no JSON"),
        pytest.param(FREE, {"inputs": "[1]"}, ["SCHEMA_VALIDATION_FAILED"], id="no inputs"),
        pytest.param(FREE, {"agent": "nobody"}, ["there is no such agent"], id="no such agent"),
        pytest.param(None, {"goal": "Make me happy"}, ["PLAN_INVALID"], id="no plan for the goal"),
    ],
)
def test_it_says_what_stands_in_the_way(plan: Any, fields: dict[str, str], said: list[str], cast: Cast) -> None:
    page = simulate(SignIn("developer"), cast.acme, plan, **fields)
    for text in said:
        assert text in page
    assert "Run this" not in page


def test_it_shows_budgets_in_words_and_what_would_be_left(cast: Cast) -> None:
    set_budget(tenant=cast.acme, kind="tenant", key=cast.acme.public_id, period="day", limit_micro_usd=2_500_000)
    page = simulate(SignIn("developer"), cast.acme, FREE)
    assert "the tenant on 20" in page
    assert "$2.50" in page
    assert cast.acme.public_id not in page, "scopes have names people know"


def test_it_runs_exactly_what_was_simulated_and_shows_the_run(cast: Cast) -> None:
    browser = SignIn("developer")
    fields = hidden(simulate(browser, cast.acme, FREE))
    answer = browser.post(reverse(PAGE), fields)
    run = Run.objects.filter(tenant=cast.acme).exclude(goal="of-acme").get()
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("admin:runs_run_change", args=[run.public_id]))
    assert run.created_by == "developer"
    accepted = json.loads(RunEvent.objects.get(run_id=run.pk, seq=1).data)["fact"]
    assert accepted["means"]["simulation"] == {"simulation_id": fields["simulation_id"], "worst_micro_usd": 0}


def test_it_makes_one_run_of_two_clicks(cast: Cast) -> None:
    browser = SignIn("developer")
    fields = hidden(simulate(browser, cast.acme, FREE))
    first, second = browser.post(reverse(PAGE), fields), browser.post(reverse(PAGE), fields)
    assert first.headers["Location"] == second.headers["Location"]
    again = browser.post(reverse(PAGE), fields | {"once": "another click"})
    assert again.headers["Location"] != first.headers["Location"]


def test_it_changes_nothing_by_get(cast: Cast) -> None:
    browser = SignIn("developer")
    fields = hidden(simulate(browser, cast.acme, FREE))
    before = Run.objects.count()
    assert browser.get(reverse(PAGE), fields).status_code == 200
    assert Run.objects.count() == before


def test_it_says_why_what_was_simulated_can_no_longer_be_run(cast: Cast) -> None:
    browser = SignIn("developer")
    fields = hidden(simulate(browser, cast.acme, FREE))
    set_profile(cast, max_parallel_steps=3)
    page = html.unescape(browser.post(reverse(PAGE), fields).content.decode())
    assert "it is not what was simulated: the agent was changed: version 1 → 2" in page
    assert Run.objects.filter(tenant=cast.acme).count() == 1


def set_profile(cast: Cast, **profile: Any) -> None:
    agent = cast.run_of(cast.acme).agent
    agent.profile, agent.version = {**agent.profile, **profile}, agent.version + 1
    agent.save()


def member_of(tenant: Tenant) -> SignIn:
    """Return a browser of somebody who develops there."""
    person = User.objects.create_user("dora", is_staff=True)
    Membership.objects.create(user=person, tenant=tenant, role="developer")
    return SignIn("dora")


@pytest.mark.parametrize("field", ["tenant", "simulation_id"])
def test_it_runs_nothing_of_another_tenant(field: str, cast: Cast) -> None:
    theirs = hidden(simulate(member_of(cast.rival), cast.rival, FREE))
    browser, before = SignIn("developer"), Run.objects.count()
    if field == "tenant":
        assert "Select a valid choice" in browser.post(reverse(PAGE), theirs).content.decode()
    else:
        page = browser.post(reverse(PAGE), {**theirs, "tenant": cast.acme.pk}).content.decode()
        assert "there is no such simulation" in page
    assert Run.objects.count() == before


def test_it_names_agents_and_histories_of_ones_own_tenants_only(cast: Cast) -> None:
    for tenant, skill, version in ((cast.acme, "http_call", "1.1.0"), (cast.rival, "llm_invoke", "1.0.0")):
        history = History()
        history.fold(Seen([Sample(120, 7)] * 30, calls=40, failed=10), 0.0)
        SkillHistory.objects.create(tenant=tenant, skill=skill, version=version, known=history.to_text(), learned_at=timezone.now())
    page = SignIn("developer").get(reverse(PAGE)).content.decode()
    assert "agent-of-acme" in page
    assert "http_call 1.1.0" in page
    assert "25.0 % of 40" in page
    assert "llm_invoke 1.0.0" not in page
    assert CANARY not in page
