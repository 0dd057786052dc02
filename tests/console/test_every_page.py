"""Every page and every address of the console, as they are registered: who sees it, whose rows it shows, and that looking changes none."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, reverse

from agents import audit
from agents.models import Agent, Freeze, LedgerEntry, LedgerScope, Role, ServiceAccount, Tenant
from agents.roles import PLATFORM, ROLE_SCOPES, ROLES
from agents.tenancy import SCOPES, create_key
from aos_site import urls
from aos_site.console import navigation
from catalog.models import CatalogEntry, Circuit, FailureMatch, RecoveryCandidate
from runs.console.run.obstacles_view import obstacle_rows
from runs.console.run.proof_page import TABS
from runs.models import BulkOperation, Charge, Grant, Outbox, Run, RunStatus, WebhookEndpoint
from tests.console import seen_by
from tests.console.conftest import CANARY, Cast, SignIn
from tests.console.test_drift_page import an_alert

pytestmark = pytest.mark.usefixtures("db")
MODELS = sorted(admin.site._registry.items(), key=lambda item: item[0]._meta.label)
PEOPLE = [*Role.values, "stranger", "root"]
# No other number on a page is this one.
COUNT = 389
# What writes without anybody asking for it.
_OF_ITS_OWN = {"sessions.Session", "django_q.Schedule", "django_q.Success", "django_q.Failure", "django_q.Task", "django_q.OrmQ"}


class Address(NamedTuple):
    """An address of the console: the name of its route, the model whose page it is (if it is one's), and what it asks for."""

    name: str
    model: Any
    parameters: tuple[str, ...]

    def of(self, rows: dict[str, str], keys: dict[str, Any]) -> str:
        """Return the address about these rows: `rows` by what a route calls them, `keys` by model."""
        key = None if self.model is None else keys.get(self.model._meta.label, "0")
        found = {**_STEPS, **rows, "object_id": key, "id": key}
        return reverse(self.name, kwargs={name: found[name] for name in self.parameters})


# What an address asks for besides a row.
_STEPS = {"operation": "cancel", "what": next(iter(TABS)), "which": "next", "step_id": "fetch", "skill": "http_call", "app_label": "runs"}
# Django's own: who one is, and parts of forms.
_DJANGOS = {"login", "logout", "password_change", "password_change_done", "jsi18n", "view_on_site", "autocomplete", "search", None}


def addresses() -> Iterator[Address]:
    """Yield every named address under /admin/."""
    by_name = {f"{model._meta.app_label}_{model._meta.model_name}": model for model, _ in MODELS}
    for route in _routes(admin.site.urls[0]):
        if route.name not in _DJANGOS and route.name != "app_list":
            model = next((model for name, model in by_name.items() if str(route.name).startswith(f"{name}_")), None)
            yield Address(f"admin:{route.name}", model, tuple(route.pattern.converters))
    for route in urls.urlpatterns:
        if isinstance(route, URLPattern) and str(route.name).startswith("console-"):
            yield Address(str(route.name), None, tuple(route.pattern.converters))
    yield Address("palette", None, ())
    yield Address("admin:index", None, ())


def _routes(patterns: Any) -> Iterator[URLPattern]:
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from _routes(each.url_patterns)
        else:
            yield each


ADDRESSES = list(addresses())
OWN = {each.name: each for each in ADDRESSES if each.name.startswith("console-") and each.name not in seen_by.POSTED}
_PREFIXES = {"run": "run", "candidate": "rec", "webhook": "whk", "delivery": "msg", "bulk": "blk", "grant": "grt", "agent": "agt"}
NOBODYS = {
    "signature": "0" * 64,
    **{f"{name}_id": f"{prefix}_{'0' * 32}" for name, prefix in _PREFIXES.items()},
}


def rows_of(tenant: Tenant) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the ids of a tenant's rows, by what routes call them and by model."""
    run, text = Run.objects.get(tenant=tenant), tenant.name
    hook = WebhookEndpoint.objects.create(tenant=tenant, url="https://a.example/", description=text, secrets=[], event_types=["run.failed"])
    bulk = BulkOperation.objects.create(tenant=tenant, action="cancel", filter={"q": text}, run_ids=[run.pk], total=1, created_by=text)
    grant = Grant.objects.create(tenant=tenant, skill="http_call", host=text, reason=text, granted_by=text, max_uses=3)
    done = audit.record(tenant, "agent.update", text)
    ids = {"run_id": run, "webhook_id": hook, "bulk_id": bulk, "grant_id": grant, "agent_id": Agent.objects.get(tenant=tenant)}
    models = (Charge, Freeze, LedgerScope, CatalogEntry, FailureMatch, Outbox, Run)
    rows = [*(model.objects.filter(tenant=tenant).first() for model in models), LedgerEntry.objects.filter(scope__tenant=tenant).first()]
    keys = {row._meta.label: row.pk for row in (*rows, done, tenant)}
    signature = FailureMatch.objects.get(tenant=tenant).signature
    return {**NOBODYS, "signature": signature, **{name: row.public_id for name, row in ids.items()}}, keys


def all_rows() -> dict[str, str]:
    """Return what stands in every table, as a short text for each."""
    tables = (model for model in apps.get_models() if model._meta.managed and model._meta.label not in _OF_ITS_OWN)
    return {
        model._meta.label: hashlib.sha256(repr(list(model._base_manager.order_by("pk").values_list())).encode()).hexdigest()
        for model in tables
    }


def changed(before: dict[str, str]) -> list[str]:
    after = all_rows()
    return [label for label in before if before[label] != after[label]]


def test_every_page_says_who_sees_it() -> None:
    assert {model._meta.label for model, _ in MODELS} == set(seen_by.MODELS)
    assert {each.name for each in ADDRESSES if each.name.startswith("console-")} == set(seen_by.PAGES) | seen_by.POSTED


@pytest.mark.parametrize("person", PEOPLE)
def test_each_role_sees_its_pages_and_no_other(person: str, cast: Cast) -> None:
    browser = SignIn(person)
    lists = {
        reverse(f"admin:{each._meta.label_lower.replace('.', '_')}_changelist"): seen_by.MODELS[each._meta.label] for each, _ in MODELS
    }
    told = {address: browser.get(address).status_code for address in lists}
    assert told == {address: 200 if seen_by.role_of(person) in roles else 403 for address, roles in lists.items()}
    for name, page in OWN.items():
        may = seen_by.role_of(person) in seen_by.PAGES[name]
        status = browser.get(page.of(NOBODYS, {})).status_code
        # There is no such row; who may not see the page learns no more than that.
        assert status in ((200, 404) if may and _needs(page) else (200,) if may else (403, 404) if _needs(page) else (403,)), name


def _needs(page: Address) -> bool:
    """Tell whether a page is about something somebody has to name, in its address or behind it."""
    return bool(page.parameters) or page.name in ("console-approvals-together", "console-bulk-new")


def test_pages_keep_to_their_own_names_and_to_the_environment(cast: Cast) -> None:
    """The frame's templates share the namespace: what a page calls by another name may turn up in them."""
    browser, request = SignIn("tenant_admin"), RequestFactory().get("/admin/")
    request.user = User.objects.get(username="tenant_admin")
    frame = {*admin.site.each_context(request), "title"}
    answers = [browser.get(reverse(name)) for name, page in OWN.items() if not _needs(page)]
    shown = [answer for answer in answers if answer.status_code == 200 and getattr(answer, "context_data", None)]
    assert len(shown) > 20
    for answer in shown:
        address = answer.request["PATH_INFO"]
        assert [name for name in answer.context_data if not name.startswith("aos_") and name not in frame] == [], address
        assert settings.ENVIRONMENT in answer.content.decode(), address


def test_a_page_that_is_not_for_a_role_says_for_which_it_is(cast: Cast) -> None:
    browser = SignIn("viewer")
    for name in ("console-workers", "console-grants", "console-access", "console-cost", "console-runtime", "admin:runs_outbox_changelist"):
        roles = seen_by.PAGES.get(name) or seen_by.MODELS["runs.Outbox"]
        named = [role.replace("_", " ") for role in (*ROLES, PLATFORM) if role in roles]
        assert f"It is for: {', '.join(named)}." in browser.get(reverse(name)).content.decode(), name


def test_who_is_not_signed_in_sees_none(client: Client, cast: Cast) -> None:
    for page in ADDRESSES:
        answer = client.get(page.of(NOBODYS, {}))
        assert answer.status_code in (302, 405), page.name
        assert CANARY not in answer.content.decode()


@pytest.mark.parametrize("person", [*Role.values, "stranger"])
def test_no_page_shows_anything_of_another_tenant(person: str, cast: Cast) -> None:
    rows_of(cast.rival)
    browser, run = SignIn(person), Run.objects.get(tenant=cast.rival)
    lists = [reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist") for model, _ in MODELS]
    pages = [f"{each}{query}" for each in lists for query in ("", f"?q={run.public_id}&o=1")]
    pages += [reverse(name) for name, page in OWN.items() if not page.parameters]
    pages += [f"{reverse('console-approvals')}?show=decided", f"{reverse('console-recovery')}?show=all", f"{lists[0]}?q=TIMEOUT"]
    pages += [f"{reverse('palette')}?s={each}" for each in (run.public_id, "rival", f"agent-{CANARY}"[:6], "TIMEOUT")]
    for page in [*pages, reverse("admin:index"), reverse("admin:app_list", args=["runs"])]:
        assert CANARY not in browser.get(page).content.decode(), page


@pytest.mark.parametrize("person", ["viewer", "operator", "root"])
def test_where_calls_went_is_told_to_who_is_told_why_they_failed(person: str, cast: Cast) -> None:
    host, browser = "canary-of-a-host.test", SignIn(person)
    match, run = FailureMatch.objects.get(tenant=cast.acme), Run.objects.get(tenant=cast.acme)
    FailureMatch.objects.filter(pk=match.pk).update(host=host, message="what-it-said")
    circuit = Circuit.objects.create(tenant=cast.acme, skill="http_call", host=f"{host}:443", changed_at_ms=1, open_until_ms=1)
    kind = {"skill": match.skill, "code": match.code, "host": host, "signature": match.signature, "mode": match.mode}
    candidate = RecoveryCandidate.objects.create(tenant=cast.acme, prior_confidence=0.5, **kind)
    held = {"step_id": "a", "what": "circuit", "scope": f"circuit:http_call@{host}", "detail": f"{host} failed", "holder": host}
    action = {"detail": "wait", "api": None, "command": f"manage.py circuits reset http_call {host}", "who": None}
    held |= {"current": 5, "limit": 5, "since_at": None, "eta_at": None, "action": action}
    rights = dict.fromkeys(("shows_targets", "shows_costs"), seen_by.role_of(person) in seen_by.CAUSES)
    pages = [reverse(f"admin:catalog_{each}_changelist") for each in ("circuit", "failurematch")]
    pages += [reverse("admin:catalog_circuit_change", args=[circuit.pk]), reverse("admin:catalog_failurematch_change", args=[match.pk])]
    pages += [reverse("console-failures"), reverse("console-failure-group", args=[match.signature]), reverse("console-recovery")]
    pages += [reverse("console-recovery-candidate", args=[candidate.public_id]), reverse("admin:runs_run_change", args=[run.public_id])]
    browser.raise_request_exception = False
    tenant = f"?tenant={cast.acme.slug}"
    shown = {page for page in pages if host in browser.get(page + (tenant if "analytics" in page else "")).content.decode()}
    telling = set(pages) - {reverse("admin:catalog_failurematch_changelist"), pages[-1]}
    assert shown == (telling if seen_by.role_of(person) in seen_by.CAUSES else set()), person
    assert (host in str(obstacle_rows([held], 0, **rights))) == (seen_by.role_of(person) in seen_by.CAUSES)
    # Nor does a page answer whether there is such a host.
    asked = [browser.get(f"{reverse('console-failures')}{tenant}&host={each}").content.decode() for each in (host, "none.test")]
    if seen_by.role_of(person) not in seen_by.CAUSES:
        assert asked[0].count(match.signature[:16]) == asked[1].count(match.signature[:16]) > 0
        assert browser.get(f"{pages[1]}?host__exact={host}").status_code == 400
    if person in Role.values:
        told = answers_to(person, cast.acme, match.signature, candidate.public_id)
        assert {path for path, said in told.items() if host in said} == (set(told) if person in seen_by.CAUSES else set())
        # What it said and cost is told on no page of theirs either.
        assert not any("what-it-said" in said for said in told.values())
        cost = an_alert(cast.acme, measure="cost")
        is_told = {cost.public_id in ask(person, cast.acme, "drift").content.decode()}
        is_told.add(ask(person, cast.acme, f"drift/{cost.public_id}").status_code == 200)
        assert is_told == {person in seen_by.SUMS}
        refused = [f"circuits?host={host}", f"failures/groups?host={host}", f"failures/analytics?host={host}"]
        statuses = {ask(person, cast.acme, path).status_code for path in (*refused, "recovery/candidates:export")}
        assert statuses == ({200} if person in seen_by.CAUSES else {403})


def answers_to(role: str, tenant: Tenant, signature: str, candidate_id: str) -> dict[str, str]:
    """Return what the API answers a service account of a role about failures, by address."""
    recovery = ("recovery/candidates", f"recovery/candidates/{candidate_id}")
    paths = ("circuits", "failures", "failures/groups", f"failures/groups/{signature}", *recovery)
    return {path: ask(role, tenant, path).content.decode() for path in paths}


def ask(role: str, tenant: Tenant, path: str) -> Any:
    account, _ = ServiceAccount.objects.get_or_create(tenant=tenant, name=role, role=role)
    secret = create_key(tenant, role, ROLE_SCOPES[role], account=account)[1]
    return Client().get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {secret}"})


def test_no_list_of_the_api_shows_anything_of_another_tenant(cast: Cast, client: Client) -> None:
    rows_of(cast.rival)
    secret = create_key(cast.acme, "all of it", SCOPES)[1]
    for route in _routes(urls.api_v1):
        if not route.pattern.converters:
            answer = client.get(f"/api/v1/{route.pattern}", headers={"Authorization": f"Bearer {secret}"})
            assert CANARY not in b"".join(answer).decode(), route.pattern


@pytest.mark.parametrize("person", Role.values)
def test_another_tenants_row_is_as_if_it_were_not_there_and_cannot_be_changed(person: str, cast: Cast) -> None:
    browser, (rows, keys) = SignIn(person), rows_of(cast.rival)
    rows["signature"] = NOBODYS["signature"]  # failures of both tenants may be of one kind
    before = all_rows()
    for page in ADDRESSES:
        if not page.parameters or page.name == "console-skill" or (page.model and page.model._meta.label not in keys):
            continue
        address = page.of(rows, keys)
        form = {"post": "yes", "verdict": "approve", "reason": "because it is so", "_save": "1"}
        told = {"GET": browser.get(address).status_code, "POST": browser.post(address, form).status_code}
        assert set(told.values()) <= {403, 404, 405}, (address, told)
    assert changed(before) == []


def test_looking_at_any_address_changes_nothing(cast: Cast) -> None:
    browser, (rows, keys) = SignIn("root"), rows_of(cast.acme)
    keys |= {model._meta.label: row.pk for model, _ in MODELS if (row := model._default_manager.first()) and model._meta.label not in keys}
    before = all_rows()
    # The run has no journal to fold a page from; that its page says so is not asked here.
    browser.raise_request_exception = False
    for page in ADDRESSES:
        browser.get(page.of(rows, keys))
    assert changed(before) == []


@pytest.mark.parametrize("person", ["root", "tenant_admin", "viewer"])
def test_what_cannot_be_changed_has_no_form_that_saves(person: str, cast: Cast) -> None:
    browser, (_, keys) = SignIn(person), rows_of(cast.acme)
    request = RequestFactory().get("/admin/")
    request.user, before = User.objects.get(username=person), all_rows()
    for model, page in MODELS:
        row = model._default_manager.filter(pk=keys.get(model._meta.label)).first() or model._default_manager.first()
        if row is None or model is Run or page.has_change_permission(request, row):
            continue
        base = f"admin:{model._meta.label_lower.replace('.', '_')}"
        shown = browser.get(reverse(f"{base}_change", args=[row.pk]))
        assert 'name="_save"' not in shown.content.decode(), model
        browser.post(reverse(f"{base}_change", args=[row.pk]), {"_save": "1"})
        if not page.has_delete_permission(request, row):
            browser.post(reverse(f"{base}_delete", args=[row.pk]), {"post": "yes"})
        browser.post(reverse(f"{base}_changelist"), {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"})
    assert changed(before) == []


@pytest.mark.parametrize("person", [*Role.values, "stranger"])
def test_no_badge_and_no_number_counts_another_tenants_rows(person: str, cast: Cast) -> None:
    agent = Agent.objects.get(tenant=cast.rival)
    waiting = [(RunStatus.WAITING, each) for each in ("approval", "input", "in_doubt", "budget")]
    kinds = [(RunStatus.QUEUED, ""), (RunStatus.DEAD_LETTERED, ""), *waiting]
    for status, waits in kinds:
        Run.objects.bulk_create(Run(tenant=cast.rival, agent=agent, goal="g", status=status, waiting_for=waits) for _ in range(COUNT))
    browser = SignIn(person)
    for page in ("admin:index", "console-workers", "console-dead-letters", "console-failures"):
        assert re.search(rf"\b{COUNT}\b", browser.get(reverse(page)).content.decode()) is None, page
    request = RequestFactory().get("/admin/")
    request.user = User.objects.get(username=person)
    badges = {item["title"]: item["badge"] for group in navigation(request) for item in group["items"] if item.get("badge")}
    assert badges == {}, "nothing of one's own waits"
