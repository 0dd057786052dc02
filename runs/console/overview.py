"""The numbers of the overview, all of the person's own tenants, each with a link to the list behind it."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.db.models import Count, Min, QuerySet, Sum
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone

from agents.console_base import COST_ROLES, EVERY_ROLE, may_everywhere, sees_everything, tenants_for
from runs.models import Run, RunStatus, Session, SessionState
from runs.stored import Stored, database_bytes, read_stored
from skills.wording import UNKNOWN, duration, look_of, money


def overview(request: HttpRequest) -> dict[str, Any]:
    """Return the tiles, the last day's runs by status, and for the platform's operators what is stored."""
    runs = Run.objects.filter(tenant__in=tenants_for(request, EVERY_ROLE))
    recent = runs.filter(created_at__gt=timezone.now() - timedelta(hours=24))
    return {
        "aos_tiles": [*_waiting_tiles(runs), _workers_tile(), *_spend_tile(request, recent)],
        "aos_by_status": _by_status(recent),
        "aos_is_empty": not runs.exists(),
        "aos_stored": _stored() if sees_everything(request) else None,
    }


def _runs_list() -> str:
    return reverse("admin:runs_run_changelist")


def _waiting_tiles(runs: QuerySet[Run]) -> list[dict[str, Any]]:
    queued = runs.filter(status=RunStatus.QUEUED).aggregate(number=Count("pk"), oldest=Min("created_at"))
    parked = dict(runs.filter(status=RunStatus.WAITING).values_list("waiting_for").annotate(number=Count("pk")).order_by())
    age = f"oldest {duration(round((timezone.now() - queued['oldest']).total_seconds() * 1_000))}" if queued["oldest"] else "none waits"
    people = parked.get("approval", 0) + parked.get("input", 0)
    return [
        _tile("Queued", queued["number"], age, "?status__exact=queued"),
        _tile("Waiting for a person", people, "approvals and questions", "?stage=waiting"),
        _tile("In doubt", parked.get("in_doubt", 0), "effects nobody could confirm", "?stage=in_doubt"),
        _tile("Waiting for money", parked.get("budget", 0), "a top-up continues them", "?stage=waiting"),
    ]


def _tile(title: str, value: Any, note: str, query: str = "") -> dict[str, Any]:
    return {"title": title, "value": value, "note": note, "link": _runs_list() + query}


def _workers_tile() -> dict[str, Any]:
    alive = Session.objects.filter(state=SessionState.LIVE, lease_until_ms__gt=round(time.time() * 1_000)).count()
    return _tile("Workers at work", alive, "sessions with a live lease") | {"is_bad": alive == 0, "link": ""}


def _spend_tile(request: HttpRequest, recent: QuerySet[Run]) -> list[dict[str, Any]]:
    if not may_everywhere(request, COST_ROLES):
        return []
    spent = recent.aggregate(total=Sum("spent_micro_usd"))["total"] or 0
    return [_tile("Spent in 24 h", money(spent), "by runs created in that time")]


def _by_status(recent: QuerySet[Run]) -> list[dict[str, Any]]:
    """Return how many of the last day's runs stand where, in the order of a run's life."""
    numbers = dict(recent.values_list("status").annotate(number=Count("pk")).order_by())
    shown = [status for status in RunStatus.values if numbers.get(status)]
    listed = _runs_list()
    return [{"look": look_of(status), "number": numbers[status], "link": f"{listed}?status__exact={status}"} for status in shown]


def _stored() -> dict[str, Any]:
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
