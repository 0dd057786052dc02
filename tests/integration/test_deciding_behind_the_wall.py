"""People deciding where PostgreSQL itself keeps tenants apart: a link opens the wall for its own tenant, a wrong one for none."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.urls import reverse

from agents.models import Membership
from agents.tenancy import SCOPES, create_key
from runs.models import ApprovalNote, DecisionLink, Signal
from runs.people import links
from tests.integration.strangers import a_role
from tests.integration.test_row_security import behind_the_wall, ok
from tests.integration.workshop import Workshop, a_worker, as_person, parked, step

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="row-level security is PostgreSQL's"),
]


def test_a_link_and_the_api_decide_through_the_wall(workshop: Workshop, settings: Any) -> None:
    Membership.objects.create(user=User.objects.create_user("carol"), tenant=workshop.tenant, role="approver")
    run = workshop.submit(step("a", "say", approval="always"), step("b", "say", approval="always"))
    with a_worker():
        parked(run, "approval")
    made = {"run_id": run.public_id, "step_id": "a", "made_for": "carol"}
    link, secret = links.make_link(principal=as_person(workshop.tenant, "bob"), **made)
    place = reverse("decide-by-link", args=[link.public_id, secret])
    key = create_key(workshop.tenant, "program", SCOPES)[1]
    with a_role() as role, behind_the_wall(role, settings) as site:
        assert site.get(place.replace(secret, "x" * 43)).status_code == 404
        page = site.get(place)
        assert page.status_code == 200 and "Your word, carol" in page.text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token is not None
        form = {"csrfmiddlewaretoken": token[1], "verdict": "approve"}
        assert "Approved" in site.post(place, data=form).text
        site.headers["Authorization"] = f"Bearer {key}"
        one = f"/api/v1/approvals/{run.public_id}/b"
        ok(site.post(f"{one}/notes", json={"kind": "assign", "to": "carol"}))
        other = ok(site.post(f"{one}/links", json={"for": "carol"}))["link_id"]
        assert ok(site.post(f"{one}/links/{other}/revoke", json={}))["state"] == "revoked"
        hash_ = ok(site.get(one))["action_hash"]
        wanted = [{"run_id": run.public_id, "step_id": "b", "action_hash": hash_}]
        told = ok(site.post("/api/v1/approvals/decide", json={"decisions": wanted, "verdict": "approve", "reason": "seen all of them"}))
        assert told["data"][0]["result"] == "decided"
        site.headers["Authorization"] = f"Bearer {create_key(workshop.tenant, 'hers', SCOPES, owner='carol')[1]}"
        mine = ok(site.post("/api/v1/runs", json={"agent": "worker", "plan": {"steps": [step("a", "say", approval="always")]}}))
        ok(site.post(f"/api/v1/runs/{mine['run_id']}/cancel", json={}))
        Membership.objects.all().delete()
        assert site.get("/api/v1/runs").status_code == 401, "its owner has left"
    assert Signal.objects.count() == 3 and ApprovalNote.objects.count() == 1
    assert DecisionLink.objects.get(pk=link.pk).used_at is not None
