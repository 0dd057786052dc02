"""The kill switch on the console: everybody of a tenant reads why it is stopped, its operators stop it and let it go on."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from agents.freezes import freeze, lift
from agents.models import Agent, Freeze, Role, Tenant
from tests.console.conftest import CANARY, Cast, SignIn

LIST, ADD = reverse("admin:agents_freeze_changelist"), reverse("admin:agents_freeze_add")
WHY = "it writes to <b>the wrong</b> place"
OPERATORS = ("operator", "tenant_admin")


def page_url(found: Freeze) -> str:
    return reverse("admin:agents_freeze_change", args=[found.pk])


def lift_url(found: Freeze) -> str:
    return reverse("admin:agents_freeze_lift", args=[found.pk])


def frozen(tenant: Tenant | None, kind: str = "skill", key: str = "http_call") -> Freeze:
    return freeze(tenant=tenant, kind=kind, key=key, reason=WHY, by="alice")[0]


def form(owner: Tenant | None, **changed: str) -> dict[str, Any]:
    return {"tenant": owner.pk if owner else "", "kind": "agent", "key": "agent-of-acme", "reason": WHY, **changed}


@pytest.mark.parametrize("role", [*Role.values, "root"])
def test_it_says_what_is_frozen_by_whom_and_why_to_everybody_of_the_tenant(role: str, cast: Cast) -> None:
    found = frozen(cast.acme)
    for page in (SignIn(role).get(LIST).content.decode(), SignIn(role).get(page_url(found)).content.decode()):
        assert "http_call" in page
        assert "alice" in page
        assert 'aos-sign-snow"></i></span> frozen' in page
        assert "it writes to &lt;b&gt;the wrong&lt;/b&gt; place" in page


def test_it_shows_what_stands_before_what_was_lifted(cast: Cast) -> None:
    old, late = frozen(cast.acme), frozen(cast.acme, "agent", "agent-of-acme")
    lift(late, reason="mended", by="bob")
    page = SignIn("viewer").get(LIST).content.decode()
    assert page.index("skill http_call") < page.index("agent agent-of-acme")
    assert "by bob: mended" in page
    assert old.lifted_at is None


@pytest.mark.parametrize("role", [*Role.values, "root"])
def test_it_offers_to_freeze_and_to_lift_to_operators(role: str, cast: Cast) -> None:
    is_operator, found = role in OPERATORS, frozen(cast.acme)
    adds = is_operator or role == "root"
    assert (ADD in SignIn(role).get(LIST).content.decode()) == adds
    assert SignIn(role).get(ADD).status_code == (200 if adds else 403)
    assert (lift_url(found) in SignIn(role).get(page_url(found)).content.decode()) == is_operator


@pytest.mark.parametrize("role", OPERATORS)
def test_it_freezes_by_the_same_service_as_the_api(role: str, cast: Cast) -> None:
    answer = SignIn(role).post(ADD, form(cast.acme))
    assert (answer.status_code, answer["Location"]) == (302, LIST)
    found = Freeze.objects.get(kind="agent")
    agent = Agent.objects.get(tenant=cast.acme)
    assert (found.tenant, found.key, found.reason, found.frozen_by, found.lifted_at) == (cast.acme, agent.public_id, WHY, role, None)


def test_it_says_who_was_first_to_who_freezes_again(cast: Cast) -> None:
    frozen(cast.acme)
    page = SignIn("operator").post(ADD, form(cast.acme, kind="skill", key="http_call"), follow=True).content.decode()
    assert "was frozen already, by alice" in page
    assert Freeze.objects.filter(tenant=cast.acme, key="http_call").count() == 1


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"kind": "agent", "key": "nobody"}, "there is no such agent"),
        ({"kind": "agent", "key": ""}, "say which agent"),
        ({"kind": "skill", "key": "nonsense"}, "no skill &#x27;nonsense&#x27; is registered"),
        ({"kind": "tenant", "key": "rival"}, "there is no such tenant"),
        ({"reason": "no"}, "say why"),
        ({"reason": ""}, "This field is required"),
        ({"kind": "world"}, "not one of the available choices"),
        ({"tenant": ""}, "This field is required"),
    ],
    ids=str,
)
def test_it_says_at_the_field_what_cannot_be(changed: dict[str, str], says: str, cast: Cast) -> None:
    before = Freeze.objects.count()
    answer = SignIn("operator").post(ADD, form(cast.acme, **changed))
    assert answer.status_code == 200
    assert says in answer.content.decode()
    assert Freeze.objects.count() == before


def test_it_lets_only_the_platform_freeze_for_everybody(cast: Cast) -> None:
    assert SignIn("root").post(ADD, form(cast.acme, kind="skill", key="http_call")).status_code == 200, (
        "what is a tenant's is its operators'"
    )
    assert SignIn("root").post(ADD, form(None, kind="skill", key="http_call")).status_code == 302
    found = Freeze.objects.get(tenant=None)
    for name, by in (("operator", "the operator of this installation"), ("root", "root")):
        page = SignIn(name).get(page_url(found)).content.decode()
        assert f"Frozen by <bdi>{by}</bdi>" in page
        assert (lift_url(found) in page) == (name == "root")
    assert SignIn("operator").post(lift_url(found), {"reason": "let us go"}).status_code == 403
    assert SignIn("root").post(ADD, form(None)).status_code == 200, "no agent is everybody's"
    assert SignIn("root").post(lift_url(found), {"reason": "mended"}).status_code == 302
    found.refresh_from_db()
    assert found.lifted_by == "root"


def test_it_freezes_nothing_of_another_tenant(cast: Cast) -> None:
    before = Freeze.objects.count()
    browser = SignIn("operator")
    assert CANARY not in browser.get(ADD).content.decode()
    assert browser.post(ADD, form(cast.rival, kind="tenant", key="")).status_code == 200
    assert Freeze.objects.count() == before


@pytest.mark.parametrize("role", OPERATORS)
def test_it_lifts_by_the_same_service_as_the_api(role: str, cast: Cast) -> None:
    found = frozen(cast.acme)
    answer = SignIn(role).post(lift_url(found), {"reason": "mended"})
    assert (answer.status_code, answer["Location"]) == (302, page_url(found))
    found.refresh_from_db()
    assert (found.lifted_by, found.lifted_because) == (role, "mended")
    page = SignIn(role).get(page_url(found)).content.decode()
    assert f"Lifted by <bdi>{role}</bdi>" in page
    assert lift_url(found) not in page


def test_it_lifts_nothing_without_a_reason(cast: Cast) -> None:
    found = frozen(cast.acme)
    assert "say why" in SignIn("operator").post(lift_url(found), follow=True).content.decode()
    found.refresh_from_db()
    assert found.lifted_at is None


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("developer", 403), ("approver", 403), ("auditor", 403), ("stranger", 403)])
def test_it_takes_no_wish_from_other_roles(role: str, status: int, cast: Cast) -> None:
    found = frozen(cast.acme)
    assert SignIn(role).post(lift_url(found), {"reason": "mended"}).status_code in (status, 404)
    assert SignIn(role).post(ADD, form(cast.acme)).status_code == status
    found.refresh_from_db()
    assert found.lifted_at is None


def test_it_reaches_no_freeze_of_another_tenant(cast: Cast) -> None:
    found = frozen(cast.rival)
    for role in OPERATORS:
        assert SignIn(role).post(lift_url(found), {"reason": "mended"}).status_code == 404
        assert SignIn(role).get(page_url(found)).status_code == 404
    found.refresh_from_db()
    assert found.lifted_at is None


def test_it_changes_nothing_by_a_get_or_without_the_forms_own_token(cast: Cast) -> None:
    found, browser = frozen(cast.acme), SignIn("operator")
    assert browser.get(lift_url(found)).status_code == 405
    browser.handler.enforce_csrf_checks = True
    assert browser.post(lift_url(found), {"reason": "mended"}).status_code == 403
    assert browser.post(ADD, form(cast.acme)).status_code == 403
    found.refresh_from_db()
    assert found.lifted_at is None


def test_it_neither_changes_nor_deletes_a_row(cast: Cast) -> None:
    found, browser = frozen(cast.acme), SignIn("root")
    before = list(Freeze.objects.values())
    assert browser.post(page_url(found), {"reason": "another", "_save": "1"}).status_code in (200, 403)
    assert browser.post(reverse("admin:agents_freeze_delete", args=[found.pk]), {"post": "yes"}).status_code == 403
    assert list(Freeze.objects.values()) == before
