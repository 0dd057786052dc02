"""What may be edited in the console goes through the same services as the API, and says what is wrong at the field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.urls import reverse

from agents.models import Agent, Tenant
from catalog.models import CatalogEntry
from tests.console.conftest import Cast, SignIn

ADD = "admin:agents_agent_add"


def an_agent(tenant: Tenant, **changes: Any) -> dict[str, Any]:
    return {"tenant": tenant.pk, "name": "reader", "description": "", "status": "active", "profile": "{}", **changes}


def change_url(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def test_it_makes_an_agent_with_a_whole_profile(cast: Cast) -> None:
    answer = SignIn("developer").post(reverse(ADD), an_agent(cast.acme, profile='{"max_parallel_steps": 3}'))
    assert answer.status_code == 302
    agent = Agent.objects.get(tenant=cast.acme, name="reader")
    assert agent.profile["max_parallel_steps"] == 3
    assert agent.profile["planner"]["name"] == "stub"


def test_it_counts_the_version_up_when_a_profile_changes(cast: Cast) -> None:
    agent = Agent.objects.get(tenant=cast.acme)
    profile = json.dumps({**agent.profile, "max_parallel_steps": 2})
    answer = SignIn("tenant_admin").post(change_url(agent), an_agent(cast.acme, name=agent.name, profile=profile))
    assert answer.status_code == 302
    agent.refresh_from_db()
    assert (agent.version, agent.profile["max_parallel_steps"]) == (2, 2)


BAD_AGENTS = [
    pytest.param({"profile": '{"max_paralel_steps": 3}'}, "/profile/max_paralel_steps", id="a misspelt limit"),
    pytest.param({"profile": '{"allowed_skills": ["no_such_skill"]}'}, "/profile/allowed_skills/0", id="an unknown skill"),
    pytest.param({"profile": "[1]"}, "/profile", id="no object"),
    pytest.param({"profile": "{"}, "valid JSON", id="no JSON"),
    pytest.param({"name": "Not A Name"}, "valid value", id="a bad name"),
    pytest.param({"name": "agent-of-acme"}, "already", id="a name that is taken"),
    pytest.param({"name": "agt_" + "0" * 32}, "look like", id="a name that looks like an id"),
]


@pytest.mark.parametrize(("changes", "said"), BAD_AGENTS)
def test_it_says_what_is_wrong_with_an_agent(changes: dict[str, str], said: str, cast: Cast) -> None:
    answer = SignIn("developer").post(reverse(ADD), an_agent(cast.acme, **changes))
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert Agent.objects.filter(tenant=cast.acme).count() == 1


def test_it_offers_no_other_tenant(cast: Cast) -> None:
    answer = SignIn("developer").post(reverse(ADD), an_agent(cast.rival))
    assert answer.status_code == 200
    assert not Agent.objects.filter(name="reader").exists()


@pytest.mark.parametrize("role", ["viewer", "operator", "approver", "auditor"])
def test_it_lets_only_owners_change_agents(role: str, cast: Cast) -> None:
    agent = Agent.objects.get(tenant=cast.acme)
    browser = SignIn(role)
    assert browser.post(reverse(ADD), an_agent(cast.acme)).status_code == 403
    assert browser.post(change_url(agent), an_agent(cast.acme)).status_code == 403
    assert browser.post(reverse("admin:agents_agent_delete", args=[agent.pk]), {"post": "yes"}).status_code == 403


def test_it_deletes_an_agent_that_never_ran_and_keeps_one_that_did(cast: Cast) -> None:
    browser = SignIn("developer")
    browser.post(reverse(ADD), an_agent(cast.acme))
    assert Agent.objects.filter(tenant=cast.acme).count() == 2
    for agent in Agent.objects.filter(tenant=cast.acme):
        browser.post(reverse("admin:agents_agent_delete", args=[agent.pk]), {"post": "yes"})
    assert [agent.name for agent in Agent.objects.filter(tenant=cast.acme)] == ["agent-of-acme"]


def an_entry(**changes: Any) -> dict[str, Any]:
    base = {"mode": "ABORT", "parameters": "{}", "suggestions": "Ask Bob.", "doc_url": "/errors/TIMEOUT", "prior_confidence": "0.5"}
    return {**base, "reason": "the night of the outage", **changes}


def own_entry(cast: Cast) -> CatalogEntry:
    return CatalogEntry.objects.get(tenant=cast.acme)


def test_it_edits_a_tenants_entry_through_the_service(cast: Cast) -> None:
    assert SignIn("operator").post(change_url(own_entry(cast)), an_entry()).status_code == 302
    entry = own_entry(cast)
    assert (entry.mode, entry.suggestions, entry.version) == ("ABORT", ["Ask Bob."], 2)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"parameters": '{"max_attempts": 0}'}, "/parameters/max_attempts", id="no attempt"),
        pytest.param({"parameters": "[" * 5_000}, "this cannot be read", id="parameters nobody can read"),
        pytest.param({"suggestions": "x\n" * 11}, "/suggestions", id="too many suggestions"),
        pytest.param({"reason": "no"}, "at least 3 characters", id="no reason"),
        pytest.param({"expected_version": "7"}, "Somebody changed the entry", id="another version than was looked at"),
        pytest.param({"doc_url": "javascript:alert(1)"}, "/doc_url", id="a link that runs a script"),
        pytest.param({"prior_confidence": "2"}, "/prior_confidence", id="confidence above one"),
        pytest.param({"mode": "PRAY"}, "valid choice", id="an unknown mode"),
    ],
)
def test_it_says_what_is_wrong_with_an_entry(changes: dict[str, str], said: str, cast: Cast) -> None:
    answer = SignIn("operator").post(change_url(own_entry(cast)), an_entry(**changes))
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert own_entry(cast).version == 1


def test_it_leaves_shared_entries_to_the_platform(cast: Cast) -> None:
    shared = CatalogEntry.objects.get(tenant=None, code="TIMEOUT", skill="")
    assert SignIn("tenant_admin").post(change_url(shared), an_entry()).status_code == 403
    assert SignIn("root").post(change_url(shared), an_entry()).status_code == 302


@pytest.mark.parametrize("role", ["viewer", "developer", "approver", "auditor"])
def test_it_lets_only_operators_change_entries(role: str, cast: Cast) -> None:
    assert SignIn(role).post(change_url(own_entry(cast)), an_entry()).status_code == 403
