"""The platform sees the rows of all tenants and the contents of none, but by breaking the glass: with a reason, for a time, audited."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import LazySettings
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.db.models import JSONField, TextField
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from agents import audit
from agents.access.break_glass import open_glass
from agents.access.rights import may
from agents.access.standing_rights import person_may, still_may
from agents.models import BreakGlass, Membership, Tenant
from agents.roles import PAYLOAD_ROLES
from agents.services import create_agent
from aos_site.http.middleware import BrokenGlassMiddleware
from catalog.models import FailureMatch
from runs.console.run.proof_page import TABS
from runs.models import Outbox, Run
from skills import plugins
from skills.refusal import Refusal
from skills.registry import registry
from tests.console.conftest import Cast, SignIn
from tests.console.test_every_page import ADDRESSES, MODELS, NOBODYS
from tests.fakes.raw_server import RawServer
from tests.integration.conftest import set_up
from tests.integration.workshop import Workshop, a_worker, as_person, over, parked, step

URL = reverse("console-break-glass")
WHY = "the tenant asked us to look at it"


@pytest.fixture
def server(settings: LazySettings) -> Iterator[RawServer]:
    with RawServer(lambda connection: connection.recv(1)) as server:
        settings.ALLOW_LOCAL_TARGETS = frozenset({server.authority})
        yield server


@pytest.fixture
def workshop(transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> Workshop:
    shop = set_up(monkeypatch, settings)
    plugins.load(registry, with_plugins=False, modules=["skills.library.http_call", "skills.library.ask_human"])
    User.objects.create_superuser("root")
    return shop


def canary_of(tenant: Tenant) -> str:
    return f"canary-in-{tenant.slug}"


def lived_in(shop: Workshop, server: RawServer) -> None:
    """Leave a run of each kind in a tenant, with the canary in all it was asked, given and told, and in nothing else."""
    word = canary_of(shop.tenant)
    runs = {
        "": shop.submit(step("a", "say", said=word), step("b", "fails", "a", code="TIMEOUT", message=word), goal=word),
        "approval": shop.submit(step("a", "say", said=word, approval="always"), goal=word),
        "input": shop.submit(step("a", "ask_human", question=word, form={"type": "string"}), goal=word),
        "in_doubt": shop.submit(step("a", "http_call", url=f"{server.url}/{word}", method="POST", timeout_ms=250), goal=word),
    }
    for waiting, run in runs.items():
        parked(run, waiting) if waiting else over(run)
    Outbox.objects.create(tenant=shop.tenant, run=runs[""], topic="run.failed", data=word)


def pages_of(tenant: Tenant) -> Iterator[str]:
    """Yield the addresses about all that is of a tenant: each page, for each of its runs, with what may be asked of it."""
    agent, match = tenant.agents.get(), FailureMatch.objects.filter(tenant=tenant, skill="fails").first()
    keys: dict[str, Any] = {"agents.Tenant": tenant.pk, "catalog.FailureMatch": match.pk}
    for model, _ in MODELS:
        row = model._default_manager.filter(tenant=tenant).first() if hasattr(model, "tenant") else None
        keys |= {model._meta.label: row.pk} if row is not None else {}
    rows = {**NOBODYS, "agent_id": agent.public_id, "signature": match.signature, "step_id": "a"}
    found = [f"{page.of(rows, keys)}?tenant={tenant.slug}&show=all&since=30d" for page in ADDRESSES if not page.parameters]
    for run in Run.objects.filter(tenant=tenant):
        of_run = [rows | {"run_id": run.public_id, "what": what} for what in TABS]
        found += [page.of(each, keys | {"runs.Run": run.pk}) for page in ADDRESSES if page.parameters for each in of_run]
        found.append(f"{reverse('admin:runs_run_change', args=[run.pk])}?decision=start_step&of=a&open=a")
    yield from dict.fromkeys(found)
    for words in (canary_of(tenant)[:-1], "TIMEOUT", agent.public_id, match.public_id):
        yield f"{reverse('palette')}?s={words}"
        yield f"{reverse('admin:runs_run_changelist')}?q={words}"


def files_of(browser: SignIn, tenant: Tenant) -> Iterator[str]:
    """Yield what one may take out of a tenant."""
    for kind in ("csv", "jsonl"):
        yield text_of(browser.post(reverse("console-runs-export"), {"format": kind}))
        yield text_of(browser.post(reverse("console-cost-export"), {"format": kind, "tenant": tenant.slug}))
    for run in Run.objects.filter(tenant=tenant):
        yield text_of(browser.post(reverse("admin:runs_run_proof", args=[run.public_id, "evidence"])))


def text_of(answer: Any) -> str:
    return b"".join(answer).decode("utf-8", "replace")


def leaks(shown: dict[str, str], word: str) -> dict[str, str]:
    """Return the pages a word stands on, with what stands before it."""
    return {page: text.partition(word)[0][-300:] for page, text in shown.items() if word in text}


def run_page(tenant: Tenant, **only: Any) -> str:
    run = Run.objects.filter(tenant=tenant, **only).first()
    assert run is not None
    return reverse("admin:runs_run_change", args=[run.pk])


def test_contents_are_seen_through_a_broken_glass_alone(workshop: Workshop, server: RawServer) -> None:
    rival = Tenant.objects.create(slug="rival", name="Rival")
    shops = [workshop, Workshop(rival, create_agent(tenant=rival, name="worker"), as_person(rival, "ann"), as_person(rival, "ben"))]
    with a_worker():
        for shop in shops:
            lived_in(shop, server)
    browser, (own, theirs) = SignIn("root"), [canary_of(shop.tenant) for shop in shops]
    shown = {page: text_of(browser.get(page)) for shop in shops for page in pages_of(shop.tenant)}
    files = [text for shop in shops for text in files_of(browser, shop.tenant)]
    assert leaks(shown, own) == leaks(shown, theirs) == {}
    assert not any(own in text or theirs in text for text in files)
    failed = run_page(workshop.tenant, status="failed")
    assert f"{URL}?tenant=acme&amp;back=" in shown[failed], "it says where the glass is"

    assert browser.post(URL, opening(workshop.tenant, back=failed))["Location"] == failed
    assert "You see the contents of Acme until" in text_of(browser.get(failed))
    through = {page: text_of(browser.get(page)) for shop in shops for page in pages_of(shop.tenant)}
    assert len({page.partition("?")[0] for page, text in through.items() if own in text}) >= 7, "runs, their failure, what is in doubt"
    assert leaks(through, theirs) == {}
    assert not any(theirs in text for text in files_of(browser, workshop.tenant))
    told = [entry.target for entry in audit.entries_of(workshop.tenant, action="break_glass.used").order_by("seq")]
    assert {page.partition("?")[0] for page, text in through.items() if own in text} <= set(told)
    assert len(told) == len(set(told)), "once for each page, however often it is asked for"
    assert not any("/approvals/" in page or "/questions/" in page for page in told), "it gives eyes, and no hands"
    assert not audit.entries_of(rival, action="break_glass").exists()

    BreakGlass.objects.update(expires_at=timezone.now())
    assert own not in text_of(browser.get(failed))


def opening(tenant: Tenant, **more: Any) -> dict[str, Any]:
    return {"action": "open", "tenant": tenant.slug, "reason": WHY, "minutes": "15", **more}


@pytest.fixture
def root(cast: Cast) -> User:
    return User.objects.get(username="root")


def said(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def test_it_is_opened_once_with_a_reason_and_for_an_hour_at_most(cast: Cast, root: User) -> None:
    browser = SignIn("root")
    for wrong in ({"minutes": "61"}, {"minutes": ""}, {"minutes": "9" * 30}, {"reason": "too short"}, {"reason": "x" * 501}):
        assert browser.post(URL, opening(cast.acme, **wrong)).status_code == 422, wrong
    assert browser.post(URL, {**opening(cast.acme), "tenant": "nobody"}).status_code == 404
    assert not BreakGlass.objects.exists()
    assert browser.post(URL, opening(cast.acme, minutes="60", back="https://evil.example/"))["Location"] == URL
    made = BreakGlass.objects.get()
    assert made.expires_at - made.opened_at == timedelta(minutes=60)
    assert browser.post(URL, opening(cast.acme)).status_code == 409
    assert browser.post(URL, opening(cast.rival)).status_code == 302, "of another tenant it is another one"
    shown = browser.get(URL).content.decode()
    assert shown.count("Close now") == 2
    # Nobody else's is closed, and what is closed is not closed again.
    User.objects.create_superuser("other")
    assert "no such opening" in said(SignIn("other").post(URL, {"action": "close", "opening": made.pk}))
    assert "hidden again" in said(browser.post(URL, {"action": "close", "opening": made.pk}))
    assert "ended already" in said(browser.post(URL, {"action": "close", "opening": made.pk}))
    assert browser.post(URL, opening(cast.acme)).status_code == 302
    entries = audit.entries_of(cast.acme, action="break_glass").order_by("seq")
    assert [(entry.action, entry.actor, entry.via) for entry in entries] == [
        (f"break_glass.{verb}", "root", "console") for verb in ("opened", "closed", "opened")
    ]
    assert entries[0].reason == WHY


def test_nobody_else_breaks_it_and_those_who_oversee_see_who_did(cast: Cast, root: User) -> None:
    open_glass(tenant=cast.acme, user=root, reason=WHY, minutes=15)
    open_glass(tenant=cast.rival, user=root, reason="of the rival, and long enough", minutes=15)
    for role in ("tenant_admin", "auditor"):
        shown = SignIn(role).get(URL).content.decode()
        assert WHY in shown and "of the rival" not in shown and 'value="open"' not in shown
        assert SignIn(role).post(URL, opening(cast.acme)).status_code == 403
    assert SignIn("operator").post(URL, opening(cast.acme)).status_code == 403
    with pytest.raises(Refusal, match="only who runs the installation"):
        open_glass(tenant=cast.acme, user=User.objects.get(username="tenant_admin"), reason=WHY, minutes=15)


def test_it_ends_by_itself_with_the_role_and_on_open_pages_too(cast: Cast, root: User) -> None:
    browser, match, told = SignIn("root"), FailureMatch.objects.get(tenant=cast.acme), "this is what the call answered"
    FailureMatch.objects.filter(pk=match.pk).update(message=told)
    page, index = reverse("admin:catalog_failurematch_change", args=[match.pk]), reverse("admin:index")
    assert told not in browser.get(page).content.decode()
    glass = open_glass(tenant=cast.acme, user=root, reason=WHY, minutes=15)
    assert told in browser.get(page).content.decode()
    reader = re.search(r'data-aos-reader="(\w+)"', browser.get(index).content.decode())
    assert reader is not None
    asked = {"headers": {"AOS-Live": reader[1]}}
    assert browser.get(index, **asked).status_code == 200
    BreakGlass.objects.filter(pk=glass.pk).update(expires_at=timezone.now())
    assert browser.get(index, **asked).status_code == 403
    assert told not in browser.get(page).content.decode()
    # Who runs the installation no more sees nothing by it either, nor does who never did.
    BreakGlass.objects.filter(pk=glass.pk).update(expires_at=timezone.now() + timedelta(minutes=5))
    User.objects.filter(pk=root.pk).update(is_superuser=False)
    Membership.objects.create(user=root, tenant=cast.acme, role="viewer")
    assert told not in browser.get(page).content.decode()


SHOWN = {
    "skills.PriceRow": {"match", "tiers"},
    "agents.AuditEntry": {"before", "after"},
    "catalog.CatalogEntry": {"parameters", "suggestions"},
}
"""The fields that hold more than a name, and stand on a page for everybody who sees its rows."""


def test_no_list_is_asked_what_stands_in_a_field_that_is_not_shown(cast: Cast, root: User) -> None:
    run, rows = cast.run_of(cast.acme), reverse("admin:runs_outbox_changelist")
    Outbox.objects.create(tenant=cast.acme, run=run, topic="run.failed", data="nobody may guess")
    for role in ("root", "operator"):
        assert SignIn(role).get(rows, {"data__icontains": "guess"}).status_code == 400, role
        assert SignIn(role).get(reverse("admin:runs_run_changelist"), {"fingerprint__startswith": "0"}).status_code == 400, role
    found = SignIn("tenant_admin").get(rows, {"data__icontains": "guess"})
    assert found.status_code == 200 and run.public_id in found.content.decode()
    request = RequestFactory().get("/")
    request.user = root
    for model, page in admin.site._registry.items():
        long = [field.name for field in model._meta.concrete_fields if isinstance(field, TextField | JSONField)]
        asked = {name for name in long if page.lookup_allowed(f"{name}__contains", "x", request)}
        assert asked == SHOWN.get(model._meta.label, set()), model


def answer_with(status: int, request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=status)


def test_what_goes_on_standing_on_an_open_page_is_written_down_too(cast: Cast, root: User) -> None:
    open_glass(tenant=cast.acme, user=root, reason=WHY, minutes=15)
    for status in (200, 206, 302, 304, 403, 404, 422):
        request = RequestFactory().get(f"/admin/{status}/")
        request.user = root
        assert may(request, PAYLOAD_ROLES, cast.acme.pk)
        BrokenGlassMiddleware(partial(answer_with, status))(request)
    told = audit.entries_of(cast.acme, action="break_glass.used").values_list("target", flat=True)
    assert sorted(told) == ["/admin/200/", "/admin/206/", "/admin/304/", "/admin/422/"]


def test_no_other_site_opens_it_no_link_does_and_none_stays_open_to_who_is_out(cast: Cast, root: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(root)
    assert strict.post(URL, opening(cast.acme)).status_code == 403
    browser = SignIn("root")
    for send in (browser.get, browser.head, browser.put):
        send(f"{URL}?{urlencode(opening(cast.acme))}")
    assert not BreakGlass.objects.exists()
    open_glass(tenant=cast.acme, user=root, reason=WHY, minutes=15)
    page = reverse("admin:runs_run_change", args=[cast.run_of(cast.acme).pk])
    assert browser.get(page).status_code == 200
    User.objects.filter(pk=root.pk).update(is_active=False)
    assert browser.get(page).status_code == 302


def test_a_superuser_has_the_role_of_their_membership_and_gives_themselves_none(cast: Cast, root: User) -> None:
    members, browser = reverse("console-members"), SignIn("root")
    own = {"action": "add", "tenant": cast.acme.slug, "person": "root", "role": "tenant_admin"}
    refused = browser.post(members, own)
    assert refused.status_code == 403 and "gives themselves no role" in refused.content.decode()
    assert not Membership.objects.filter(user=root).exists()
    assert browser.post(members, {**own, "person": "stranger"}).status_code == 302
    assert not person_may(root.pk, {"operator", "tenant_admin"}, cast.acme.pk) and not still_may(cast.acme, "root", "approvals:write")
    own_row = Membership.objects.create(user=root, tenant=cast.acme, role="viewer")
    assert "gives themselves no role" in said(browser.post(members, {**own, "action": "role", "member": own_row.pk}))
    Membership.objects.filter(pk=own_row.pk).update(role="tenant_admin")
    assert person_may(root.pk, {"tenant_admin"}, cast.acme.pk) and still_may(cast.acme, "root", "approvals:write")
    runs = [cast.run_of(tenant) for tenant in (cast.acme, cast.rival)]
    edits = [browser.get(reverse("console-agent-edit", args=[run.agent.public_id])).status_code for run in runs]
    assert edits == [200, 403], "an admin of the one, and the platform's in the other"
