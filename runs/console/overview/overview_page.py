"""The numbers of the overview, all of the person's own tenants, each with a link to the list behind it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import BigIntegerField, Count, F, Q, Sum, Value
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone

from agents.access.members import APPROVING_ROLES
from agents.access.rights import is_platform, may, may_everywhere, tenants_for
from agents.roles import COST_ROLES, DECIDING_ROLES, EVERY_ROLE, HEALTH_ROLES, PAYLOAD_ROLES, SUM_ROLES
from runs.console.operation.broken import Sight, broken_things
from runs.console.operation.queue_numbers import PERSON, Standing, oldest_event, read_standings, together
from runs.console.overview import day_view, hours_view
from runs.console.webhooks.webhooks_page import VIEW_ROLES as WEBHOOK_ROLES
from runs.gauges import count_live_sessions
from runs.housekeeping.stored import Stored, database_bytes, read_stored
from runs.models import TERMINAL_STATUSES, EpochMs, Run, RunStatus
from runs.money import budgets
from skills.wording import UNKNOWN, duration, limit_of, look_of, money

if TYPE_CHECKING:
    from agents.models import Tenant

Json = dict[str, Any]
DAY = timedelta(hours=24)


@dataclass
class Recent:
    """The runs created in the last day: how they stand, by the hour, and what they spent; all from one question."""

    since: datetime
    by_hour: dict[int, Counter[str]] = field(default_factory=dict)
    spent: Counter[int] = field(default_factory=Counter)
    spenders: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)

    @property
    def spent_micro_usd(self) -> int:
        return self.spent.total()

    @property
    def by_status(self) -> Counter[str]:
        return sum(self.by_hour.values(), Counter())


def overview(request: HttpRequest) -> Json:
    """Return the tiles, the last day's runs, what is broken, and for the platform's operators what is stored."""
    now = timezone.now()
    tenants = list(tenants_for(request, EVERY_ROLE))
    mine = [tenant.pk for tenant in tenants]
    standing, recent = together(read_standings(mine).values()), _recent(mine, now - DAY)
    # Over several tenants no budget is everybody's.
    found = budgets.list_budgets(tenant=tenants[0]) if len(tenants) == 1 and may(request, SUM_ROLES) else []
    alive = count_live_sessions(now_ms=round(time.time() * 1_000))
    is_empty = not recent.by_hour and not Run.objects.filter(tenant_id__in=mine).exists()
    return {
        "aos_tiles": _tiles(request, standing, recent, alive, found if len(tenants) == 1 else None) if tenants else [],
        "aos_broken": broken_things(_sight(request, mine), oldest_event(mine), standing.forsaken),
        "aos_by_status": _by_status(recent),
        "aos_chart": hours_view.chart(recent.by_hour, recent.since, now),
        "aos_hours": hours_view.table(recent.by_hour, recent.since, now, _runs_list()),
        "aos_codes": day_view.code_lines(recent.codes, partial(_failed_by, recent)),
        "aos_more_codes": max(0, len(recent.codes) - day_view.CODES_SHOWN),
        **(_spending(request, recent, now) if may_everywhere(request, SUM_ROLES) else {}),
        "aos_budgets": _budget_lines(tenants, found, recent, now),
        "aos_is_empty": is_empty,
        "aos_steps": _steps(has_tenant=bool(tenants), alive=alive) if is_empty and (tenants or is_platform(request)) else [],
        "aos_has_tenant": bool(tenants),
        "aos_stored": _stored() if is_platform(request) else None,
    }


def _recent(mine: Sequence[int], since: datetime) -> Recent:
    """Read the runs created since then: hours are counted by the database, from the index of a tenant's runs."""
    hour = EpochMs(F("created_at")) / Value(hours_view.HOUR_MS, BigIntegerField())
    rows = Run.objects.filter(tenant_id__in=list(mine), created_at__gte=since).order_by().annotate(hour=hour)
    found = Recent(since)
    spenders = Count("pk", filter=Q(spent_micro_usd__gt=0))
    groups = rows.values_list("hour", "status", "failure_code").annotate(Count("pk"), Sum("spent_micro_usd"), spenders=spenders)
    for at, status, code, number, spent, spending in groups:
        found.by_hour.setdefault(at, Counter())[status] += number
        found.spent[at] += spent
        found.spenders[at] += spending
        if code:
            found.codes[code] += number
    return found


def _failed_by(recent: Recent, code: str) -> str:
    return _runs_list(failure_code__exact=code, created_at__gte=recent.since.isoformat())


def _spending(request: HttpRequest, recent: Recent, now: datetime) -> Json:
    # Who sees sums alone cannot ask which runs spent.
    runs = _runs_list() if may_everywhere(request, COST_ROLES) else ""
    return {
        "aos_spend_chart": hours_view.spend_chart(recent.spent, recent.since, now),
        "aos_spend_hours": hours_view.spend_table(recent.spent, recent.spenders, recent.since, now, runs),
    }


def _budget_lines(tenants: Sequence[Tenant], found: Sequence[Json], recent: Recent, now: datetime) -> list[Json]:
    if not found:
        return []
    day = day_view.day_in(tenants[0].time_zone, round(now.timestamp() * 1_000))
    return day_view.budget_lines(found, day, recent.spent_micro_usd)


def _sight(request: HttpRequest, mine: Sequence[int]) -> Sight:
    webhooks_of = [tenant for tenant in mine if may(request, WEBHOOK_ROLES, tenant)]
    return Sight(
        mine,
        webhooks_of,
        everything=is_platform(request),
        workers=_workers_link(request),
        outbox=reverse("admin:runs_outbox_changelist") if may(request, HEALTH_ROLES | PAYLOAD_ROLES) else "",
        webhooks=reverse("console-webhooks"),
        invariants=f"{reverse('console-invariants')}?since=1d" if may(request, HEALTH_ROLES) else "",
    )


def _workers_link(request: HttpRequest) -> str:
    return reverse("console-workers") if may(request, HEALTH_ROLES) else ""


def _runs_list(**only: str) -> str:
    address = reverse("admin:runs_run_changelist")
    return f"{address}?{urlencode(only)}" if only else address


# Tiles


def _tiles(request: HttpRequest, standing: Standing, recent: Recent, alive: int, found: Sequence[Json] | None) -> list[Json]:
    everywhere = may_everywhere(request, SUM_ROLES)
    return [
        _recent_tile(recent),
        *_waiting_tiles(request, standing),
        *([_spend_tile(request, recent, found)] if everywhere else []),
        _tile("Workers alive", alive, "heard from lately", _workers_link(request)),
    ]


def _tile(title: str, value: Any, note: str, link: str, more: tuple[str, str] | None = None) -> Json:
    """Return a number, the list behind it, and if there is one the page on which something is done about it."""
    return {"title": title, "value": f"{value:,}" if isinstance(value, int) else value, "note": note, "link": link, "more": more}


def _recent_tile(recent: Recent) -> Json:
    counts = recent.by_status
    ended = sum(counts[status] for status in TERMINAL_STATUSES - {RunStatus.CANCELLED})
    note = _success(counts[RunStatus.SUCCEEDED], ended) if ended else "none of them ended yet"
    return _tile(
        "Runs in 24 h", counts.total(), note if counts else "none was created", _runs_list(created_at__gte=recent.since.isoformat())
    )


def _success(succeeded: int, ended: int) -> str:
    """Say what part of the runs that ended succeeded, against what is aimed at."""
    said, aim = f"{_percent(succeeded, ended)} of {ended:,} that ended succeeded", settings.SUCCESS_OBJECTIVE
    if aim is None:
        return said
    return f"{said}, {'as aimed at:' if succeeded >= aim * ended else 'below the aim of'} {100 * aim:g} %"


def _percent(part: int, whole: int) -> str:
    """Return a share so that 100 % is all and 0 % none."""
    if part in (0, whole):
        return "100 %" if part else "0 %"
    return f"{min(99.9, max(0.1, 100 * part / whole)):.1f} %"


def _waiting_tiles(request: HttpRequest, standing: Standing) -> list[Json]:
    age = f"oldest {_since(standing.oldest)}" if standing.oldest else "none waits"
    parked = standing.waiting
    deciding = ("Say what happened", reverse("console-in-doubt")) if may(request, DECIDING_ROLES) and parked["in_doubt"] else None
    approving = ("Decide", reverse("console-approvals")) if may(request, APPROVING_ROLES) and parked["approval"] else None
    return [
        _tile("Queued", standing.queued, age, _runs_list(status__exact=RunStatus.QUEUED)),
        _tile("Running", standing.running, "held by workers", _runs_list(status__exact=RunStatus.RUNNING)),
        _tile("Waiting for a person", standing.for_a_person, _due(standing), _waiting_list(*PERSON), approving),
        _tile("In doubt", parked["in_doubt"], "effects nobody could confirm", _waiting_list("in_doubt"), deciding),
        _tile("Waiting for money", parked["budget"], "a top-up continues them", _waiting_list("budget")),
    ]


def _waiting_list(*reasons: str) -> str:
    return _runs_list(status__exact=RunStatus.WAITING, waiting_for__in=",".join(reasons))


def _since(instant: datetime) -> str:
    return duration(round((timezone.now() - instant).total_seconds() * 1_000))


def _due(standing: Standing) -> str:
    if not standing.for_a_person:
        return "approvals and questions"
    if standing.person_due_ms is None:
        return "without a deadline"
    left = standing.person_due_ms - round(time.time() * 1_000)
    return f"soonest deadline in {duration(left)}" if left > 0 else "a deadline is past"


def _spend_tile(request: HttpRequest, recent: Recent, found: Sequence[Json] | None) -> Json:
    """Return what was spent, against the tenant's tightest limit where it is of one tenant; sums over several have no limit in common."""
    note = "by runs created in that time"
    if found is not None:
        limited = [each for each in found if each["kind"] == "tenant" and each["total_micro_usd"] is not None]
        note = _against(min(limited, key=_room)) if limited else "the tenant has no limit"
    spent = {"spent_micro_usd__gt": "0"} if may_everywhere(request, COST_ROLES) else {}
    spenders = _runs_list(created_at__gte=recent.since.isoformat(), **spent)
    return _tile("Spent in 24 h", money(recent.spent_micro_usd), note, spenders, ("Budgets", reverse("console-budgets")))


def _room(budget: Json) -> float:
    """Return how much of a budget is left, as a part of it."""
    total = budget["total_micro_usd"]
    return (total - budget["spent_micro_usd"]) / total if total else 0.0


def _against(budget: Json) -> str:
    when = "today" if budget["period"] == "day" else "in all"
    return f"{money(budget['spent_micro_usd'])} of {limit_of(budget['total_micro_usd'])} {when}"


# Lists


def _by_status(recent: Recent) -> list[Json]:
    """Return how many of the last day's runs stand where, in the order of the chart, whose colours they explain."""
    counts, since = recent.by_status, recent.since.isoformat()
    return [
        {
            "status": status,
            "look": look_of(status),
            "number": counts[status],
            "link": _runs_list(status__exact=status, created_at__gte=since),
        }
        for status in hours_view.ORDER
        if counts[status]
    ]


def _steps(*, has_tenant: bool, alive: int) -> list[Json]:
    """Return what is to be done until there is a run, and what of it is done."""
    goal = 'python manage.py run_goal "Fetch https://example.com and summarize it"'
    return [
        {"words": "Make a tenant, an agent and a key", "command": "python manage.py bootstrap", "is_done": has_tenant},
        {"words": "Start a worker", "command": "python manage.py work", "is_done": alive > 0},
        {"words": "Give the agent a goal, here or by POST /api/v1/goals", "command": goal, "is_done": False},
    ]


def _stored() -> Json:
    """Return what is stored by class of retention. The tables span tenants, so it is for the platform's operators."""
    return {"classes": [_stored_row(stored) for stored in read_stored()], "whole": filesizeformat(database_bytes())}


def _stored_row(stored: Stored) -> dict[str, Any]:
    return {
        "name": stored.name,
        "rows": UNKNOWN if stored.rows is None else f"{stored.rows:,}",
        "bytes": UNKNOWN if stored.bytes is None else filesizeformat(stored.bytes),
        "keeps": "for ever" if stored.keeps_days is None else f"{stored.keeps_days} d",
        "oldest": UNKNOWN if stored.oldest is None else f"{stored.oldest:%Y-%m-%d %H:%M}",
    }
