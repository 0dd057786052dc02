"""Probes for machines: is the process up, can it serve."""

from __future__ import annotations

import time

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from runs.gauges import count_live_sessions

OK = "ok"


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process answers; nothing else is asked, so a slow database restarts no web server."""
    return JsonResponse({"status": OK})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether requests can be served. No worker is a note: runs are taken and wait until one comes."""
    checks = readiness()
    ready = checks["database"] == OK and checks["migrations"] == OK
    return JsonResponse({"status": "ready" if ready else "not_ready", "checks": checks}, status=200 if ready else 503)


def readiness() -> dict[str, str]:
    try:
        missing = _migrations_missing()
        workers = 0 if missing else count_live_sessions(now_ms=time.time_ns() // 1_000_000)
    except DatabaseError as error:
        return {"database": f"unreachable: {type(error).__name__}", "migrations": "unknown", "worker": "unknown"}
    return {
        "database": OK,
        "migrations": f"{missing} not applied; run manage.py migrate" if missing else OK,
        "worker": OK if workers else "none alive; queued runs wait until one is started with manage.py work",
    }


def _migrations_missing() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
