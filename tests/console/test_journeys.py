"""Six journeys of an operator through the real product, each from the overview in under eight clicks, by mouse and by keyboard alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from agents.models import Membership, Role
from catalog.learning.views import candidate_detail
from runs.recovery import nightly
from tests.console.browsing import CHROMIUM, a_browser
from tests.console.installation import LEARNS, REFUSED, Installation, an_installation, get, signed_in
from tests.console.operator import ByKeys, ByMouse, Operator, told

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Locator, Page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no program called chromium on the PATH"),
]
FOCUSED_ROW = "() => document.activeElement.closest('tr')?.querySelector('code').textContent"
MOST_CLICKS = 7
MOST_KEYS = 150
WHY = "agreed upon with the floor"
WAITING = (("/tills/both", "buyer"), ("/tills/one", "buyer"), ("/tills/late", "hasty"))


@pytest.fixture
def there(transactional_db: None, live_environment: dict[str, str], tmp_path: Path) -> Iterator[Installation]:
    with an_installation(live_environment, tmp_path) as found:
        yield found


# How things are found on a page


def link(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("link", name=name, exact=True)


def button(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def tile(page: Page, title: str) -> Locator:
    """Return the link a number of the overview is."""
    return page.locator(".aos-tile").get_by_role("link", name=re.compile(rf"\d+ {title}$"))


def row(page: Page, run_id: str) -> Locator:
    return page.locator("tr", has_text=run_id).locator("a", has_text=run_id).first


def card(page: Page, run_id: str) -> Locator:
    return page.locator(".aos-approval", has_text=run_id).locator("a.aos-group-title")


def run_shown(page: Page) -> str:
    return page.locator(".aos-run-id .aos-id").inner_text()


# The journeys. Each is made twice, with things of its own each time.


def find_why_a_run_failed(who: Operator, there: Installation, number: int) -> None:
    """…and rerun it from the step that failed."""
    page, run_id = who.page, there.failed(number)
    who.begin()
    who.press(page.get_by_role("link", name=re.compile(r"^failed \d+$")))
    who.press(row(page, run_id))
    box = page.get_by_role("region", name="Failure of report")
    assert "NOT_FOUND in report" in box.inner_text()
    assert "The catalog says" in box.inner_text()
    there.shop.pages[f"/reports/{number}"] = {"lines": ["It was there all the time."]}
    who.press(link(box, "Rerun from report…"))
    assert "Kept as they were: cups" in page.locator("form:has(#aos-again)").inner_text()
    who.press(button(page, "Rerun from report"))
    child = run_shown(page)
    assert there.site.until(child)["status"] == "succeeded"
    assert there.site.run(child)["parent_run_id"] == run_id
    assert len(there.shop.asked_for(f"/cups/{number}")) == 1, "what was done is kept, not done again"
    assert len(there.shop.asked_for(f"/reports/{number}")) == 2


def approve_with_an_edit(who: Operator, there: Installation, number: int) -> None:
    page, run_id = who.page, there.asking("edited", number)
    who.begin()
    who.press(link(page, "Decide"))
    who.press(card(page, run_id))
    who.press(link(page, "Edit it first…"))
    who.rewrite(page.get_by_label(re.compile("as JSON$")), '"n": 2', '"n": 1')
    who.press(button(page, "Show what this would be"))
    assert re.search(r"/body/n\s+2\s+1", page.get_by_role("region", name="Differences").inner_text())
    who.write(page.get_by_label("Why, and why so"), WHY)
    who.press(button(page, "Approve the edited call"))
    assert "Approved with your edit: order is called now." in told(page)
    assert there.site.until(run_id)["status"] == "succeeded"
    assert there.shop.asked_for(f"/tills/edited/{number}") == [{"sku": "tea", "n": 1}]


def reject_and_let_the_planner_know(who: Operator, there: Installation, number: int) -> None:
    page, run_id = who.page, there.planned(number)
    reason = f"{REFUSED} ({who.way})"
    who.begin()
    who.press(link(page, "Decide"))
    who.press(card(page, run_id))
    who.write(page.get_by_label("Why not"), reason, key="r")
    who.press(button(page, "Reject"))
    assert "Rejected: order is not called." in told(page)
    assert there.site.until(run_id)["failure_code"] == "APPROVAL_REJECTED"
    who.press(link(page, "See the run"))
    assert reason in page.get_by_role("region", name="Failure of order").inner_text()
    who.press(link(page, "Another plan: tell the planner what failed…"))
    assert reason in page.locator("form:has(#aos-again)").inner_text()
    who.press(button(page, "Plan anew"))
    child = run_shown(page)
    there.site.until(child, "waiting")
    asked = json.dumps(there.llm.requests[-1].body["messages"])
    assert reason in asked and "by the hundred" in asked
    (waiting,) = [each for each in there.site.get("approvals?limit=100")["data"] if each["run_id"] == child]
    assert waiting["params"]["body"]["sku"] == "by the dozen"
    assert there.shop.asked_for(f"/tills/planned/{number}") == []


def resolve_an_effect_in_doubt(who: Operator, there: Installation, number: int) -> None:
    page, run_id = who.page, there.doubtful(number)
    who.begin()
    who.press(link(page, "Say what happened"))
    who.press(page.locator("tr", has_text=run_id).get_by_role("link", name="order"))
    assert "it may have been sent; no answer came" in page.locator(".aos-facts").first.inner_text()
    who.press(page.locator("summary", has_text="It happened…"), goes=False)
    who.write(page.locator("details[open]").get_by_label("How you know"), "the till has it under 7")
    who.press(button(page, "It happened"))
    assert "Taken down" in told(page)
    assert there.site.until(run_id)["status"] == "succeeded"
    assert len(there.shop.asked_for(f"/orders/{number}")) == 1, "it was not ordered again"
    assert len(there.shop.asked_for(f"/thanks/{number}")) == 1


def approve_a_recovery_and_take_it_back(who: Operator, there: Installation, number: int) -> None:
    page, candidate = who.page, there.candidates[number]
    who.begin()
    who.press(page.get_by_role("link", name=re.compile("Recovery review$")))
    who.press(page.locator("a.aos-candidate", has_text=LEARNS[number]))
    who.press(button(page, "Approve"))
    who.press(button(page, "Activate"))
    assert "The candidate is active now." in told(page)
    there.until_it_helps(number)
    there.aside(lambda: nightly.learn(tenants=[there.tenant]))
    measured = there.aside(lambda: candidate_detail(tenant=there.tenant, candidate_id=candidate))["measured_effect"]
    assert measured["worked"] == measured["applied"] > 0
    who.look_again()
    assert page.locator("#aos-effect").inner_text() == f"Applied {measured['applied']}, helped {measured['worked']}"
    who.write(page.locator("#aos-reason-withdraw"), "the till was mended")
    who.press(button(page, "Withdraw"))
    assert "The candidate is withdrawn now." in told(page)
    detail = there.aside(lambda: candidate_detail(tenant=there.tenant, candidate_id=candidate))
    assert (detail["state"], detail["policy"], detail["decided_by"]) == ("withdrawn", "none", "nora")


def top_up_a_paused_run(who: Operator, there: Installation, number: int) -> None:
    page, run_id = who.page, there.poor(number)
    who.begin()
    who.press(tile(page, "Waiting for money"))
    who.press(row(page, run_id))
    assert "It waits for money: its own limit is used up" in page.locator("#aos-lack-title").inner_text()
    who.write(page.get_by_label("Dollars more"), "0.50")
    who.press(button(page, "Top up the run"))
    assert "Top up: the run has been told." in told(page)
    assert there.site.until(run_id)["cost"]["spent_micro_usd"] == 1_170_000
    assert there.calls(number) == ["s0 1", "s1 1", "s2 1"], "no step was called again"


# Journey and clicks it takes; keyboards take as many decisions, and Tabs between them.
JOURNEYS: dict[Callable[[Operator, Installation, int], None], int] = {
    find_why_a_run_failed: 4,
    approve_with_an_edit: 7,
    reject_and_let_the_planner_know: 7,
    resolve_an_effect_in_doubt: 5,
    approve_a_recovery_and_take_it_back: 7,
    top_up_a_paused_run: 4,
}


def make_each_journey(browser: Browser, there: Installation) -> dict[str, dict[str, tuple[int, int]]]:
    """Return by journey and way how many clicks and keys it took."""
    taken: dict[str, dict[str, tuple[int, int]]] = {}
    context = signed_in(browser, there, "nora")
    # Each both ways before the next: a recovery that is tried leaves more failed runs behind than a page of them shows.
    for journey in JOURNEYS:
        for number, operator in enumerate((ByMouse, ByKeys)):
            page = context.new_page()
            who = operator(page, there.address)
            try:
                journey(who, there, number)
            except Exception as error:
                raise AssertionError(f"{journey.__name__} by {who.way}, at {page.url}: {error}") from error
            taken.setdefault(journey.__name__, {})[who.way] = (who.clicks, who.keys)
            page.close()
    context.close()
    return taken


# What changes under a person's hands


def opened(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    return page


def live_through_changes(browser: Browser, there: Installation) -> None:
    nora, amir, otto = (signed_in(browser, there, name) for name in ("nora", "amir", "otto"))
    both, one, hasty = (there.site.submit(there.order(path, approval="always"), agent=agent) for path, agent in WAITING)
    for run_id in (both, one, hasty):
        there.site.until(run_id, "waiting")
    late = opened(nora, there.approval(hasty))
    _a_double_decision(there, both, opened(nora, there.approval(both)), opened(amir, there.approval(both)))
    _an_agent_that_left(there, nora)
    _a_list_that_grows(there, opened(nora, there.address + reverse("admin:runs_run_changelist")))
    _a_role_taken_away(there, one, opened(otto, there.run_page(one)))
    _an_approval_that_expired(there, hasty, late)


def _a_double_decision(there: Installation, run_id: str, first: Page, second: Page) -> None:
    first.get_by_label(re.compile("^Why it may happen|^Reason")).first.fill(WHY)
    button(first, "Approve").click()
    assert "Approved: order is called now." in told(first)
    second.get_by_label("Why not").fill("it is too much for one floor")
    button(second, "Reject").click()
    assert "already decided by nora" in told(second)
    assert there.site.until(run_id)["status"] == "succeeded"
    assert len(there.shop.asked_for("/tills/both")) == 1
    events = [each["kind"] for each in there.site.trace(run_id)["events"]]
    assert events.count("approval_decided") == 1


def _an_agent_that_left(there: Installation, context: BrowserContext) -> None:
    run_id = there.site.submit(get(f"{there.shop.url}/article", "read"), agent="leaving")
    there.site.until(run_id, "succeeded")
    (agent,) = [each for each in there.site.get("agents?limit=100")["data"] if each["name"] == "leaving"]
    assert there.site.web.delete(f"/api/v1/agents/{agent['agent_id']}").status_code == 409, "who ran stays on record"
    answer = there.site.web.patch(f"/api/v1/agents/{agent['agent_id']}", json={"status": "disabled", "reason": "the floor was closed"})
    assert answer.status_code == 200, answer.text
    page = opened(context, there.run_page(run_id))
    assert "Agent leaving is disabled: it takes no new run." in page.get_by_role("region", name="How the run stands").inner_text()
    link(page, "Do it again").click()
    button(page, "Rerun").click()
    assert "disabled" in told(page)
    assert there.shop.asked_for("/article") == [None], "nothing was begun for it"


def _a_list_that_grows(there: Installation, page: Page) -> None:
    """Who stands in a row stands in that row, whatever comes above it."""
    for key in ("j", "j"):
        page.keyboard.press(key)
    before = page.evaluate(FOCUSED_ROW)
    new = there.site.submit(get(f"{there.shop.url}/article", "read"), agent="buyer")
    row(page, new).wait_for()
    assert before.startswith("run_")
    assert page.evaluate(FOCUSED_ROW) == before


def _a_role_taken_away(there: Installation, run_id: str, page: Page) -> None:
    page.locator("summary", has_text="Cancel this run…").click()
    there.aside(lambda: Membership.objects.filter(user__username="otto").update(role=Role.VIEWER))
    button(page, "Cancel the run").click()
    page.get_by_text("Your role does not open this page.").wait_for()
    page.get_by_text("A tenant admin of your tenant gives out roles").wait_for()
    assert there.site.run(run_id)["status"] == "waiting"
    there.aside(lambda: Membership.objects.filter(user__username="otto").delete())
    answer = page.goto(there.run_page(run_id))
    assert answer is not None
    assert (answer.status, run_id in page.locator("body").inner_text()) == (404, False)


def _an_approval_that_expired(there: Installation, run_id: str, page: Page) -> None:
    assert there.site.until(run_id)["failure_code"] == "APPROVAL_EXPIRED"
    page.get_by_label(re.compile("^Why it may happen|^Reason")).first.fill(WHY)
    button(page, "Approve").click()
    assert "order waits for no approval any more: nobody decided in time, it expired at" in told(page)
    assert there.shop.asked_for("/tills/late") == []


# All of it


def test_an_operator_gets_everywhere(there: Installation) -> None:
    """One installation for all: to start one takes as long as to make two journeys."""
    with a_browser() as browser:
        taken = make_each_journey(browser, there)
        live_through_changes(browser, there)
    assert {name: counts["mouse"][0] for name, counts in taken.items()} == {each.__name__: clicks for each, clicks in JOURNEYS.items()}
    assert max(clicks for counts in taken.values() for clicks, _ in counts.values()) <= MOST_CLICKS
    assert max(keys for counts in taken.values() for _, keys in counts.values()) <= MOST_KEYS, taken
