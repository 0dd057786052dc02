"""People sign in to the console by an issuer: the whole code flow, on real sockets, with the roles their groups give that day."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User

from agents.audit import entries_of, verify
from agents.models import Membership, Tenant

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def roles_of(name: str) -> dict[str, str]:
    return dict(Membership.objects.filter(user__username=name).values_list("tenant__slug", "role"))


def actions_of(tenant: str | None) -> list[tuple[str, str]]:
    """Return (action, actor) of a tenant's chain, or the platform's, the oldest first."""
    chain = Tenant.objects.get(slug=tenant) if tenant else None
    return [(entry.action, entry.actor) for entry in reversed(entries_of(chain))]


def with_query(address: str, **changed: str) -> str:
    parts = urlsplit(address)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | changed
    return urlunsplit(parts._replace(query=urlencode(query)))


def test_it_offers_the_issuer_and_asks_it_with_pkce_state_and_nonce(browsers: Any) -> None:
    browser = browsers()
    page = browser.here.get("/admin/login/?next=/admin/agent-profiles/")
    assert "Sign in with Example ID" in page.text
    assert re.search(r'href="/admin/sign-in/\?next=%2Fadmin%2Fagent-profiles%2F"', page.text)
    asked = parse_qs(urlsplit(browser.begin()).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert all(len(asked[name][0]) >= 16 for name in ("state", "nonce", "code_challenge"))
    assert asked["redirect_uri"] == [browser.provider.callback]


def test_nothing_in_the_request_changes_what_is_asked(browsers: Any) -> None:
    asked = parse_qs(urlsplit(browsers().begin("?process=connect&scope=everything&auth_params=prompt%3Dnone&action=rerequest")).query)
    assert "everything" not in asked["scope"][0]
    assert "prompt" not in asked


def test_it_lets_a_person_in_with_the_role_of_their_group(browsers: Any) -> None:
    browser = browsers()
    answer = browser.sign_in("ada", "?next=/admin/agent-profiles/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/agent-profiles/")
    assert browser.here.get("/admin/agent-profiles/").status_code == 200
    assert browser.here.get("/admin/agents/auditentry/").status_code == 403
    assert browser.here.get("/admin/auth/user/").status_code == 403
    ada = User.objects.get(username="ada")
    assert (ada.is_staff, ada.is_superuser, ada.has_usable_password()) == (True, False, False)
    assert roles_of("ada") == {"acme": "developer"}
    assert actions_of("acme") == [("membership.grant", "ada"), ("session.login", "ada")]


def test_next_leads_nowhere_else(browsers: Any) -> None:
    assert browsers().sign_in("ada", "?next=https://example.org/").headers["Location"] == "/admin/"


def test_the_role_that_may_most_counts_and_no_group_makes_a_superuser(browsers: Any) -> None:
    browsers().sign_in("meg")
    assert roles_of("meg") == {"acme": "tenant_admin", "rival": "auditor"}
    assert not User.objects.get(username="meg").is_superuser


def test_a_role_is_changed_and_taken_at_the_next_sign_in(browsers: Any, provider: Any) -> None:
    browsers().sign_in("ada")
    provider.put_in("ada", "watchers")
    browsers().sign_in("ada")
    assert roles_of("ada") == {"acme": "viewer"}
    stays = browsers()
    stays.sign_in("ada")
    provider.put_in("ada")
    refused = browsers().sign_in("ada")
    assert refused.status_code == 403
    assert "none of your groups has a role here" in refused.text
    assert roles_of("ada") == {}
    assert not User.objects.get(username="ada").is_staff
    assert stays.here.get("/admin/").headers["Location"].startswith("/admin/login/"), "sessions that are open end as well"
    assert [action for action, _ in actions_of("acme")] == [
        *("membership.grant", "session.login", "membership.change", "session.login", "session.login", "membership.remove")
    ]
    assert actions_of(None) == [("session.refused", "nobody")]
    assert all(verify(chain).problem == "" for chain in (None, Tenant.objects.get(slug="acme")))
    provider.put_in("ada", "devs")
    assert browsers().sign_in("ada").status_code == 302
    assert User.objects.filter(username__startswith="ada").count() == 1


@pytest.mark.parametrize("name", [pytest.param("eve", id="no-role"), pytest.param("lou", id="no-such-tenant")])
def test_it_makes_nobody_without_a_role(browsers: Any, name: str) -> None:
    browser = browsers()
    assert browser.sign_in(name).status_code == 403
    assert not User.objects.exists()
    assert not SocialAccount.objects.exists()
    assert browser.here.get("/admin/").status_code == 302
    entry = entries_of(None).get(action="session.refused")
    assert entry.target == f"{browser.provider.url} {name}"


@pytest.mark.parametrize("name", [pytest.param("ada", id="verified-address"), pytest.param("bob", id="unverified-address")])
def test_it_never_takes_somebody_for_a_user_who_is_there(browsers: Any, name: str) -> None:
    root = User.objects.create_superuser(name, f"{name}@example.org", "pw-of-root-1")
    assert browsers().sign_in(name).status_code == 302
    assert not SocialAccount.objects.filter(user=root).exists()
    other = SocialAccount.objects.get().user
    assert (other.username == name, other.is_superuser, other.email) == (False, False, "")
    assert roles_of(name) == {}


def test_the_same_subject_of_another_issuer_is_somebody_else(browsers: Any) -> None:
    browsers().sign_in("ada")
    SocialAccount.objects.update(provider="oidc-another-issuer")
    browsers().sign_in("ada")
    assert User.objects.count() == 2


def test_it_gives_nobody_a_name_that_was_somebodys(browsers: Any) -> None:
    for name in ("ada", "bob"):
        User.objects.create_user(name.upper()).delete()
    browsers().sign_in("ada")
    assert not User.objects.filter(username__in=("ada", "bob")).exists() and User.objects.count() == 1


def test_it_refuses_who_was_closed_out_here(browsers: Any) -> None:
    browsers().sign_in("ada")
    User.objects.update(is_active=False)
    refused = browsers().sign_in("ada")
    assert (refused.status_code, "closed here" in refused.text) == (403, True)


def test_it_takes_no_answer_it_did_not_ask_for(browsers: Any) -> None:
    browser, victim = browsers(), browsers()
    answer = browser.approve(browser.begin(), "ada")
    assert victim.here.get(answer).status_code == 401, "a code of somebody else's session"
    assert browser.here.get(with_query(answer, state="made-up")).status_code == 401
    assert browser.here.get(answer).status_code == 302
    assert browser.here.get(answer).status_code == 401, "an answer counts once"
    assert browser.here.get("/admin/sign-in/callback/").status_code == 401
    assert browser.here.get("/admin/sign-in/callback/?error=access_denied").status_code == 401
    assert entries_of(None).count() == 0, "who is nobody does not fill the log"


@pytest.mark.parametrize("changed", ["nonce", "code_challenge"])
def test_it_takes_no_code_that_answers_another_question(browsers: Any, changed: str) -> None:
    browser = browsers()
    address = with_query(browser.begin(), **{changed: "A" * 43})
    refused = browser.here.get(browser.approve(address, "ada"))
    assert refused.status_code == 401
    assert not User.objects.exists()


def test_it_says_so_when_the_issuer_is_away(browsers: Any, settings: Any) -> None:
    settings.AUTH_SERVICE_URL = "http://127.0.0.1:1"
    answer = browsers().here.get("/admin/sign-in/")
    assert (answer.status_code, "does not answer" in answer.text) == (503, True)


def test_there_is_no_such_page_without_an_issuer(browsers: Any, settings: Any) -> None:
    settings.AUTH_SERVICE_URL = ""
    browser = browsers()
    assert browser.here.get("/admin/sign-in/").status_code == 404
    assert "Sign in with" not in browser.here.get("/admin/login/").text


def test_there_is_no_way_to_make_an_account(browsers: Any) -> None:
    browser = browsers()
    for path in ("/accounts/signup/", "/accounts/login/", "/admin/signup/", "/accounts/3rdparty/signup/"):
        assert browser.here.get(path).status_code in (302, 404)
        assert not User.objects.exists()
