"""Workers and the queue on one console page: who works, what waits for whom and since when, what the clock does, and what is wrong."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from agents.access.rights import is_platform, may, tenants_for
from agents.roles import HEALTH_ROLES
from runs.console.operation import workers_view as view
from runs.console.operation.broken import Sight, broken_things
from runs.console.operation.queue_numbers import read_outgoing, read_standings, together
from runs.housekeeping.schedules import JOBS
from runs.models import LostHold, Run, RunStatus, Session, SessionState

if TYPE_CHECKING:
    from agents.models import Tenant

Json = dict[str, Any]
MOST_LINES = 100
DEAD_SHOWN = 20
DAY_MS = 86_400_000


def workers_page(request: HttpRequest) -> HttpResponse:
    """Show workers and queue. Sessions span tenants: host, process and what one holds in all are for the platform's operators."""
    if not may(request, HEALTH_ROLES):
        raise PermissionDenied
    everything, now = is_platform(request), timezone.now()
    tenants = list(tenants_for(request, HEALTH_ROLES))
    mine = [tenant.pk for tenant in tenants]
    workers = _workers(None if everything else mine)
    queue = _queue(tenants, workers, now)
    clock = _clock(everything, now)
    context = {
        "title": "Workers & queue",
        "aos_everything": everything,
        "aos_broken": broken_things(Sight(mine, mine, everything, **_lists()), queue["oldest_event"], queue["forsaken"]),
        "aos_warnings": [*queue["warnings"], *clock["warnings"]],
        "aos_workers": workers,
        "aos_queue": queue,
        "aos_clock": clock,
    }
    return TemplateResponse(request, "console/workers.html", {**admin.site.each_context(request), **context})


def _lists() -> dict[str, str]:
    invariants = f"{reverse('console-invariants')}?since=1d"
    return {"outbox": reverse("admin:runs_outbox_changelist"), "webhooks": reverse("console-webhooks"), "invariants": invariants}


def _workers(mine: Collection[int] | None) -> Json:
    """Return the sessions that are alive, and those that died in the last day; `mine` are the tenants whose runs count, None for all."""
    now_ms = round(time.time() * 1_000)
    live = list(Session.objects.filter(state=SessionState.LIVE).order_by("pk")[:MOST_LINES])
    died = Session.objects.filter(state=SessionState.DEAD, lease_until_ms__gt=now_ms - DAY_MS)
    dead = list(died.order_by("-pk")[:DEAD_SHOWN])
    held = {row.pk: row.in_flight for row in live} if mine is None else _held(live, mine)
    lost = _lost(dead, mine)
    lines = [view.worker_line(row, now_ms, settings.LEASE_MS, held.get(row.pk, 0)) for row in live]
    return {
        "live": lines,
        "alive": sum(not line["is_over"] for line in lines),
        "dead": [view.worker_line(row, now_ms, settings.LEASE_MS, lost.get(row.pk, 0)) for row in dead],
        "died": len(dead) if len(dead) < DEAD_SHOWN else died.count(),
    }


def _held(live: Sequence[Session], mine: Collection[int]) -> dict[int, int]:
    runs = Run.objects.filter(status=RunStatus.RUNNING, session_id__in=[row.pk for row in live], tenant_id__in=mine)
    return dict(runs.order_by().values_list("session_id").annotate(Count("pk")))


def _lost(dead: Sequence[Session], mine: Collection[int] | None) -> dict[int, int]:
    """Return how many runs each of them held when it died."""
    holds = LostHold.objects.filter(session_id__in=[row.pk for row in dead])
    if mine is not None:
        holds = holds.filter(run_id__in=Run.objects.filter(tenant_id__in=mine).values("pk"))
    return dict(holds.order_by().values_list("session_id").annotate(Count("run_id")))


def _queue(tenants: Sequence[Tenant], workers: Json, now: datetime) -> Json:
    """Return what waits, by tenant, and what is still to be told to others; tenants with something to do come first."""
    mine = [tenant.pk for tenant in tenants]
    standings, outgoing = read_standings(mine), read_outgoing(mine)
    whole = together(standings.values())
    runs = reverse("admin:runs_run_changelist")
    lines = sorted((view.queue_line(tenant, standings[tenant.pk], now, runs) for tenant in tenants), key=lambda line: line["is_idle"])
    stuck = view.stuck({tenant: standings[tenant.pk] for tenant in tenants}, now)
    return {
        "lines": lines[:MOST_LINES],
        "left_off": max(0, len(lines) - MOST_LINES),
        "sentence": view.sentence(workers["alive"], whole, now),
        "warnings": view.warnings(alive=workers["alive"], died=workers["died"], stuck=stuck, outgoing=outgoing, now=now),
        "forsaken": whole.forsaken,
        "oldest_event": outgoing.oldest_event,
        "deliveries": outgoing.deliveries,
        "oldest_delivery": view.since(outgoing.oldest_delivery, now),
        "oldest_event_age": view.since(outgoing.oldest_event, now),
        **_lists(),
    }


def _clock(everything: bool, now: datetime) -> Json:
    """Return the jobs of the clock: AOS's own, and for the platform's operators whatever else is scheduled."""
    names = [job.name for job in JOBS]
    schedules = apps.get_model("django_q", "Schedule")._default_manager.order_by("name", "pk")
    if not everything:
        schedules = schedules.filter(name__in=names)
    rows = list(schedules.values("name", "func", "schedule_type", "minutes", "next_run", "task")[:MOST_LINES])
    failed = _failed([row["func"] for row in rows])
    lines = [view.schedule_line(_schedule(row, *failed.get(row["func"], (None, 0))), now) for row in rows]
    missing = sorted(set(names) - {row["name"] for row in rows})
    return {"lines": lines, "warnings": view.schedule_warnings(lines, missing)}


def _failed(functions: Collection[str]) -> dict[str, tuple[datetime, int]]:
    """Return when each function failed last, and how often, as far back as that is kept. What they answered is pickled, and not read."""
    tasks: QuerySet[Any] = apps.get_model("django_q", "Task")._default_manager.filter(success=False, func__in=functions)
    return {func: (last, number) for func, last, number in tasks.order_by().values_list("func").annotate(Max("stopped"), Count("pk"))}


def _schedule(row: Json, failed_at: datetime | None, failures: int) -> view.Schedule:
    name = row["name"] or row["func"]
    return view.Schedule(name, row["schedule_type"], row["minutes"], row["next_run"], bool(row["task"]), failed_at, failures)
