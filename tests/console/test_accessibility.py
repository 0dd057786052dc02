"""Every page of the console in a real browser: WCAG 2.2 AA by axe-core, in both themes, wide and narrow, with nothing from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import LazySettings
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import RequestFactory
from django.urls import URLPattern, reverse

from agents.bootstrap import bootstrap
from agents.models import Tenant
from aos_site import urls
from catalog.services import seed_catalog
from runs.console.proof_page import TABS
from runs.console.simulator_page import EXAMPLE
from runs.management.seeding import seed_demo
from runs.models import Run
from skills.registry import registry
from skills.services import record_versions
from tests.console.browsing import AT_ONCE, CHROMIUM, NAME, PASSWORD, a_browser, look, sign_in
from tests.console.lived_in import LivedIn, live_in
from tests.console.shop import a_shop
from tests.integration.workshop import a_worker
from tests.live_site import a_live_site

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Page, Request

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no program called chromium on the PATH"),
]

WIDE, NARROW = 1280, 320
STANDARD = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa")
CONTRAST = "color-contrast"
# What of Unfold's own markup breaks a rule and stays: (rule, CSS selector) → why. Ours has no exceptions.
UNFOLDS: dict[tuple[str, str], str] = {
    ("aria-prohibited-attr", ".help-tooltip"): "the picker of groups and permissions, which Django's own script draws",
}

# Routes that take POST alone.
POSTED = ("console-dead-letter-requeue", "console-undo")

OPEN_ALL = "document.querySelectorAll('details').forEach(each => { each.open = true; })"
TOO_WIDE = """() => document.documentElement.scrollWidth > innerWidth ? [...document.querySelectorAll('body *')]
    .filter(each => each.getBoundingClientRect().right > innerWidth + 1 && !each.closest('[hidden], .fixed, .aos-scroll, .overflow-x-auto'))
    .slice(0, 3).map(each => each.outerHTML.slice(0, 160)) : []"""


@dataclass
class Seen:
    """What was found wrong, each thing once, with where it was first."""

    site: str
    wrong: dict[str, str] = field(default_factory=dict)
    at: str = ""

    def add(self, what: str, where: str = "") -> None:
        self.wrong.setdefault(what, f"{self.at} {where}".strip())

    def listen(self, page: Page) -> None:
        page.on("console", self._complaint)
        page.on("pageerror", lambda error: self.add(f"script: {error}"))
        page.on("request", self._request)

    def _complaint(self, message: ConsoleMessage) -> None:
        # A page that answers 403, as it should, is a complaint too; a part of a page that does is wrong.
        is_the_page = message.text.startswith("Failed to load resource") and message.location["url"] == self.site + self.at
        if message.type in ("error", "warning") and not is_the_page:
            self.add(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.site + "/", "data:", "blob:")):
            self.add(f"asks elsewhere: {request.url}")


class Axe:
    """axe-core in the page."""

    def __init__(self) -> None:
        import axe_playwright_python  # noqa: PLC0415 - needed where there is a browser

        self._program = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")

    def enter(self, page: Page) -> None:
        page.evaluate(self._program)
        # The sidebar is the same everywhere; it is looked at on the overview.
        self._without = [] if page.url.endswith("/admin/") else ["#nav-sidebar"]

    def run(self, page: Page, seen: Seen, where: str, *, only: str = "") -> None:
        chosen = {"type": "rule", "values": [only]} if only else {"type": "tag", "values": STANDARD}
        rules = {} if only else {"target-size": {"enabled": True}}
        options = {"runOnly": chosen, "rules": rules, "resultTypes": ["violations"], "elementRef": False}
        where_in = {"include": [["html"]], "exclude": [[each] for each in self._without]}
        found = page.evaluate("([where, options]) => axe.run(where, options).then(all => all.violations)", [where_in, options])
        for rule in found:
            for node in rule["nodes"]:
                if not self._is_excused(page, rule["id"], node):
                    told = [check["message"] for check in (*node["any"], *node["all"], *node["none"])][:1]
                    seen.add(f"{rule['id']}: {node['html'][:300]} {' '.join(told)}", where)

    def _is_excused(self, page: Page, rule: str, node: dict[str, Any]) -> bool:
        selectors = [selector for excused, selector in UNFOLDS if excused == rule]
        told = json.dumps([node["target"][-1], selectors])
        return bool(page.evaluate(f"(([one, all]) => all.some(each => document.querySelector(one)?.matches(each)))({told})"))


# Which pages there are


def rows_by_parameter(lived: LivedIn) -> dict[str, str]:
    """Return what stands in an address for what a route calls so; a new name fails the test until somebody says which row it is."""
    return {
        "signature": lived.match.signature,
        "candidate_id": lived.candidate_id,
        "webhook_id": lived.webhook_id,
        "delivery_id": lived.delivery_id,
        "run_id": lived.runs["asks too"].public_id,
        "step_id": "order",
    }


def own_pages(lived: LivedIn) -> Iterator[str]:
    """Yield the addresses of all routes called `console-…` that show something."""
    rows, doubtful = rows_by_parameter(lived), {"run_id": lived.runs["doubt"].public_id}
    for route in urls.urlpatterns:
        if isinstance(route, URLPattern) and (route.name or "").startswith("console-") and route.name not in POSTED:
            known = rows | (doubtful if "in-doubt" in str(route.name) else {})
            yield reverse(str(route.name), kwargs={name: known[name] for name in route.pattern.converters})


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
    # A database emptied after the last test has no catalog, which a migration brought.
    seed_catalog()
    record_versions(registry)
    bootstrap(slug="demo", admin=NAME, password=PASSWORD)
    with a_shop() as shop:
        settings.ALLOW_LOCAL_TARGETS = frozenset({shop.authority})
        with a_worker():
            seed_demo("demo")
            found = live_in(Tenant.objects.get(), shop, password=PASSWORD)
        yield found


def examine(page: Page, axe: Axe, seen: Seen) -> None:
    """Look at the page that is shown: all rules in both layouts, and of the other theme what colours can break."""
    page.add_style_tag(content=AT_ONCE)
    page.evaluate(OPEN_ALL)
    axe.enter(page)
    look(page, "dark", WIDE)
    axe.run(page, seen, f"dark {WIDE}", only=CONTRAST)
    for width in (WIDE, NARROW):
        look(page, "light", width)
        axe.run(page, seen, f"light {width}")
    for element in page.evaluate(TOO_WIDE):
        seen.add(f"wider than {NARROW} px: {element}")


def visit(page: Page, axe: Axe, seen: Seen, address: str, *, expected: int = 200) -> None:
    seen.at = address
    answer = page.goto(seen.site + address)
    assert answer is not None
    if answer.status != expected:
        seen.add(f"status {answer.status}")
    examine(page, axe, seen)


def simulate(page: Page, axe: Axe, seen: Seen) -> None:
    """Look at what the simulator answers."""
    seen.at = reverse("console-simulator")
    page.goto(seen.site + seen.at)
    page.fill("textarea[name=plan]", json.dumps(EXAMPLE))
    page.locator("form:has(textarea[name=plan]) button[type=submit]").first.click()
    page.locator(".aos-verdict").wait_for()
    examine(page, axe, seen)


def test_every_page_is_for_everybody(lived: LivedIn) -> None:
    addresses = pages(lived)
    with a_live_site() as client, a_browser() as browser:
        seen, axe = Seen(str(client.base_url).rstrip("/")), Axe()
        page = browser.new_page()
        seen.listen(page)
        visit(page, axe, seen, "/admin/login/")
        sign_in(page, seen.site)
        for address in addresses:
            visit(page, axe, seen, address, expected=404 if "no-such" in address else 200)
        simulate(page, axe, seen)
        stranger = browser.new_context().new_page()
        seen.listen(stranger)
        sign_in(stranger, seen.site, "ada")
        visit(stranger, axe, seen, reverse("admin:auth_user_changelist"), expected=403)
    assert [f"{where}: {what}" for what, where in seen.wrong.items()] == []
