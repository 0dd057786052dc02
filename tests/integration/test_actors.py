"""Who is one and the same actor: people, their keys, accounts and tokens; what becomes of a key whose owner has left, and of names and
keys that are made in the instant in which somebody else takes what they need."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents import person_names
from agents.access import accounts, memberships
from agents.access.standing_rights import still_may
from agents.actors import is_same_actor, names_of, owns
from agents.bootstrap import bootstrap
from agents.models import Agent, ApiKey, AuditEntry, BreakGlass, Membership, PersonName, ServiceAccount, Tenant
from agents.roles import scopes_of
from agents.services import create_agent
from agents.sign_in.claims import Mapped
from agents.sign_in.oidc import SocialAccountAdapter
from agents.tenancy import Principal, create_key, find_key, is_still_valid, operator_principal
from runs.webhooks.endpoints import Wanted, create_endpoint, knows_secret, rotate_secret
from skills.refusal import Refusal
from tests.integration.meeting import meeting

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Tenant:
    """Return a tenant with Anna and Bert, tenant admins; Anna is also known to the issuer."""
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    for name in ("anna", "bert"):
        Membership.objects.create(user=User.objects.create_user(name), tenant=tenant, role="tenant_admin")
    SocialAccount.objects.create(user=User.objects.get(username="anna"), provider="oidc", uid="00u1")
    return tenant


def made(maker: Principal, name: str, *scopes: str, account: ServiceAccount | None = None) -> ApiKey:
    wanted = scopes or ("runs:write",)
    return accounts.make_key(
        principal=maker, name=name, scopes=wanted, expires_at=None, account_id=None if account is None else account.public_id
    )[0]


def actor(key: ApiKey) -> str:
    return f"key:{key.name}:{key.prefix}"


def test_a_key_is_one_with_who_made_it_and_an_account_with_all_who_hold_it(acme: Tenant) -> None:
    anna, bert = (operator_principal(acme, name) for name in ("anna", "bert"))
    ci, bot, lone = (accounts.make_account(tenant=acme, name=name, role="developer", description="") for name in ("ci", "bot", "lone"))
    hers, also, his = made(anna, "hers", "admin"), made(anna, "also"), made(bert, "his")
    by_hers = made(Principal(acme, actor(hers), frozenset({"admin"}), hers.public_id), "by-hers")
    root, _ = create_key(acme, "root", ["admin"])
    by_root = made(Principal(acme, actor(root), frozenset({"admin"}), root.public_id), "by-root")
    revoked = made(anna, "ci", account=ci)
    accounts.end_key(tenant=acme, key_id=revoked.public_id)
    made(bert, "ci", account=ci)
    made(bert, "bot", account=bot)
    rival = Tenant.objects.create(slug="rival", name="Rival")
    create_key(rival, "lone", ["runs:read"], owner="anna", account=ServiceAccount.objects.create(tenant=rival, name="lone", role="viewer"))
    assert (hers.owner, by_hers.owner, root.owner, by_root.owner) == ("anna", "anna", "", actor(root))
    same = [
        *(("anna", other) for other in ("anna", "person:00u1", actor(hers), actor(also), actor(by_hers), "account:ci")),
        *((actor(hers), other) for other in ("person:00u1", actor(also), actor(by_hers), "account:ci")),
        *(("account:ci", other) for other in ("bert", actor(his), "account:bot")),
        (actor(root), actor(by_root)),
    ]
    apart = [
        *(("anna", other) for other in ("bert", "person:00u2", "person:", actor(his), actor(root), "account:bot", f"account:{lone.name}")),
        *((actor(hers), other) for other in (actor(his), actor(root), "account:bot", "account:nobody", "key:hers:", "webhook:whk_1", "")),
        *(("person:00u2", other) for other in ("account:ci", actor(his))),
    ]
    for expected, pairs in ((True, same), (False, apart)):
        for one, other in pairs:
            found = is_same_actor(acme, one, other), is_same_actor(acme.pk, other, one)
            assert found == (expected, expected), (one, other)
    assert names_of([acme], "anna") == {"anna", "person:00u1", actor(hers), actor(also), actor(by_hers), "account:ci"}
    with CaptureQueriesContext(connection) as asked:
        assert not is_same_actor(acme, "anna", "bert")
    assert len(asked) == 1, "were they one and the same by another name"


def test_what_is_somebodys_goes_along_with_another_name_and_the_old_one_is_nobody_elses(acme: Tenant) -> None:
    key, secret = create_key(acme, "laptop", ["approvals:write"], owner="anna")
    agent = create_agent(tenant=acme, name="scout")
    Agent.objects.filter(pk=agent.pk).update(owner="anna")
    anna, rival = User.objects.get(username="anna"), Tenant.objects.create(slug="rival", name="Rival")
    now = timezone.now()
    BreakGlass.objects.create(tenant=rival, user=anna, reason="to see", opened_at=now, expires_at=now)
    anna.username = "anne"
    anna.save()
    agent.refresh_from_db()
    key.refresh_from_db()
    assert (agent.owner, key.owner, find_key(secret) is not None) == ("anne", "anne", True)
    assert owns(agent, "anne") and not owns(agent, "bert")
    # What she asked for before is hers: she may not approve it, and her standing yes goes on.
    assert is_same_actor(acme, "anna", "anne") and is_same_actor(acme.pk, actor(key), "anna")
    assert {"anna", "anne"} <= names_of([acme], "anne") and still_may(acme, "anna", "approvals:write")
    told = {entry.chain.key: entry.after for entry in AuditEntry.objects.filter(action="user.rename")}
    assert set(told) == {"platform", *(f"tenant:{each.pk}" for each in (acme, rival))}
    assert "scout" in told[f"tenant:{acme.pk}"] and key.prefix in told[f"tenant:{acme.pk}"]
    Agent.objects.filter(pk=agent.pk).update(owner="zoe")
    anne = User.objects.get(username="anne")
    for name in ("anna", "Anna", "anne", "ANNE", "Bert", "\u0430nna", "anna:x", "nobody", "AOS", ""):
        with pytest.raises(ValidationError), transaction.atomic():
            User.objects.create_user(name or " ")
    for name in ("bert", "Anne"):
        anne.username = name
        with pytest.raises(ValidationError), transaction.atomic():
            anne.save()
    anne.username = "anna"
    anne.save()
    agent.refresh_from_db()
    assert (owns(agent, "anna"), ApiKey.objects.get(pk=key.pk).owner) == (False, "anna"), "a name that was theirs they may have again"
    anne.delete()
    assert find_key(secret) is None
    for name in ("anna", "anne"):
        with pytest.raises(ValidationError), transaction.atomic():
            User.objects.create_user(name)


def test_a_key_goes_with_its_owner_and_an_accounts_key_does_not(acme: Tenant) -> None:
    anna = operator_principal(acme, "anna")
    ci = accounts.make_account(tenant=acme, name="ci", role="approver", description="")
    asked = {"name": "own", "scopes": ["approvals:write"], "expires_at": None}
    own, secret = accounts.make_key(principal=anna, account_id=None, **asked)  # type: ignore[arg-type]
    _, of_ci = accounts.make_key(principal=anna, account_id=ci.public_id, **asked)  # type: ignore[arg-type]
    _, nobodys = create_key(acme, "root", ["approvals:write"])
    _, of_key = create_key(acme, "child", ["approvals:write"], owner=actor(own))
    let_in = Principal(acme, actor(own), frozenset({"approvals:write"}), own.public_id)
    person, member = User.objects.filter(username="anna"), Membership.objects.filter(user__username="anna")

    def is_in() -> tuple[bool, bool, bool]:
        assert all(find_key(other) is not None for other in (of_ci, nobodys, of_key))
        return find_key(secret) is not None, is_still_valid(let_in, "approvals:write"), still_may(acme, actor(own), "approvals:write")

    assert is_in() == (True, True, True)
    with CaptureQueriesContext(connection) as questions:
        find_key(secret)
    assert len(questions) == 1, "it is asked with the key itself"
    person.update(is_active=False)
    assert is_in() == (False, False, False)
    person.update(is_active=True)
    assert is_in() == (True, True, True)
    member.delete()
    assert is_in() == (False, False, False)
    person.update(is_superuser=True)
    assert is_in() == (False, False, False), "who runs the installation is nobody in a tenant"
    person.delete()
    assert is_in() == (False, False, False)


def test_a_key_that_may_make_none_any_more_makes_none_in_a_request_that_was_let_in_before(acme: Tenant) -> None:
    own = made(operator_principal(acme, "anna"), "own", "admin", "runs:read")
    let_in = Principal(acme, actor(own), frozenset({"admin", "runs:read"}), own.public_id)
    given(acme, "developer")
    with pytest.raises(Refusal, match="may make none any more") as refused:
        made(let_in, "late", "runs:read")
    assert refused.value.code == "PERMISSION_DENIED"
    assert list(ApiKey.objects.filter(revoked_at=None).values_list("name", "scopes")) == [("own", ["runs:read"])]


def test_whoever_holds_the_key_that_made_an_endpoint_knows_its_secret(acme: Tenant, settings: Any) -> None:
    key = made(operator_principal(acme, "anna"), "hooks", "admin")
    program = Principal(acme, actor(key), frozenset({"admin"}), key.public_id)
    endpoint = create_endpoint(principal=program, wanted=Wanted(url="https://hooks.example.com/", may_answer=True))[0]
    assert [knows_secret(endpoint, name) for name in ("anna", actor(key), "person:00u1", "bert")] == [True, True, True, False]
    rotate_secret(principal=operator_principal(acme, "bert"), webhook_id=endpoint.public_id)
    assert knows_secret(endpoint, "bert")


# Two at once


def given(tenant: Tenant, role: str) -> None:
    """Give Anna a role."""
    member = memberships.list_members(tenant=tenant).get(user__username="anna")
    memberships.change_member(tenant=tenant, member_id=member.pk, role=role)


@pytest.mark.django_db(transaction=True)
def test_a_key_made_in_the_instant_of_a_demotion_does_no_more_than_the_new_role(acme: Tenant) -> None:
    anna = operator_principal(acme, "anna")
    for who in ("a person", "a key"):
        maker = anna
        if who == "a key":
            own = made(anna, "own", "admin")
            maker = Principal(acme, actor(own), frozenset({"admin"}), own.public_id)
        too_late = meeting(lambda: given(acme, "viewer"), partial(made, maker, "late", "runs:write"))
        assert isinstance(too_late, Refusal) and too_late.code == "PERMISSION_DENIED", (who, too_late)
        given(acme, "tenant_admin")
        meeting(lambda: made(anna, "early", "runs:write", "runs:read", "agents:read"), lambda: given(acme, "viewer"))
        assert Membership.objects.get(user__username="anna").role == "viewer"
        left = {scope for key in ApiKey.objects.filter(owner="anna", revoked_at=None) for scope in key.scopes}
        assert left == {"agents:read"} <= scopes_of("viewer"), who
        given(acme, "tenant_admin")
    person = User.objects.get(username="anna")
    person.username = "anne"
    key = meeting(person.save, lambda: made(anna, "renamed"))
    assert key.owner == "anne", "it is theirs by the name they have now"


@pytest.fixture
def by_issuer(settings: Any) -> Callable[..., User]:
    """Return what makes a person who signs in by the issuer for the first time; nobody had this name when it was looked at."""
    settings.OIDC_MAPPED = Mapped({"devs": ("acme:developer",)})

    def sign_in(name: str, uid: str = "00u2") -> User:
        request: Any = RequestFactory().get("/")
        request.user, request.session = AnonymousUser(), {}
        login = SocialLogin(user=User(username=name), account=SocialAccount(provider="oidc", uid=uid, extra_data={}))
        login.claims = {"iss": "https://issuer.example.com", "sub": uid, "groups": ["devs"]}
        return SocialAccountAdapter().save_user(request, login)

    return sign_in


@pytest.mark.django_db(transaction=True)
def test_of_two_new_people_of_one_name_but_for_capitals_the_second_is_told(acme: Tenant, by_issuer: Any, monkeypatch: Any) -> None:
    root = User.objects.create_superuser("root")

    def by_form(name: str) -> Any:
        browser = Client()
        browser.force_login(root)
        form = {"username": name, "usable_password": "false", "password1": "", "password2": ""}
        return browser.post("/admin/auth/user/add/", form)

    def first(name: str) -> Callable[[], User]:
        return lambda: User.objects.create_user(name)

    refused = meeting(first("zoe"), lambda: by_form("Zoe"))
    assert (refused.status_code, list(refused.context["adminform"].form.errors)) == (200, ["username"])
    refused = meeting(first("yan"), lambda: bootstrap(slug="acme", admin="Yan"))
    assert isinstance(refused, Refusal) and refused.errors[0]["pointer"] == "/admin"
    refused = meeting(first("xia"), lambda: User.objects.create_user("Xia"))
    assert isinstance(refused, ValidationError) and refused.message_dict == {"username": [person_names.TAKEN]}
    other = meeting(first("will"), lambda: by_issuer("Will"))
    assert isinstance(other, User) and other.username.lower() != "will", "an issuer's people get another name"
    twice = meeting(lambda: by_issuer("vera", "00u3"), lambda: by_issuer("vera", "00u3"))
    assert isinstance(twice, ImmediateHttpResponse) and twice.response.status_code == 409
    # Of two that both looked before either wrote, outside a transaction, the constraint keeps one.
    monkeypatch.setattr(person_names, "fault_of", lambda name, user_id: None)
    for change in (first("ANNA"), lambda: renamed(root, "BERT")):
        with pytest.raises(ValidationError):
            change()
    names = set(User.objects.values_list("username", flat=True))
    assert names == {"anna", "bert", "root", "zoe", "yan", "xia", "will", other.username, "vera"}
    assert set(PersonName.objects.values_list("name", flat=True)) == names


def renamed(person: User, name: str) -> None:
    person.username = name
    person.save()
