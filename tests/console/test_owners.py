"""Whose agents and keys are: who operates the runs of whose agents on the console, and who gives an agent to whom."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from agents import audit
from agents.models import Agent, ApiKey, Role, ServiceAccount
from agents.services import create_agent
from agents.tenancy import create_key, operator_principal
from runs.models import Run, RunStatus
from runs.services import submit
from tests.api.cast import Caller
from tests.console.conftest import Cast, SignIn
from tests.console.test_proof_pages import PLAN, address
from tests.console.test_run_operations import operate_url, page_url

OPERATES_ALL = {Role.OPERATOR, Role.TENANT_ADMIN}
OPERATIONS = ("cancel", "pause", "resume", "top-up", "rerun", "replay", "undo")


def a_run(agent: Agent) -> Run:
    return submit(principal=operator_principal(agent.tenant, "alice"), agent_ref=agent.name, plan=PLAN)[0]


def refused(browser: Any, run: Run, operation: str) -> bool:
    """Tell whether somebody may not do it at all; whether it can be done to the run as it stands is told on its page."""
    sent: dict[str, tuple[str, dict[str, str]]] = {
        "rerun": (address(run, "rerun"), {"versions": "current", "once": f"{run.public_id}1"}),
        "replay": (address(run, "replay"), {"once": f"{run.public_id}2"}),
        "undo": (reverse("console-undo", args=[run.public_id, "a"]), {"reason": "to see"}),
    }
    where, form = sent.get(operation, (operate_url(run, operation), {"amount": "1", "reason": "to see"}))
    status = browser.post(where, form).status_code
    assert status in (302, 403), (operation, status)
    return status == 403


def test_a_developer_operates_the_runs_of_their_own_agents_and_of_no_others(cast: Cast) -> None:
    account = ServiceAccount.objects.create(tenant=cast.acme, name="ci", role="developer")
    key, _ = create_key(cast.acme, "laptop", ["runs:write"], owner="developer")
    create_key(cast.acme, "ci", ["runs:write"], owner="developer", account=account)
    owners = {name: name for name in ("developer", "viewer", "auditor", "stranger")}
    owners |= {"nobody": "", "a-key": f"key:laptop:{key.prefix}", "an-account": "account:ci", "a-subject": "person:unknown"}
    for name, owner in owners.items():
        agent = create_agent(tenant=cast.acme, name=name)
        Agent.objects.filter(pk=agent.pk).update(owner=owner)
        run = a_run(agent)
        for role in Role.values if name in ("developer", "nobody") else {"developer", name} & set(Role.values):
            is_own = role == Role.DEVELOPER and name in ("developer", "a-key", "an-account")
            may, browser = role in OPERATES_ALL or is_own, SignIn(role)
            page = browser.get(page_url(run))
            assert [each.name for each in page.context["aos_operations"]] == (["cancel", "pause"] if may else []), (name, role)
            assert (address(run, "rerun") in page.content.decode()) == may, (name, role)
            assert browser.get(address(run, "rerun")).status_code == (200 if may else 403), (name, role)
            assert ('name="allow_effects"' in browser.get(address(run, "replay")).content.decode()) == may, (name, role)
            if name in ("developer", "nobody"):
                expected = {each: not (role in OPERATES_ALL if each == "top-up" else may) for each in OPERATIONS}
                assert {each: refused(browser, run, each) for each in OPERATIONS} == expected, (name, role)
    mine = a_run(Agent.objects.get(name="developer"))
    Run.objects.filter(pk=mine.pk).update(status=RunStatus.FAILED)
    assert not refused(SignIn("developer"), mine, "rerun") and not refused(SignIn("developer"), mine, "replay")
    assert set(Run.objects.filter(parent=mine).values_list("relation", "created_by")) == {("rerun", "developer"), ("replay", "developer")}
    assert 'class="aos-pick"' not in SignIn("developer").get(reverse("admin:runs_run_changelist")).content.decode()


def test_whoever_makes_an_agent_owns_it_until_a_tenant_admin_gives_it_to_somebody_else(cast: Cast) -> None:
    SignIn("developer").post(reverse("console-agents"), {"tenant": cast.acme.slug, "name": "scout"})
    agent = Agent.objects.get(name="scout")
    page = reverse("console-agent", args=[agent.public_id])
    assert agent.owner == "developer" and "Owner developer" in SignIn("viewer").get(reverse("console-agents")).content.decode()

    def give(role: str, owner: str) -> Any:
        return SignIn(role).post(page, {"action": "owner", "owner": owner, "reason": "it is their work"}, follow=True)

    for role in Role.values:
        assert ('value="owner"' in SignIn(role).get(page).content.decode()) == (role == Role.TENANT_ADMIN), role
        if role != Role.TENANT_ADMIN:
            assert give(role, role).status_code == 403, role
    ServiceAccount.objects.create(tenant=cast.rival, name="theirs", role="developer")
    for nobody in ("stranger", "nobody-at-all", "account:theirs", "person:00u1", "key:x:y"):
        assert "no active member and no service account" in give("tenant_admin", nobody).content.decode(), nobody
    assert "already; nothing was changed" in give("tenant_admin", "developer").content.decode()
    assert Agent.objects.get(pk=agent.pk).owner == "developer"
    assert "is viewer&#x27;s now" in give("tenant_admin", "viewer").content.decode()
    agent.refresh_from_db()
    assert (agent.owner, agent.version) == ("viewer", 1), "it is no part of the profile"
    told = audit.entries_of(cast.acme, action="agent.update").first()
    assert told is not None and (told.actor, told.reason) == ("tenant_admin", "it is their work")
    assert ("developer" in told.before, "viewer" in told.after) == (True, True)


def test_programs_give_an_agent_away_by_the_scope_admin_alone(cast: Cast) -> None:
    admin, writer = (
        Caller(create_key(cast.acme, name, scopes)[1], None, cast.acme)
        for name, scopes in (("all", ["admin"]), ("writes", ["agents:write", "budgets:write"]))
    )
    made = writer.post("/api/v1/agents", {"name": "scout"}).json()
    assert made["owner"] == f"key:writes:{ApiKey.objects.get(name='writes').prefix}"
    where = f"/api/v1/agents/{made['agent_id']}"
    problem = writer.send("PATCH", where, {"owner": "developer", "description": "mine"}).json()
    assert (problem["status"], problem["errors"][0]["pointer"]) == (403, "/owner")
    problem = admin.send("PATCH", where, {"owner": "stranger"}).json()
    assert (problem["status"], problem["errors"][0]["pointer"]) == (422, "/owner")
    assert admin.send("PATCH", where, {"owner": None}).status_code == 422
    told = admin.send("PATCH", where, {"owner": "developer", "description": "of a person"}).json()
    assert (told["owner"], told["description"], told["version"]) == ("developer", "of a person", 1)
    assert admin.send("PATCH", where, {"owner": ""}).json()["owner"] is None
