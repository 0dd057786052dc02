"""`python -m bench.failures [N]`: how long the questions about failures take where a tenant has N of them (a million), all in one
month, in a database of its own. The figures stand in docs/reference/failure-analytics.md."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django

from bench.environment import ENVIRONMENT

CODES = (("TIMEOUT", "transient"), ("RATE_LIMITED", "resource"), ("HTTP_5XX", "transient"), ("NOT_FOUND", "permanent"))
SIGNATURES, AGENTS, VERSIONS, DAYS = 3_000, 40, 6, 30
AT_ONCE = 20_000


def seed(count: int) -> Any:
    """Store so many failures of one tenant, spread over a month: few signatures with many, many with few."""
    from django.utils import timezone  # noqa: PLC0415 - settings come first

    from agents.models import Tenant  # noqa: PLC0415
    from agents.services import create_agent  # noqa: PLC0415

    tenant = Tenant.objects.create(slug="bench", name="Bench")
    agents = [create_agent(tenant=tenant, name=f"agent-{n}").pk for n in range(AGENTS)]
    now = timezone.now()
    for begin in range(0, count, AT_ONCE):
        _store([_row(n, count, tenant.pk, agents, now) for n in range(begin, min(count, begin + AT_ONCE))])
    return tenant


def _row(n: int, count: int, tenant_id: int, agents: list[int], now: Any) -> Any:
    from catalog.models import FailureMatch  # noqa: PLC0415

    mixed = n * 2_654_435_761 % 2**32
    # The square makes a few signatures common and most of them rare.
    kind = int((mixed / 2**32) ** 3 * SIGNATURES)
    code, category = CODES[kind % len(CODES)]
    at = now - timedelta(days=DAYS) * ((count - n) / count)
    worked = mixed % 3 == 0
    return FailureMatch(
        tenant_id=tenant_id, run_id=n, run_public_id=f"run_{n:032x}", agent_id=agents[mixed % AGENTS], seq=3, step_id="fetch", attempt=1,
        skill="http_call", skill_version=f"1.{mixed % VERSIONS}.0", code=code, category=category, message="it timed out",
        host=f"host-{kind % 50}.example", cause=f"cause {kind}", effect="read", phase="maybe_sent", cost_micro_usd=mixed % 900,
        signature=f"{kind:064x}", match_type="miss" if kind % 7 == 0 else "code", decision="retry" if mixed % 2 else "finish",
        mode="RETRY_WITH_JITTER" if mixed % 2 else "ABORT",
        recovery_attempted=bool(mixed % 2), recovery_succeeded=worked if mixed % 2 else None,
        resolved_at=at + timedelta(milliseconds=mixed % 60_000), created_at=at,
    )  # fmt: skip


def _store(rows: list[Any]) -> None:
    from catalog.models import FailureMatch  # noqa: PLC0415

    field = FailureMatch._meta.get_field("created_at")
    field.auto_now_add = False
    try:
        FailureMatch.objects.bulk_create(rows, batch_size=2_000)
    finally:
        field.auto_now_add = True


def measure(tenant: Any, days: int) -> dict[str, tuple[float, float]]:
    """Return how many milliseconds each question takes over so many days, the quickest of three, and how many of them this
    process was at work: on SQLite all of the work is its own, whatever else the machine does."""
    from django.utils import timezone  # noqa: PLC0415

    from catalog.analytics import numbers  # noqa: PLC0415
    from catalog.groups import reading as groups  # noqa: PLC0415

    now = timezone.now()
    wanted = numbers.Failures(tenant, now - timedelta(days=days), now)
    top = groups.list_groups(wanted, limit=50, now=now)["data"][0]["signature"]
    return {
        "analytics": _milliseconds(lambda: numbers.analytics(wanted)),
        "groups": _milliseconds(lambda: groups.list_groups(wanted, limit=50, now=now)),
        "one group": _milliseconds(lambda: groups.one_group(wanted, top, now=now)),
    }


def _milliseconds(ask: Callable[[], Any]) -> tuple[float, float]:
    taken = []
    for _ in range(3):
        began, worked = time.perf_counter(), time.process_time()
        ask()
        taken.append(((time.perf_counter() - began) * 1_000, (time.process_time() - worked) * 1_000))
    return min(taken)


def main(count: int) -> None:
    from django.conf import settings  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from bench.installation import own_database  # noqa: PLC0415

    settings.VAR_DIR.mkdir(exist_ok=True)
    with own_database():
        began = time.perf_counter()
        tenant = seed(count)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        sys.stdout.write(f"{connection.vendor}, {count:,} failures, stored in {time.perf_counter() - began:.0f} s\n")
        for days in (1, 7, DAYS):
            taken = measure(tenant, days)
            told = (f"{name} {ms:,.0f} ms ({cpu:,.0f} at work)" for name, (ms, cpu) in taken.items())
            sys.stdout.write(f"{days:>3} days  {'  '.join(told)}\n")


if __name__ == "__main__":
    os.environ.update(ENVIRONMENT, DJANGO_SETTINGS_MODULE="bench.settings")
    django.setup()
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
