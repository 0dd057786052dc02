"""What people change in the console's forms stands in the audit log: who, what it was, what it is now, and no password."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from agents.models import AuditEntry, Tenant
from tests.console.conftest import Cast, SignIn

pytestmark = pytest.mark.usefixtures("db")


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


def test_a_person_is_called_otherwise_by_nobodys_name_and_is_never_deleted(cast: Cast) -> None:
    person, root = User.objects.get(username="developer"), SignIn("root")
    page = f"/admin/auth/user/{person.pk}/change/"
    form = {name: value for name, value in root.get(page).context["adminform"].form.initial.items() if isinstance(value, str)}
    form |= {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    for taken in ("viewer", "Viewer", "v\u0456ewer", "nobody"):
        answer = root.post(page, form | {"username": taken, "is_active": "on"})
        assert answer.status_code == 200 and answer.context["adminform"].form.errors.keys() == {"username"}, taken
    assert root.post(page, form | {"username": "dora", "is_active": "on", "is_staff": "on"}).status_code == 302
    assert User.objects.get(pk=person.pk).username == "dora"
    assert {(entry.chain.key, entry.actor) for entry in entries("user.rename")} == {
        ("platform", "root"),
        (f"tenant:{cast.acme.pk}", "root"),
    }
    made = {"username": "developer", "password1": "a password nobody guesses", "password2": "a password nobody guesses"}
    answer = root.post("/admin/auth/user/add/", made | {"usable_password": "true"})
    assert "is or was somebody" in answer.content.decode() and not User.objects.filter(username="developer").exists()
    assert root.post("/admin/auth/user/add/", made | {"username": "newcomer", "usable_password": "true"}).status_code == 302
    assert User.objects.get(username="newcomer").check_password(made["password1"])
    assert root.post(f"/admin/auth/user/{person.pk}/delete/", {"post": "yes"}).status_code == 403
