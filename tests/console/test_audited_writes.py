"""What people change in the console's forms stands in the audit log: who, what it was, what it is now, and no password."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from agents.models import AuditEntry, Tenant
from tests.console.conftest import Cast, SignIn

pytestmark = pytest.mark.django_db


def entries(action: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action=action))


def test_a_tenant_that_is_changed(cast: Cast) -> None:
    root, acme = SignIn("root"), cast.acme
    page = root.get(f"/admin/agents/tenant/{acme.pk}/change/")
    form = {name: "" if value is None else value for name, value in page.context["adminform"].form.initial.items()}
    root.post(f"/admin/agents/tenant/{acme.pk}/change/", form | {"max_queued_runs": 7, "is_active": "on"})
    assert Tenant.objects.get(pk=acme.pk).max_queued_runs == 7
    (entry,) = entries("tenant.update")
    assert (entry.actor, entry.via) == ("root", "console")
    assert '"max_queued_runs":10000' in entry.before.replace(" ", "")
    assert '"max_queued_runs":7' in entry.after.replace(" ", "")


def test_a_password_is_said_to_be_set_and_not_told(cast: Cast) -> None:
    person = User.objects.get(username="developer")
    secret = "a password nobody guesses 4711"
    SignIn("root").post(f"/admin/auth/user/{person.pk}/password/", {"password1": secret, "password2": secret, "usable_password": "true"})
    assert User.objects.get(pk=person.pk).check_password(secret)
    told = {(entry.chain.key, entry.target, entry.actor) for entry in entries("user.password")}
    assert told == {(key, "developer", "root") for key in ("platform", f"tenant:{cast.acme.pk}")}, "whoever set it can sign in there"
    assert secret not in str(list(AuditEntry.objects.values("before", "after", "target", "reason")))
