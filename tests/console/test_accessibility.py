"""Every page of the console in a real browser: WCAG 2.2 AA by axe-core, in both themes, wide and narrow, with nothing from elsewhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from django.conf import LazySettings
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import RequestFactory
from django.urls import URLPattern, reverse

from agents.access.break_glass import open_glass
from agents.bootstrap import bootstrap
from agents.models import Agent, Tenant
from aos_site import urls
from runs.console.run.proof_page import TABS
from runs.console.simulator.simulator_page import EXAMPLE
from runs.management.seeding import seed_demo
from runs.models import Grant, Run
from skills.registry import registry
from skills.services import record_versions
from tests.console.browsing import CHROMIUM, NAME, PASSWORD
from tests.console.lived_in import LivedIn, live_in
from tests.console.shop import a_shop
from tests.console.spending import answers, assert_it_adds_up, providers
from tests.console.walking import Seen, Tab, a_browser, a_tab, sign_in, walk
from tests.fakes.llm_server import LlmServer
from tests.integration.workshop import a_worker
from tests.live_site import a_live_site

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no program called chromium on the PATH"),
]

# Routes that take POST alone.
POSTED = ("console-cost-export", "console-dead-letter-requeue", "console-undo", "console-runs-export")
# What is shown only about something named behind the address, and found by a link of another page.
LINKED = ("console-approvals-together", "console-bulk-new")
THROUGH_GLASS = "gail"


# Which pages there are


def rows_by_parameter(lived: LivedIn) -> dict[str, str]:
    """Return what stands in an address for what a route calls so; a new name fails the test until somebody says which row it is."""
    return {
        "signature": lived.match.signature,
        "skill": "http_call",
        "candidate_id": lived.candidate_id,
        "webhook_id": lived.webhook_id,
        "delivery_id": lived.delivery_id,
        "bulk_id": lived.bulk_id,
        "grant_id": Grant.objects.get().public_id,
        "agent_id": Agent.objects.get(name="n" * 64).public_id,
        "run_id": lived.runs["asks too"].public_id,
        "step_id": "order",
    }


def own_pages(lived: LivedIn) -> Iterator[str]:
    """Yield the addresses of all routes called `console-…` that show something."""
    rows, doubtful = rows_by_parameter(lived), {"run_id": lived.runs["doubt"].public_id}
    asked = {"run_id": lived.runs["question"].public_id, "step_id": "which"}
    for route in urls.urlpatterns:
        if isinstance(route, URLPattern) and (route.name or "").startswith("console-") and route.name not in POSTED + LINKED:
            name = str(route.name)
            known = rows | (doubtful if "in-doubt" in name else asked if "question" in name else {})
            yield reverse(name, kwargs={each: known[each] for each in route.pattern.converters})
    yield reverse("console-approval", args=[lived.runs["naughty too"].public_id, "held"])
    yield f"{reverse('console-bulk-new')}?{urlencode({'action': 'rerun', '_changelist_filters': 'stage=failed'})}"


def lists_and_rows() -> Iterator[str]:
    """Yield of every registered model its list, its first row, and the form that adds one where there is one."""
    request = RequestFactory().get("/admin/")
    request.user = User.objects.get(username=NAME)
    for model, page in admin.site._registry.items():
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{base}_changelist")
        row = model._default_manager.order_by("-pk").first()
        assert row is not None, f"there is no {model._meta.label} to look at: tests/console/lived_in.py makes one"
        if model is not Run:
            yield reverse(f"{base}_change", args=[row.pk])
        if page.has_add_permission(request):
            yield reverse(f"{base}_add")


def run_pages(lived: LivedIn) -> Iterator[str]:
    for run in lived.runs.values():
        yield reverse("admin:runs_run_change", args=[run.public_id])
    for what in TABS:
        yield reverse("admin:runs_run_proof", args=[lived.runs["recovered"].public_id, what])


def pages(lived: LivedIn) -> list[str]:
    asked = f"{reverse('console-recovery')}?show=all", f"{reverse('admin:runs_run_changelist')}?q=nothing"
    others = ["/admin/", "/admin/runs/", "/admin/password_change/", "/admin/no-such-page/", "/errors", "/errors/TIMEOUT", *asked]
    return list(dict.fromkeys([*others, *own_pages(lived), *lists_and_rows(), *run_pages(lived)]))


# Looking


@pytest.fixture
def lived(transactional_db: None, settings: LazySettings) -> Iterator[LivedIn]:
    record_versions(registry)
    bootstrap(slug="demo", admin=NAME, password=PASSWORD)
    with a_shop() as shop, LlmServer() as llm:
        llm.script(answers())
        settings.ALLOW_LOCAL_TARGETS = frozenset({shop.authority, llm.authority})
        settings.LLM_PROVIDERS = providers(llm)
        with a_worker():
            seed_demo("demo")
            found = live_in(Tenant.objects.get(), shop, password=PASSWORD)
        assert_it_adds_up()
        yield found


async def simulate(tab: Tab) -> None:
    """Look at what the simulator answers."""
    page = tab.page
    await page.goto(tab.seen.site + reverse("console-simulator"))
    await page.fill("textarea[name=plan]", json.dumps(EXAMPLE))
    await page.locator("form:has(textarea[name=plan]) button[type=submit]").first.click()
    await page.locator(".aos-verdict").wait_for()
    await tab.examine()


async def dialogs(tab: Tab, address: str) -> None:
    """Look at the dialogs every page has, each opened by its key and closed by Esc, with the focus back where it was."""
    page = tab.page
    await page.goto(tab.seen.site + address)
    await tab.enter()
    await page.locator(".aos-page a").first.focus()
    before = await page.evaluate("document.activeElement.outerHTML")
    for key in ("?", "Control+k"):
        await page.keyboard.press(key)
        await page.locator("dialog[open]").wait_for()
        await tab.examine_dialog(key)
        if await page.evaluate("document.activeElement.outerHTML") != before:
            tab.seen.add(f"the dialog of {key} does not give the focus back", address)


def through_glass(lived: LivedIn) -> str:
    """Have somebody who runs the installation break the glass; return the page of a run they see by it."""
    person = User.objects.create_superuser(THROUGH_GLASS, password=PASSWORD)
    open_glass(tenant=lived.tenant, user=person, reason="they ask why this run was slow", minutes=60)
    return reverse("admin:runs_run_change", args=[lived.runs["recovered"].public_id])


async def see_all(site: str, addresses: list[str], by_glass: str) -> Seen:
    seen = Seen(site)
    async with a_browser() as browser:
        context = await browser.new_context()
        tab = await a_tab(context, seen)
        await tab.visit("/admin/login/")
        await sign_in(tab.page, site)
        await walk(context, seen, addresses, {"/admin/no-such-page/": 404})
        await simulate(tab)
        await dialogs(tab, reverse("console-approvals"))
        stranger = await a_tab(await browser.new_context(), seen)
        await sign_in(stranger.page, site, "ada")
        await stranger.visit(reverse("admin:auth_user_changelist"), expected=403)
        platform = await a_tab(await browser.new_context(), seen)
        await sign_in(platform.page, site, THROUGH_GLASS)
        await platform.visit(by_glass)
    return seen


def test_every_page_is_for_everybody(lived: LivedIn) -> None:
    addresses, by_glass = pages(lived), through_glass(lived)
    with a_live_site() as client:
        seen = asyncio.run(see_all(str(client.base_url).rstrip("/"), addresses, by_glass))
    wrong = [f"{where}: {what}" for what, where in seen.wrong.items()]
    assert not wrong, "\n".join(wrong)
