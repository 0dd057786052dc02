"""The page of keys and service accounts: read by oversight, changed by tenant admins, and a key shown in one answer alone."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agents import audit
from agents.access import accounts
from agents.models import ApiKey, Membership, Role, ServiceAccount
from agents.tenancy import create_key, find_key
from tests.console.conftest import CANARY, Cast, SignIn

READS = ("tenant_admin", "auditor", "root")
CHANGES = ("tenant_admin",)
EVERYBODY = (*Role.values, "root", "stranger")
PLAINTEXT = re.compile(r"aos_test_[a-z2-7]{12}_[0-9a-f]{56}")
NAUGHTY = "<script>alert('ключ')</script>{{ 7 }}"


def url(**query: str) -> str:
    return reverse("console-access", query=query)


def page(role: str, cast: Cast, **query: str) -> str:
    return SignIn(role).get(url(tenant=cast.acme.slug, **query)).content.decode()


def once_in(html: str) -> str:
    found = re.search(r'name="once" value="([0-9a-f]{32})"', html)
    assert found
    return found[1]


def post(browser: Client, cast: Cast, action: str, **form: Any) -> Any:
    return browser.post(url(), {"tenant": cast.acme.slug, "action": action, **form})


def make_key(browser: Client, cast: Cast, **form: Any) -> Any:
    whole = {"name": "ci", "scopes": ["runs:read", "runs:write"], "until": "", "account": "", **form}
    return post(browser, cast, "make-key", once=once_in(page("tenant_admin", cast)), **whole)


def said(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def test_it_is_for_oversight_and_only_tenant_admins_are_offered_changes(cast: Cast) -> None:
    for role in EVERYBODY:
        browser = SignIn(role)
        shown = browser.get(url(tenant=cast.acme.slug))
        assert shown.status_code == (200 if role in READS else 403)
        assert (f'href="{url()}"' in browser.get(reverse("admin:index")).content.decode()) == (role in READS)
        assert ('name="action"' in shown.content.decode()) == (role in CHANGES)


def test_it_shows_no_page_to_who_is_not_signed_in(client: Client, db: None) -> None:
    assert client.get(url()).status_code == client.post(url()).status_code == 302


def test_it_shows_nothing_of_another_tenant(cast: Cast) -> None:
    accounts.make_account(tenant=cast.rival, name="theirs", role="viewer", description=CANARY)
    rivals = ApiKey.objects.get(tenant=cast.rival)
    for role in ("tenant_admin", "auditor"):
        for query in ({}, {"tenant": cast.rival.slug}, {"q": rivals.prefix}, {"q": rivals.public_id}, {"show": "all"}, {"tenant": "\x00"}):
            shown = SignIn(role).get(url(**query)).content.decode()
            assert CANARY not in shown
            assert "theirs" not in shown
            assert f">{rivals.public_id}<" not in shown


def test_it_shows_state_scopes_last_use_and_account_and_never_a_hash(cast: Cast) -> None:
    bot = accounts.make_account(tenant=cast.acme, name="ci-bot", role="viewer", description="builds")
    key, plaintext = create_key(
        cast.acme, NAUGHTY, ["skills:read", "runs:write"], account=bot, expires_at=timezone.now() + timedelta(days=2)
    )
    ApiKey.objects.filter(pk=key.pk).update(last_used_at="2026-11-01T10:20:30Z")
    for owner in ("developer", "stranger"):
        create_key(cast.acme, f"of {owner}", ["runs:read"], owner=owner)
    shown = page("auditor", cast)
    for text in (
        "Owner developer",
        "its owner has left",
        "stranger is no active member any more",
        key.prefix,
        "skills:read",
        "account ci-bot",
        "last used 2026-11-01 10:20 UTC",
        "ends in 1 d 23 h",
        "never used",
        "1 live key<",
    ):
        assert text in shown
    assert "does not give runs:write" in shown, "the account's role stands above the key"
    assert "&lt;script&gt;" in shown
    assert NAUGHTY not in shown
    assert plaintext not in shown
    assert key.secret_hmac not in shown


def test_it_filters_by_state_and_finds_by_prefix(cast: Cast) -> None:
    live = ApiKey.objects.get(tenant=cast.acme)
    ended, _ = create_key(cast.acme, "ended", ["runs:read"])
    ApiKey.objects.filter(pk=ended.pk).update(expires_at=timezone.now() - timedelta(days=1))
    shown = {show: page("auditor", cast, show=show) for show in ("live", "ended", "all", "nonsense")}
    assert [show for show, html in shown.items() if live.prefix in html] == ["live", "all", "nonsense"]
    assert [show for show, html in shown.items() if ended.prefix in html] == ["ended", "all"]
    assert ended.public_id in page("auditor", cast, q=ended.prefix)
    assert "No key has this prefix" in page("auditor", cast, q=ended.prefix[:-1])


def test_a_new_key_is_shown_in_one_answer_and_kept_nowhere(cast: Cast) -> None:
    browser = SignIn("tenant_admin")
    until = (timezone.now() + timedelta(days=30)).date().isoformat()
    answer = make_key(browser, cast, until=until)
    (plaintext,) = set(PLAINTEXT.findall(answer.content.decode()))
    assert "no-store" in answer["Cache-Control"]
    key = find_key(plaintext)
    assert key is not None
    stored = ApiKey.objects.get(pk=key.pk)
    assert (stored.name, stored.scopes, stored.tenant) == ("ci", ["runs:read", "runs:write"], cast.acme)
    assert f"{stored.expires_at:%Y-%m-%d %H:%M:%S}" == f"{until} 23:59:59"
    entry = audit.entries_of(cast.acme, action="api_key.create", target=stored.prefix).get()
    assert (entry.actor, entry.via) == ("tenant_admin", "console")
    kept = [*Session.objects.values_list("session_data", flat=True), *(cookie.value for cookie in browser.cookies.values()), entry.after]
    assert not [text for text in kept if plaintext in text or plaintext[-20:] in text]
    assert plaintext not in browser.get(url()).content.decode()


def test_a_form_that_is_sent_again_makes_no_second_key(cast: Cast) -> None:
    browser = SignIn("tenant_admin")
    form = {"name": "ci", "scopes": ["runs:read"], "once": once_in(page("tenant_admin", cast))}
    assert post(browser, cast, "make-key", **form).status_code == 200
    again = post(browser, cast, "make-key", **form)
    assert again.status_code == 409
    assert "was sent before" in again.content.decode()
    assert not PLAINTEXT.search(again.content.decode())
    assert ApiKey.objects.filter(tenant=cast.acme, name="ci").count() == 1


BAD = {
    "no name": ({"name": " \x00"}, "Name"),
    "no scope": ({"scopes": []}, "What it may do"),
    "a scope nobody knows": ({"scopes": ["runs:explode"]}, "no such scope"),
    "no day": ({"until": "tomorrow"}, "Good until"),
    "a day that is past": ({"until": "2020-01-01"}, "this is past"),
    "more than the account": ({"account": "bot", "scopes": ["runs:write"]}, "does not give runs:write"),
    "another tenant's account": ({"account": "theirs"}, "no such service account"),
    "no form of the page": ({"once": ""}, "not the form of the page"),
}


def test_it_says_beside_the_form_why_it_makes_no_key(cast: Cast) -> None:
    known = {
        "bot": accounts.make_account(tenant=cast.acme, name="bot", role="viewer", description="").public_id,
        "theirs": accounts.make_account(tenant=cast.rival, name="theirs", role="viewer", description="").public_id,
    }
    for what, (form, why) in BAD.items():
        whole = {"name": "typed-before", "once": "0" * 32, "scopes": ["runs:read"], **form}
        whole["account"] = known.get(str(whole.get("account")), "")
        answer = post(SignIn("tenant_admin"), cast, "make-key", **whole)
        assert 400 <= answer.status_code < 500, what
        shown = answer.content.decode()
        assert why in shown.replace("&#x27;", "'"), what
        assert ("typed-before" in shown) == ("name" not in form), "what was typed stands there still"
        assert not ApiKey.objects.filter(tenant=cast.acme).exclude(name="of-acme").exists()


def test_a_key_is_revoked_once_and_its_end_written_down(cast: Cast) -> None:
    browser, key = SignIn("tenant_admin"), ApiKey.objects.get(tenant=cast.acme)
    assert "answered 401" in said(post(browser, cast, "revoke", key=key.public_id))
    first = ApiKey.objects.get(pk=key.pk).revoked_at
    assert first is not None
    assert "revoked already" in said(post(browser, cast, "revoke", key=key.public_id))
    assert ApiKey.objects.get(pk=key.pk).revoked_at == first
    assert audit.entries_of(cast.acme, action="api_key.revoke", actor="tenant_admin").count() == 1


def test_an_account_is_made_given_another_role_and_switched(cast: Cast) -> None:
    browser = SignIn("tenant_admin")
    assert "is there" in said(post(browser, cast, "make-account", name="ci-bot", role="viewer", description="builds"))
    bot = ServiceAccount.objects.get(tenant=cast.acme)
    taken = post(browser, cast, "make-account", name="ci-bot", role="viewer", description="again")
    assert taken.status_code == 409
    assert "there is a service account of this name" in taken.content.decode()
    assert "has the role developer" in said(post(browser, cast, "role", account=bot.public_id, role="developer"))
    _, plaintext = create_key(cast.acme, "bots", ["runs:write"], account=bot)
    assert "is off" in said(post(browser, cast, "off", account=bot.public_id))
    assert find_key(plaintext) is None
    assert "account is off" in page("auditor", cast)
    assert "already" in said(post(browser, cast, "off", account=bot.public_id))
    assert "is on again" in said(post(browser, cast, "on", account=bot.public_id))
    assert find_key(plaintext) is not None
    bot.refresh_from_db()
    assert (bot.role, bot.is_active) == ("developer", True)
    written = audit.entries_of(cast.acme, action="service_account", actor="tenant_admin")
    assert [entry.action.rpartition(".")[2] for entry in written] == ["update", "update", "update", "create"]


def test_it_makes_no_account_without_a_name_and_a_role(cast: Cast) -> None:
    for name, role in (("Ci Bot", "viewer"), ("bot", "root"), ("", "viewer")):
        assert post(SignIn("tenant_admin"), cast, "make-account", name=name, role=role).status_code == 422
    assert not ServiceAccount.objects.exists()


def test_it_takes_no_change_from_others(cast: Cast) -> None:
    bot = accounts.make_account(tenant=cast.acme, name="bot", role="viewer", description="")
    key = ApiKey.objects.get(tenant=cast.acme)
    for role in (role for role in EVERYBODY if role not in CHANGES):
        for action in ("make-key", "revoke", "make-account", "role", "off", "on"):
            form = {"name": "x", "scopes": ["admin"], "once": "a", "key": key.public_id, "account": bot.public_id, "role": "tenant_admin"}
            assert post(SignIn(role), cast, action, **form).status_code == 403
        assert list(ApiKey.objects.filter(tenant=cast.acme).values_list("revoked_at", flat=True)) == [None]
        assert list(ServiceAccount.objects.values_list("role", "is_active")) == [("viewer", True)]


def test_it_changes_nothing_of_another_tenant(cast: Cast) -> None:
    browser, rivals = SignIn("tenant_admin"), ApiKey.objects.get(tenant=cast.rival)
    assert browser.post(url(), {"tenant": cast.rival.slug, "action": "revoke", "key": rivals.public_id}).status_code == 404
    assert "no such API key" in said(post(browser, cast, "revoke", key=rivals.public_id))
    assert post(browser, cast, "explode").status_code == 404
    assert ApiKey.objects.get(pk=rivals.pk).revoked_at is None


def test_an_admin_of_two_tenants_chooses_one(cast: Cast) -> None:
    member = Membership.objects.get(user__username="auditor")
    Membership.objects.create(user=member.user, tenant=cast.rival, role=Role.AUDITOR)
    assert f'<option value="{cast.rival.slug}" selected>' in SignIn("auditor").get(url(tenant=cast.rival.slug)).content.decode()


def test_forms_ask_for_their_own_token_and_nothing_changes_by_a_get(cast: Cast) -> None:
    browser: Any = SignIn("tenant_admin")
    key = ApiKey.objects.get(tenant=cast.acme)
    browser.get(url(tenant=cast.acme.slug, action="revoke", key=key.public_id))
    browser.handler.enforce_csrf_checks = True
    assert post(browser, cast, "revoke", key=key.public_id).status_code == 403
    assert ApiKey.objects.get(pk=key.pk).revoked_at is None


def test_a_long_list_is_paged_and_asks_no_more_questions(cast: Cast, django_assert_max_num_queries: Any) -> None:
    bot = accounts.make_account(tenant=cast.acme, name="bot", role="viewer", description="")
    ApiKey.objects.bulk_create(ApiKey(tenant=cast.acme, name=f"key-{n:02}", prefix=f"p{n}", service_account=bot) for n in range(40))
    browser = SignIn("auditor")
    with django_assert_max_num_queries(14):
        first = browser.get(url())
    second = browser.get(url(page="2"))
    assert (len(first.context["aos_keys"]), len(second.context["aos_keys"])) == (25, 16)
    assert "40 live keys" in first.content.decode()


def test_an_empty_page_says_what_would_stand_there(cast: Cast) -> None:
    ApiKey.objects.filter(tenant=cast.acme).delete()
    shown = page("tenant_admin", cast)
    for text in ("No key is live", "No key yet", "None yet", "manage.py api_keys create"):
        assert text in shown
    assert "No key has ended" in page("auditor", cast, show="ended")
