"""Keys, copying, the palette and live cells in a real browser: what a key does, and what a page that changes by itself leaves alone."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.urls import reverse

from agents.models import Membership, Tenant
from agents.services import create_agent
from agents.tenancy import operator_principal
from runs.models import Run
from runs.services import submit
from tests.console.browsing import CHROMIUM, NAME, PASSWORD, a_browser, sign_in
from tests.live_site import a_live_site

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no program called chromium on the PATH"),
]
FOCUSED = "() => document.activeElement.textContent.trim()"


@pytest.fixture
def runs(transactional_db: None) -> list[Run]:
    """Return three runs, the newest first."""
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    agent = create_agent(tenant=tenant, name="worker")
    admin = User.objects.create_superuser(NAME, password=PASSWORD)
    Membership.objects.create(user=admin, tenant=tenant, role="tenant_admin")
    person = operator_principal(tenant, NAME)
    made = [submit(principal=person, agent_ref=agent.name, goal=f"Fetch number {n}")[0] for n in range(3)]
    return made[::-1]


@pytest.fixture
def page(runs: list[Run]) -> Iterator[Page]:
    with a_live_site() as client, a_browser() as browser:
        context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
        shown = context.new_page()
        shown.set_default_timeout(10_000)
        site = str(client.base_url).rstrip("/")
        sign_in(shown, site)
        shown.goto(f"{site}/admin/runs/run/?stage=active")
        yield shown


def keys(page: Page, *names: str) -> None:
    for name in names:
        page.keyboard.press(name)


def test_all_of_it(page: Page, runs: list[Run]) -> None:
    ids = [run.public_id for run in runs]
    for look in (_rows, _opening, _neighbours, _help, _silence, _switched_off, _copying, _palette, _live, _live_run, _signed_out):
        look(page, ids)


def _rows(page: Page, ids: list[str]) -> None:
    for pressed, there in (("j", 0), ("j", 1), ("k", 0), ("k", 0), ("j", 1), ("j", 2), ("j", 2)):
        keys(page, pressed)
        assert ids[there] in page.evaluate(FOCUSED), pressed
    row = page.locator("tr:has(a:focus-visible)")
    assert row.evaluate("each => getComputedStyle(each).outlineStyle") == "solid"


def _opening(page: Page, ids: list[str]) -> None:
    keys(page, "k", "Enter")
    page.wait_for_url(f"**{reverse('admin:runs_run_changelist')}**change/**")
    assert ids[1] in page.locator(".aos-run-id").inner_text()


def _neighbours(page: Page, ids: list[str]) -> None:
    for pressed, there in (("]", 2), ("[", 1), ("[", 0), ("[", 0)):
        with page.expect_navigation():
            keys(page, pressed)
        assert ids[there] in page.locator(".aos-run-id").inner_text()
        assert "Runs · Active" in page.locator(".aos-neighbours").inner_text()
    assert "There is no previous run in this list." in page.locator("body").inner_text()


def _help(page: Page, ids: list[str]) -> None:
    keys(page, "?")
    dialog = page.get_by_role("dialog", name="Keys")
    assert "Next run of the list" in dialog.inner_text()
    assert page.evaluate(FOCUSED) == "Close"
    before = page.url
    keys(page, "]")  # the page below is out of reach
    keys(page, "Escape")
    dialog.wait_for(state="detached")
    assert page.url == before
    page.get_by_role("button", name="Keys ?").click()
    page.get_by_role("button", name="Close the list of keys").click()
    dialog.wait_for(state="detached")
    assert page.evaluate(FOCUSED).startswith("Keys")


def _silence(page: Page, ids: list[str]) -> None:
    before = page.url
    field = page.get_by_role("combobox", name="An id")
    keys(page, "/")  # a page without a search of its own searches everywhere
    assert field.evaluate("each => document.activeElement === each")
    keys(page, "?", "]", "j", "c")
    assert field.input_value() == "?]jc"
    assert page.locator("dialog[open]").count() == 1
    assert page.url == before
    keys(page, "Escape")
    keys(page, "Control+]", "Alt+]")
    assert page.url == before


def _switched_off(page: Page, ids: list[str]) -> None:
    keys(page, "?")
    page.get_by_label("Single keys do something").uncheck()
    keys(page, "Escape", "?")
    assert page.locator("dialog[open]").count() == 0
    page.get_by_role("button", name="Keys ?").click()
    page.get_by_label("Single keys do something").check()
    keys(page, "Escape", "?")
    assert page.locator("dialog[open]").count() == 1
    keys(page, "Escape")


def _copying(page: Page, ids: list[str]) -> None:
    keys(page, "c")
    page.get_by_text("Copied").wait_for()
    assert _clipboard(page) == ids[0]
    # What only reads like an id is one too.
    page.get_by_role("link", name="Compare", exact=True).click()
    page.get_by_role("button", name=f"Copy {ids[0]}").wait_for()
    page.go_back()
    page.locator("summary:has-text('Send the request again')").click()
    page.locator("[data-aos-copies]").nth(2).click()
    page.wait_for_function("() => navigator.clipboard.readText().then(text => text.includes('aos run'))")
    assert _clipboard(page) == page.get_by_label("aos", exact=True).input_value()
    # A page without TLS has no clipboard: the text stands selected to be copied by hand.
    page.evaluate("() => Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.evaluate("() => { document.execCommand = () => false; }")
    page.locator("[data-aos-copies]").first.click()
    page.get_by_text("Selected: copy it with Ctrl C").wait_for()
    assert page.evaluate("() => String(getSelection())").startswith("curl")
    page.get_by_role("button", name=f"Copy {ids[0]}").first.click()
    assert page.get_by_label("Text to copy").input_value() == ids[0]


def _palette(page: Page, ids: list[str]) -> None:
    page.goto(page.url.split("/admin/")[0] + "/admin/cost/")
    keys(page, "Control+k")
    dialog, field = page.get_by_role("dialog", name="Go to"), page.get_by_role("combobox", name="An id")
    field.press_sequentially(ids[2])
    dialog.get_by_role("option", name=ids[2]).wait_for()
    keys(page, "Enter")
    page.wait_for_url(f"**/{ids[2]}/change/")
    # What can be done here is opened, not done.
    keys(page, "Control+k")
    field.press_sequentially("cancel this")
    dialog.get_by_role("option", name="Cancel this run").wait_for()
    keys(page, "ArrowDown", "ArrowUp", "Enter")
    dialog.wait_for(state="hidden")
    assert page.evaluate("document.activeElement.id") == "aos-reason-cancel"


def become(status: str, *ids: str) -> None:
    """Have runs stand otherwise; by a thread of its own, because an event loop runs on this one."""

    def write() -> None:
        Run.objects.filter(public_id__in=ids).update(status=status)
        connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(write).result()


def _live(page: Page, ids: list[str]) -> None:
    site = page.url.split("/admin/")[0]
    page.goto(f"{site}/admin/runs/run/")
    state, said = page.locator("#aos-live-state"), page.locator("#aos-live-said")
    state.get_by_text("Live", exact=True).wait_for()
    keys(page, "j", "j")
    become("cancelled", ids[0])
    said.get_by_text("1 run cancelled", exact=True).wait_for()
    assert page.locator("tr", has_text=ids[0]).locator(".aos-chip").inner_text().strip() == "cancelled"
    assert ids[1] in page.evaluate(FOCUSED)
    # Text that is selected stays until it is let go.
    page.evaluate("getSelection().selectAllChildren(document.querySelector('#result_list tbody:last-of-type .aos-sub'))")
    become("cancelled", ids[1])
    state.get_by_text("Changes wait").wait_for()
    assert page.locator("tr", has_text=ids[1]).locator(".aos-chip").inner_text().strip() == "queued"
    page.evaluate("getSelection().removeAllRanges()")
    page.locator("tr", has_text=ids[1]).get_by_text("cancelled").wait_for()
    # Paused, the page stands still, and still does when it is opened again in this tab.
    page.get_by_role("button", name="Pause").click()
    page.reload()
    state.get_by_text("Paused").wait_for()
    become("cancelled", ids[2])
    page.get_by_role("button", name="Go on").click()
    state.get_by_text("All is finished").wait_for()
    assert page.locator("tr", has_text=ids[2]).locator(".aos-chip").inner_text().strip() == "cancelled"


def _live_run(page: Page, ids: list[str]) -> None:
    become("queued", *ids)
    page.goto(page.url.split("/admin/")[0] + f"/admin/runs/run/{ids[0]}/change/")
    page.locator("summary:has-text('Cancel this run')").click()
    reason = page.locator("#aos-reason-cancel")
    reason.fill("it is not wanted any more")
    become("running", ids[0])
    page.locator("#aos-live-said").get_by_text("Now: running").wait_for()
    assert page.title().startswith("running")
    assert reason.input_value() == "it is not wanted any more"
    assert reason.evaluate("each => document.activeElement === each")


def _signed_out(page: Page, ids: list[str]) -> None:
    page.goto(page.url.split("/admin/")[0] + "/admin/runs/run/?stage=active")
    page.context.clear_cookies()
    page.locator("#aos-live").get_by_text("You were signed out").wait_for()
    with page.expect_navigation():
        page.get_by_role("link", name="Sign in").click()
    assert page.url.endswith("/admin/login/?next=%2Fadmin%2Fruns%2Frun%2F%3Fstage%3Dactive")


def _clipboard(page: Page) -> Any:
    return page.evaluate("() => navigator.clipboard.readText()")
