"""Cost on one console page: what was spent by agent, skill, model and day, what was spent in vain, and what the month will come to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from agents.access.rights import is_platform, may, tenants_for
from agents.roles import COST_ROLES, SUM_ROLES
from runs.console.agents.agents_view import agent_links
from runs.console.money import cost_view
from runs.console.money.cost_view import Links
from runs.money.usage import MOST_ROWS, UsageQuery, today_of, usage, usage_forecast
from skills.refusal import Refusal
from skills.requests import parse_query

if TYPE_CHECKING:
    from agents.models import Tenant

Json = dict[str, Any]
ALL = "all"
ROWS = 50
_FILTERS = ("agent", "skill", "model")
_PANELS = (("agent", "By agent"), ("skill", "By skill"), ("model", "By model"))


def cost_page(request: HttpRequest) -> HttpResponse:
    """Show what a tenant's calls cost in a time. Reads only, and everything chosen stands in the address."""
    if not may(request, SUM_ROLES):
        raise PermissionDenied
    known = list(tenants_for(request, SUM_ROLES))
    chosen = _chosen(request, known)
    context = {"title": "Cost", "aos_refused": "", "aos_tenants": _choices(request, known, chosen), "aos_is_empty": not known}
    if known:
        context |= _context(request, chosen)
    return TemplateResponse(request, "console/cost.html", {**admin.site.each_context(request), **context})


def _chosen(request: HttpRequest, known: list[Tenant]) -> list[Tenant]:
    """Return the tenants to look at: the one in the address, or the first; for the platform's own operators, all."""
    wished = request.GET.get("tenant", "")
    if is_platform(request) and wished == ALL:
        return known
    return [next((tenant for tenant in known if tenant.slug == wished), known[0])] if known else []


def _slug(chosen: Sequence[Tenant]) -> str:
    return chosen[0].slug if len(chosen) == 1 else ALL


def _choices(request: HttpRequest, known: Sequence[Tenant], chosen: Sequence[Tenant]) -> list[Json]:
    if len(known) < 2:
        return []
    mine = _slug(chosen)
    names = [*((tenant.slug, tenant.name) for tenant in known), *([(ALL, "All tenants")] if is_platform(request) else [])]
    return [{"slug": slug, "name": name, "is_chosen": slug == mine} for slug, name in names]


def _context(request: HttpRequest, tenants: list[Tenant]) -> Json:
    today = today_of(tenants)
    asked = {name: value for name in ("from", "to", *_FILTERS) if (value := request.GET.get(name, ""))}
    try:
        found, refused = _read(tenants, asked), ""
    except Refusal as refusal:
        refused = "; ".join(f"{fault['pointer'][1:]}: {fault['detail']}" for fault in refusal.errors) or refusal.detail
        asked = {}
        found = _read(tenants, asked)
    since, until = (date.fromisoformat(found["day"][name]) for name in ("from", "to"))
    one = tenants[0] if len(tenants) == 1 else None
    forecast = usage_forecast(tenant=one) if one is not None else None
    totals = found["day"]["totals"]
    links = _links(request, tenants, since, until, found, asked)
    kept = {"tenant": _slug(tenants), **asked}
    filtered = [{"name": name, "value": asked[name], "clear": _address(kept, **{name: ""})} for name in _FILTERS if name in asked]
    return {
        "aos_refused": refused,
        "aos_sentence": cost_view.sentence(totals, since, until, None if forecast is None or filtered else forecast["data"][0]),
        "aos_zone": found["day"]["time_zone"],
        "aos_since": since.isoformat(),
        "aos_until": until.isoformat(),
        "aos_periods": _periods(kept, today, since, until),
        "aos_filters": filtered,
        "aos_asked": asked,
        "aos_tiles": _tiles(totals, forecast, links),
        "aos_chart": cost_view.chart({date.fromisoformat(row["day"]): row for row in found["day"]["data"]}, since, until),
        "aos_days": _days(found["day"], links),
        "aos_panels": _panels(found, links, tenants),
        "aos_forecast": forecast and {"lines": cost_view.forecast_lines(forecast), "until": date.fromisoformat(forecast["to"])},
        "aos_budgets": reverse("console-budgets"),
        "aos_file_of": one.slug if one is not None else "",
    }


def _read(tenants: list[Tenant], asked: Json) -> Json:
    """Ask for usage once by each of the groups the page shows."""
    names = ["day", *(name for name, _ in _PANELS), *(["tenant"] if len(tenants) > 1 else [])]
    limits = {"day": MOST_ROWS}
    queries = {name: parse_query(UsageQuery, {**asked, "group_by": name, "limit": str(limits.get(name, ROWS))}) for name in names}
    return {name: usage(tenants=tenants, query=query) for name, query in queries.items()}


def _links(request: HttpRequest, tenants: list[Tenant], since: date, until: date, found: Json, asked: Json) -> Links:
    narrowed = {"day__gte": since.isoformat(), "day__lte": until.isoformat()}
    narrowed |= {f"{name}__exact": asked[name] for name in ("skill", "model") if name in asked}
    if len(tenants) == 1:
        narrowed["tenant__id__exact"] = str(tenants[0].pk)
    ids = [row["agent_id"] for row in found["agent"]["data"]]
    if "agent" in asked and ids:
        narrowed["agent_public_id"] = ids[0]
    reads = all(may(request, COST_ROLES, tenant.pk) for tenant in tenants)
    return Links(reverse("admin:runs_charge_changelist") if reads else "", narrowed, agent_links(ids))


def _address(kept: Json, **changes: str) -> str:
    """Return this page's address with other choices; an empty one is left out."""
    return f"?{urlencode({name: value for name, value in {**kept, **changes}.items() if value})}"


def _periods(kept: Json, today: date, since: date, until: date) -> list[Json]:
    month = today.replace(day=1)
    last_of_previous = month - timedelta(days=1)
    periods = (
        ("This month", month, today),
        ("Last month", last_of_previous.replace(day=1), last_of_previous),
        ("7 days", today - timedelta(days=6), today),
        ("30 days", today - timedelta(days=29), today),
        ("90 days", today - timedelta(days=89), today),
    )
    return [
        {
            "name": name,
            "link": _address(kept, **{"from": begin.isoformat(), "to": end.isoformat()}),
            "is_chosen": (begin, end) == (since, until),
        }
        for name, begin, end in periods
    ]


def _tiles(totals: Json, forecast: Json | None, links: Links) -> list[Json]:
    whole = forecast["data"][0] if forecast else None
    tiles = [
        _tile("Spent", cost_view.money(totals["cost_micro_usd"]), f"{totals['calls']:,} calls", links.to_charges()),
        _waste_tile("Retried in vain", totals, "retry", links),
        _waste_tile("Looped", totals, "loop", links),
    ]
    guesses = [totals[name] for name in ("unpriced", "estimated")]
    if any(guess["calls"] for guess in guesses):
        cost = sum(guess["cost_micro_usd"] for guess in guesses)
        note = f"at worst: {totals['unpriced']['calls']} without a price, {totals['estimated']['calls']} lost"
        tiles.append(_tile("Nobody knows exactly", cost_view.money(cost), note, links.to_charges(pricing_status__in="unpriced,estimated")))
    if whole is not None:
        line = cost_view.forecast_lines({"data": [whole]})[0]
        note = f"{line['range']}, from {line['why']}" if whole["low_micro_usd"] is not None else line["why"]
        tiles.append(_tile("Expected this month", line["expected"], note, ""))
    return tiles


def _waste_tile(title: str, totals: Json, kind: str, links: Links) -> Json:
    part = totals[f"{kind}_waste"]
    share = f"{100 * part['cost_micro_usd'] / totals['cost_micro_usd']:.0f} % of all, " if totals["cost_micro_usd"] else ""
    return _tile(title, cost_view.money(part["cost_micro_usd"]), f"{share}{part['calls']:,} calls", links.to_charges(waste=kind))


def _tile(title: str, value: str, note: str, link: str) -> Json:
    return {"title": title, "value": value, "note": note, "link": link}


def _days(answer: Json, links: Links) -> list[cost_view.Group]:
    per_day = links._replace(narrowed={name: value for name, value in links.narrowed.items() if not name.startswith("day__")})
    return cost_view.groups(answer, "day", per_day)


def _panels(found: Json, links: Links, tenants: Sequence[Tenant]) -> list[Json]:
    names = [*([("tenant", "By tenant")] if len(tenants) > 1 else []), *_PANELS]
    return [
        {"by": by, "title": title, "rows": cost_view.groups(found[by], by, links), "left_off": found[by]["left_off"]} for by, title in names
    ]
