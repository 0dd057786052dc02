"""The page of a run with two thousand spans: short enough to be read, everything left out one keystroke away, no query more."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agents.models import Agent, Membership, Tenant
from agents.services import create_agent
from bench.long_run import store_long_run, store_wide_run
from runs.console.operation import heartbeat
from runs.console.run.run_page import LONGEST_IN_A_ROW, LONGEST_TEXT, cut
from runs.models import Run

MOST_KILOBYTES = 1_300
ROW = 'role="row"'


@pytest.fixture
def agent(db: None) -> Agent:
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    person = User.objects.create_user("nora", is_staff=True)
    Membership.objects.create(user=person, tenant=tenant, role="tenant_admin")
    return create_agent(tenant=tenant, name="worker")


def shown(run: Run, **asked: str) -> tuple[str, int]:
    """Return the page, and by how many queries it was made."""
    browser = Client()
    browser.force_login(User.objects.get(username="nora"))
    address = reverse("admin:runs_run_change", args=[run.public_id])
    browser.get(address)
    heartbeat.watch.forget()
    with CaptureQueriesContext(connection) as queries:
        answer: Any = browser.get(address, asked)
    assert answer.status_code == 200
    return answer.content.decode(), len(queries)


def links_in(page: str, words: str) -> list[str]:
    """Return where the links lead whose text holds these words; a link is what the keyboard reaches and Enter follows."""
    return [unescape(href) for href, text in re.findall(r'<a href="([^"]*)"[^>]*>(.*?)</a>', page) if words in text]


def test_loops_over_many_items_fold_and_open(agent: Agent) -> None:
    run = store_wide_run(agent, 10, 200)
    page, queries = shown(run)
    assert len(page) < MOST_KILOBYTES * 1_000
    assert page.count(ROW) < 300
    assert queries == shown(store_wide_run(agent, 1, 2))[1]
    ways = links_in(page, "180 more of each3")
    assert [way.partition("#")[2] for way in ways] == ["aos-opened", "aos-opened-step"], "of the waterfall, and of the table of steps"
    opened, _ = shown(run, open="each3")
    assert ways[0].startswith("?open=each3#")
    assert opened.count(ROW) == page.count(ROW) + 180
    assert '<tr class="aos-row aos-depth-0" aria-level="1" role="row" id="aos-opened" tabindex="-1">' in opened
    assert 'id="aos-opened-step" tabindex="-1"' in opened
    assert "each3#199" in opened
    assert "each4#199" not in opened
    assert links_in(opened, "Fold each3 again")


def test_steps_that_were_tried_often_fold_and_open(agent: Agent) -> None:
    run = store_long_run(agent, 200, 10)
    page, queries = shown(run, decision="retry")
    assert len(page) < MOST_KILOBYTES * 1_000
    assert page.count(ROW) < 600
    assert queries == shown(store_long_run(agent, 2, 2))[1]
    longest = max(len(unescape(text)) for text in re.findall(r"<summary>Show</summary><pre[^>]*>(.*?)</pre>", page, re.DOTALL))
    assert LONGEST_IN_A_ROW < longest < LONGEST_IN_A_ROW + 100, "the plan stands in the first event, and is cut there"
    (way,) = [way for way in links_in(page, "19 more inside") if "open=s7#" in way]
    assert way == "?decision=retry&open=s7#aos-opened", "what else was asked for stays"
    opened, _ = shown(run, open="s7")
    assert opened.count(ROW) == page.count(ROW) + 18
    assert opened.count("<summary>Result</summary>") == 1, "of so many steps only the opened one says what it gave"


def test_nothing_is_opened_that_is_not_there(agent: Agent) -> None:
    page, _ = shown(store_wide_run(agent, 1, 30), open='"><script>alert(1)</script>')
    assert "<script>alert" not in page
    assert links_in(page, "10 more of each0")


def test_a_text_nobody_reads_to_its_end_is_cut() -> None:
    assert cut("x" * LONGEST_TEXT) == "x" * LONGEST_TEXT
    assert cut("x" * (LONGEST_TEXT + 1_234)).endswith("x\n… 1,234 more characters; the trace of the API has them all")
