"""People who come with a token of the issuer operate by their role: a developer the runs of their own agents alone; programs by scopes."""

from __future__ import annotations

from typing import Any

import pytest

from agents.models import Agent, Membership, Tenant
from agents.services import create_agent
from agents.tenancy import SCOPES, create_key, operator_principal
from runs.models import BulkOperation, Run, RunStatus
from runs.services import submit
from tests.api.cast import Caller

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

PLAN = {"steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": {}}}]}


def a_run(agent: Agent) -> Run:
    return submit(principal=operator_principal(agent.tenant, "alice"), agent_ref=agent.name, plan=PLAN)[0]


def statuses(caller: Caller, run: Run) -> dict[str, Any]:
    """Return what each operation is answered with: that it may not be done, or anything else."""
    at = f"/api/v1/runs/{run.public_id}"
    sent = {
        "cancel": (f"{at}/cancel", {}),
        "pause": (f"{at}/pause", {}),
        "resume": (f"{at}/resume", {}),
        "top-up": (f"{at}/top-up", {"amount_micro_usd": 5}),
        "undo": (f"{at}/steps/a/undo", {"reason": "to see"}),
        "rerun": (f"{at}/rerun", {}),
        "live": (f"{at}/replay", {"mode": "live"}),
        "verify": (f"{at}/replay", {"mode": "verify"}),
        "bulk": ("/api/v1/bulk-operations", {"action": "cancel", "filter": {"run_ids": [run.public_id]}, "reason": "all of them at once"}),
    }
    answers = {name: caller.post(*told) for name, told in sent.items()}
    # No step of a run that waits in the queue has done anything to be taken back.
    assert answers["undo"].status_code in (403, 404), answers["undo"].json()
    assert not [name for name, answer in answers.items() if answer.status_code not in (200, 202, 403, 409) and name != "undo"], answers
    return {name: answer.status_code == 403 for name, answer in answers.items()}


def test_each_operates_what_is_theirs_to_operate(provider: Any, acme: Tenant) -> None:
    foreign, ada = create_agent(tenant=acme, name="theirs"), Caller(provider.forged(), None, acme)
    made = ada.post("/api/v1/agents", {"name": "hers"}).json()
    assert made["owner"] == "person:ada"
    own = Agent.objects.get(name="hers")
    assert ada.send("PATCH", f"/api/v1/agents/{foreign.public_id}", {"owner": "ada"}).status_code == 403
    program, key = Caller(provider.own_token(), None, acme), Caller(create_key(acme, "all", SCOPES)[1], None, acme)
    never, many = {"top-up", "bulk"}, {"cancel", "pause", "resume", "top-up", "undo", "rerun", "live", "bulk"}
    everything = {*many, "verify"}
    for caller, agent, closed in ((ada, own, never), (ada, foreign, many), (program, foreign, set()), (key, foreign, set())):
        found = statuses(caller, a_run(agent))
        assert {name for name in everything if found[name]} == closed, (caller, agent)
    assert BulkOperation.objects.count() == 2
    ended = a_run(own)
    Run.objects.filter(pk=ended.pk).update(status=RunStatus.FAILED)
    assert ada.post(f"/api/v1/runs/{ended.public_id}/rerun").status_code == 202
    admin = Caller(provider.forged(sub="meg", groups=["bosses"]), None, acme)
    assert not Membership.objects.exists()
    told = admin.send("PATCH", f"/api/v1/agents/{own.public_id}", {"owner": ""}, X_AOS_Tenant="acme")
    assert (told.status_code, told.json()["owner"]) == (200, None)
    assert ada.post(f"/api/v1/runs/{a_run(own).public_id}/cancel").status_code == 403
