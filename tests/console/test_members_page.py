"""The members of a tenant: read by oversight, changed by tenant admins, and a role that is taken counts in sessions that are open."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from agents import audit
from agents.access import memberships
from agents.models import Agent, Membership, Role
from agents.roles import COST_ROLES, ROLE_SCOPES
from agents.tenancy import create_key
from aos_site.console import navigation
from skills.refusal import Refusal
from tests.console.conftest import CANARY, Cast, SignIn
from tests.console.seen_by import role_of

READS = ("tenant_admin", "auditor", "root")
CHANGES = ("tenant_admin", "root")
EVERYBODY = (*Role.values, "root", "stranger")
NAUGHTY = "<script>alert('ключ')</script>{{ 7 }}"
URL = reverse("console-members")


def post(browser: Client, cast: Cast, action: str, **form: Any) -> Any:
    return browser.post(URL, {"tenant": cast.acme.slug, "action": action, **form})


def member(name: str) -> Membership:
    return Membership.objects.get(user__username=name)


def said(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def text_of(answer: Any) -> str:
    return str(answer.content.decode()).replace("&#x27;", "'")


def test_each_role_sees_and_changes_what_it_may(cast: Cast) -> None:
    for role in EVERYBODY:
        browser = SignIn(role)
        shown = browser.get(f"{URL}?tenant={cast.acme.slug}")
        assert shown.status_code == (200 if role in READS else 403), role
        assert ('name="action"' in text_of(shown)) == (role in CHANGES), role
        if role not in CHANGES:
            for action in ("add", "role", "remove"):
                form = {"person": "stranger", "member": member("viewer").pk, "role": "tenant_admin"}
                assert post(browser, cast, action, **form).status_code == 403, role
    assert (member("viewer").role, Membership.objects.filter(user__username="stranger").count()) == ("viewer", 0)


def test_it_shows_no_page_to_who_is_not_signed_in(client: Client, db: None) -> None:
    assert client.get(URL).status_code == client.post(URL).status_code == 302


def test_it_shows_and_changes_nothing_of_another_tenant(cast: Cast) -> None:
    rivals = Membership.objects.get(tenant=cast.rival)
    browser = SignIn("tenant_admin")
    for query in ("", f"?tenant={cast.rival.slug}", f"?q={rivals.user.username}", "?q=%00", "?page=99"):
        assert CANARY not in text_of(browser.get(URL + query)).replace(f'value="{rivals.user.username}"', "")
    assert browser.post(URL, {"tenant": cast.rival.slug, "action": "remove", "member": rivals.pk}).status_code == 404
    assert "no such member" in said(post(browser, cast, "remove", member=rivals.pk))
    assert "no such member" in said(post(browser, cast, "role", member=rivals.pk, role="auditor"))
    assert Membership.objects.filter(pk=rivals.pk, role="viewer").exists()


def test_it_adds_a_known_person_by_exact_name_or_address_and_lets_them_in(cast: Cast) -> None:
    User.objects.create_user("bea", email="Bea@Example.com", first_name=NAUGHTY[:100])
    User.objects.create_user("one", email="same@example.com")
    User.objects.create_user("two", email="same@example.com")
    User.objects.create_user("gone", is_active=False)
    User.objects.create_user("eve@example.com")
    User.objects.create_user("evelyn", email="eve@example.com")
    browser = SignIn("tenant_admin")
    for who in ("be", "BEA", "bea@", "same@example.com", "eve@example.com", "gone", "", "\x00", "x" * 900):
        refused = post(browser, cast, "add", person=who, role="operator")
        assert refused.status_code == 400, who
        assert "nobody who can be added is known by exactly this" in text_of(refused), who
    assert post(browser, cast, "add", person="bea", role="root").status_code == 422
    assert "bea is a member now, as operator" in said(post(browser, cast, "add", person="bea@example.com", role="operator"))
    assert member("bea").role == "operator"
    assert SignIn("bea").get(reverse("admin:index")).status_code == 200
    again = post(browser, cast, "add", person="bea", role="viewer")
    assert (again.status_code, "is a member already" in text_of(again)) == (409, True)
    shown = text_of(browser.get(URL))
    assert "<script>alert" not in shown
    assert "&lt;script&gt;" in shown
    entry = audit.entries_of(cast.acme, action="membership.grant", target="bea").get()
    assert (entry.actor, entry.via) == ("tenant_admin", "console")


def test_a_role_counts_in_an_open_session_from_the_next_request_on(cast: Cast) -> None:
    """The person of the session does not sign in again; what they were shown a moment ago is refused, and so is what they send."""
    theirs, agent = SignIn("developer"), Agent.objects.get(tenant=cast.acme)
    page = reverse("console-agent", args=[agent.public_id])
    assert theirs.get(reverse("console-agent-edit", args=[agent.public_id])).status_code == 200
    post(SignIn("tenant_admin"), cast, "role", member=member("developer").pk, role="viewer")
    assert theirs.get(reverse("console-agent-edit", args=[agent.public_id])).status_code == 403
    assert theirs.post(page, {"action": "state", "status": "disabled", "reason": "revenge"}).status_code == 403
    assert theirs.get(page).status_code == 200, "a viewer still sees it"
    post(SignIn("tenant_admin"), cast, "remove", member=member("developer").pk)
    for answer in (theirs.get(page), theirs.post(page, {"action": "state", "status": "disabled", "reason": "revenge"})):
        assert (answer.status_code, answer["Location"].startswith(reverse("admin:login"))) == (302, True)
    agent.refresh_from_db()
    assert agent.status == "active"
    assert [entry.action.partition(".")[2] for entry in audit.entries_of(cast.acme, action="membership", target="developer")] == [
        "remove",
        "change",
    ]


def test_keys_in_a_persons_hand_lose_what_their_new_role_does_not_give(cast: Cast) -> None:
    """A tenant admin could make a key of every scope before they are one no more, be taken out, and come back with less."""
    browser, name = SignIn("tenant_admin"), "operator"
    post(browser, cast, "role", member=member(name).pk, role="tenant_admin")
    keys = [create_key(cast.acme, str(scopes), scopes, owner=name)[0] for scopes in (["admin"], ["catalog:read", "runs:write"])]
    other, _ = create_key(cast.acme, "other", ["admin"], owner="tenant_admin")
    post(browser, cast, "remove", member=member(name).pk)
    post(browser, cast, "add", person=name, role="viewer")
    for key in (*keys, other):
        key.refresh_from_db()
    assert [(key.revoked_at is None, key.scopes) for key in (*keys[1:], other)] == [(True, ["catalog:read"]), (True, ["admin"])]
    assert keys[0].revoked_at is not None
    assert audit.entries_of(cast.acme, action="api_key.narrow").get().target == keys[1].prefix
    post(browser, cast, "role", member=member(name).pk, role="tenant_admin")
    keys[1].refresh_from_db()
    assert keys[1].scopes == ["catalog:read"], "what was taken does not come back by itself"


def test_who_belongs_to_another_tenant_too_stays_in_the_console(cast: Cast) -> None:
    Membership.objects.create(user=User.objects.get(username="viewer"), tenant=cast.rival, role=Role.VIEWER)
    post(SignIn("tenant_admin"), cast, "remove", member=Membership.objects.get(user__username="viewer", tenant=cast.acme).pk)
    assert User.objects.get(username="viewer").is_staff


def test_the_last_tenant_admin_cannot_take_that_from_themselves(cast: Cast) -> None:
    browser, own = SignIn("tenant_admin"), member("tenant_admin")
    assert "no tenant admin left" in said(post(browser, cast, "role", member=own.pk, role="viewer"))
    assert "no tenant admin left" in said(post(browser, cast, "remove", member=own.pk))
    assert member("tenant_admin").role == "tenant_admin"
    post(browser, cast, "role", member=member("operator").pk, role="tenant_admin")
    assert "viewer from the next request on" in said(post(browser, cast, "role", member=own.pk, role="viewer"))
    assert browser.get(URL).status_code == 403
    User.objects.filter(username="operator").update(is_active=False)
    with pytest.raises(Refusal, match="no tenant admin left"):
        memberships.change_member(tenant=cast.acme, member_id=member("operator").pk, role="viewer")
    assert "viewer from the next" in said(post(SignIn("root"), cast, "role", member=member("operator").pk, role="viewer"))


def test_the_same_role_twice_is_written_down_once(cast: Cast) -> None:
    browser, theirs = SignIn("tenant_admin"), member("viewer").pk
    post(browser, cast, "role", member=theirs, role="auditor")
    assert "this role already" in said(post(browser, cast, "role", member=theirs, role="auditor"))
    assert audit.entries_of(cast.acme, action="membership.change").count() == 1
    assert post(browser, cast, "explode", member=theirs).status_code == 404


def test_it_says_of_whom_the_identity_provider_decides(cast: Cast, settings: Any) -> None:
    SocialAccount.objects.create(user=User.objects.get(username="viewer"), provider="oidc", uid="sub-1")
    shown = text_of(SignIn("tenant_admin").get(URL))
    assert shown.count("by the identity provider</span>") == 1
    assert "Until the next sign-in" in shown
    assert "last sign-in never" in shown


def test_the_tables_say_what_is_true(cast: Cast) -> None:
    """Who may do what is read from what decides it; here each cell is held against what really happens."""
    tables = {
        table["title"]: {row["name"]: dict(row["cells"]) for row in table["rows"]}
        for table in SignIn("auditor").get(URL).context["aos_tables"]
    }
    scopes = tables["Scopes of the API"]
    for role, held in ROLE_SCOPES.items():
        assert {scope for scope, cells in scopes.items() if cells[role.replace("_", " ")]} == held
    assert not any(scopes["admin"].values()), "it belongs to no role"
    costs = tables["What one may do on them"]["see what one run or call costs"]
    assert {role for role, is_allowed in costs.items() if is_allowed} == {role.replace("_", " ") for role in COST_ROLES}
    pages = tables["Pages of the console"]
    for role in (*Role.values, "root"):
        browser: Any = SignIn(role)
        request = browser.get(reverse("admin:index")).wsgi_request
        links = {item["title"]: str(item["link"]) for group in navigation(request) for item in group["items"]}
        assert {title for title, cells in pages.items() if cells[role_of(role).replace("_", " ")]} == set(links)
    assert not pages["Users"]["tenant admin"]
    assert pages["Users"]["platform"]


def test_forms_ask_for_their_own_token_and_nothing_changes_by_a_get(cast: Cast) -> None:
    browser: Any = SignIn("tenant_admin")
    before = list(Membership.objects.values())
    browser.get(f"{URL}?action=remove&member={member('viewer').pk}&tenant={cast.acme.slug}")
    browser.handler.enforce_csrf_checks = True
    assert post(browser, cast, "remove", member=member("viewer").pk).status_code == 403
    assert list(Membership.objects.values()) == before


def test_a_long_list_is_paged_and_asks_no_more_questions(cast: Cast, django_assert_max_num_queries: Any) -> None:
    people = User.objects.bulk_create(User(username=f"z-{n:03}") for n in range(80))
    Membership.objects.bulk_create(Membership(user=user, tenant=cast.acme, role="viewer") for user in people)
    browser = SignIn("auditor")
    with django_assert_max_num_queries(22):
        first = browser.get(URL)
    assert (len(first.context["aos_members"]), len(browser.get(URL + "?page=2").context["aos_members"])) == (50, 37)
    assert [each["name"] for each in browser.get(URL + "?q=z-007").context["aos_members"]] == ["z-007"]
    assert "No member has exactly this" in text_of(browser.get(URL + "?q=z-0"))


def test_an_empty_tenant_says_what_would_stand_there(cast: Cast) -> None:
    Membership.objects.filter(tenant=cast.acme).delete()
    shown = text_of(SignIn("root").get(f"{URL}?tenant={cast.acme.slug}"))
    assert "Nobody belongs to this tenant" in shown
    assert "Add the first person below" in shown
