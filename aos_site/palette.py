"""What the command palette (Ctrl K) finds: a row by its exact id, runs by the beginning of their trace id, codes, agents and pages by name.

Nothing here searches a table for words: each question is one an index answers, asked through the page that shows the row,
so that roles and tenants hold as they do there. What was found is kept nowhere: rights may be gone with the next question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from agents.access.rights import may, tenants_for
from agents.roles import EVERY_ROLE
from agents.selectors import agent_within, agents_named
from aos_site.console import navigation
from catalog.learning.views import candidates_of
from runs.console.failures import recovery_page
from runs.console.webhooks import webhooks_page
from skills.ids import is_id
from skills.taxonomy import CODES

MOST = 10
MOST_CODES = 3
LONGEST = 100
_TRACE = re.compile(r"[0-9a-f]{6,32}")
# Rows with a page of their own in the admin, by the prefix of their id.
_ROWS = {
    "run": ("runs.run", "Run"),
    "ten": ("agents.tenant", "Tenant"),
    "frz": ("agents.freeze", "Freeze"),
    "fmt": ("catalog.failurematch", "Failure"),
    "prc": ("skills.pricerow", "Price"),
}


class Hit(NamedTuple):
    """One line of the palette."""

    title: str
    kind: str
    link: str


def palette(request: HttpRequest) -> HttpResponse:
    """Return the hits as a part of a page. Reads only."""
    asked = request.GET.get("s", "").replace("\x00", "").strip()[:LONGEST]
    hits = list(islice(find(request, asked), MOST)) if asked else []
    return TemplateResponse(request, "console/palette_hits.html", {"hits": hits, "asked": asked})


def find(request: HttpRequest, asked: str) -> Iterator[Hit]:
    return chain(_by_id(request, asked), _by_trace(request, asked), _agents(request, asked), _codes(request, asked), _pages(request, asked))


def _by_id(request: HttpRequest, asked: str) -> Iterator[Hit]:
    prefix = asked.partition("_")[0]
    if not is_id(prefix, asked):
        return
    if prefix in _ROWS:
        label, kind = _ROWS[prefix]
        for row in _seen(request, label).filter(public_id=asked)[:1]:
            yield Hit(asked, kind, _page_of(row))
    elif prefix == "agt":
        agent = agent_within(tenants_for(request, EVERY_ROLE), asked)
        if agent is not None:
            yield Hit(agent.name, "Agent", reverse("console-agent", args=[agent.public_id]))
    elif prefix == "whk" and may(request, webhooks_page.VIEW_ROLES):
        for row in webhooks_page.endpoints_of(request).filter(public_id=asked)[:1]:
            yield Hit(asked, "Webhook", reverse("console-webhook", args=[row.public_id]))
    elif prefix == "rec" and may(request, recovery_page.VIEW_ROLES):
        for row in candidates_of(tenants_for(request, recovery_page.VIEW_ROLES)).filter(public_id=asked)[:1]:
            yield Hit(asked, "Recovery", reverse("console-recovery-candidate", args=[row.public_id]))


def _by_trace(request: HttpRequest, asked: str) -> Iterator[Hit]:
    prefix = asked.lower()
    if _TRACE.fullmatch(prefix) is None:
        return
    # The end of the range is behind every sign a trace id is made of.
    for run in _seen(request, "runs.run").filter(trace_id__gte=prefix, trace_id__lt=prefix + "g").order_by("trace_id")[:MOST]:
        yield Hit(run.public_id, f"Run of trace {run.trace_id}", _page_of(run))


def _agents(request: HttpRequest, name: str) -> Iterator[Hit]:
    for agent in agents_named(tenants_for(request, EVERY_ROLE), name)[:MOST]:
        yield Hit(agent.name, "Agent", reverse("console-agent", args=[agent.public_id]))


def _codes(request: HttpRequest, asked: str) -> Iterator[Hit]:
    wanted = asked.upper().replace(" ", "_")
    if len(wanted) < 2:
        return
    runs = reverse("admin:runs_run_changelist") if _page("runs.run").has_view_permission(request) else ""
    for code in islice((code for code in CODES if wanted in code), MOST_CODES):
        if runs:
            yield Hit(code, "Runs that ended with it", f"{runs}?{urlencode({'q': code})}")
        yield Hit(code, "What it means", reverse("error", args=[code]))


def _pages(request: HttpRequest, asked: str) -> Iterator[Hit]:
    """Yield the pages of the sidebar, which are those the person may see."""
    words = asked.lower()
    for group in navigation(request):
        for item in group["items"]:
            if words in item["title"].lower():
                yield Hit(item["title"], group["title"] or "Console", str(item["link"]))


def _page(label: str) -> Any:
    return next(page for model, page in admin.site._registry.items() if model._meta.label_lower == label)


def _seen(request: HttpRequest, label: str) -> Any:
    """Return the rows the person's own list would show."""
    page = _page(label)
    rows = page.get_queryset(request)
    return rows if page.has_view_permission(request) else rows.none()


def _page_of(row: Any) -> str:
    # A run's page goes by the id everybody knows it by.
    key = row.public_id if row._meta.label_lower == "runs.run" else row.pk
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[key])
