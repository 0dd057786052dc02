"""What the page of workers and the queue shows, from rows and numbers. Pure; the template only lays it out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from runs.console.operation.queue_numbers import Outgoing, Standing
from skills.wording import UNKNOWN, Look, awaited, duration

Json = dict[str, Any]

LATE_MS = 120_000
"""The clock's jobs are looked at every half minute, and may have to wait for a place."""
LONG_QUEUE_MS = OVERDUE_MS = 300_000
_FINE, _NEVER = Look("✓", "no failure", "green"), Look("◷", "not yet", "grey")
_FAILED, _LATE = Look("✕", "failed", "amber"), Look("◷", "late", "amber")
_PERIODS = {"H": timedelta(hours=1), "D": timedelta(days=1), "W": timedelta(weeks=1), "BW": timedelta(weeks=2)}
_EVERY = {
    "O": "once",
    "H": "hour",
    "D": "day",
    "W": "week",
    "BW": "two weeks",
    "M": "month",
    "BM": "two months",
    "Q": "quarter",
    "Y": "year",
}


def at(instant: datetime | None) -> str:
    """Return an instant as tables show it."""
    return UNKNOWN if instant is None else f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def at_ms(milliseconds: int) -> str:
    return at(datetime.fromtimestamp(milliseconds / 1_000, UTC))


def since(instant: datetime | None, now: datetime) -> str:
    """Return how long ago something was."""
    return UNKNOWN if instant is None else duration(max(0, round((now - instant).total_seconds() * 1_000)))


# Workers


def worker_line(row: Any, now_ms: int, lease_ms: int, held: int) -> Json:
    """Return a session as a line of the table; `held` are the runs of it that the person may know of."""
    left = row.lease_until_ms - now_ms
    return {
        "number": row.pk,
        "host": row.host,
        "pid": row.pid,
        "begun": at_ms(row.started_at_ms),
        "heard": at_ms(row.lease_until_ms - lease_ms),
        "held": held,
        "lease": f"{duration(left)} left" if left > 0 else f"over for {duration(-left)}",
        "is_over": left <= 0,
    }


# The queue


def queue_line(tenant: Any, standing: Standing, now: datetime, runs: str) -> Json:
    """Return how a tenant's queue stands, each number with a link to the list behind it."""
    return {
        "tenant": tenant,
        "queued": standing.queued,
        "queued_link": _list(runs, tenant, status__exact="queued"),
        "oldest": since(standing.oldest, now),
        "running": standing.running,
        "running_link": _list(runs, tenant, status__exact="running"),
        "waiting": [
            {"reason": awaited(reason) or "nobody knows what", "number": number, "link": _waiting(runs, tenant, reason)}
            for reason, number in sorted(standing.waiting.items(), key=lambda item: (-item[1], item[0]))
        ],
        "is_idle": not (standing.queued or standing.running or standing.waiting),
    }


def _list(runs: str, tenant: Any, **only: str) -> str:
    return f"{runs}?{urlencode({**only, 'tenant__exact': tenant.pk})}"


def _waiting(runs: str, tenant: Any, reason: str) -> str:
    return _list(runs, tenant, status__exact="waiting", waiting_for__exact=reason)


def sentence(alive: int, whole: Standing, now: datetime) -> str:
    """Say in words how all stands."""
    workers = "No worker is alive" if not alive else "1 worker is alive" if alive == 1 else f"{alive} workers are alive"
    queued = f"{whole.queued:,} queued" + (f", the oldest for {since(whole.oldest, now)}" if whole.queued else "")
    return f"{workers}; {queued}; {whole.running:,} running; {whole.waiting.total():,} waiting for something."


# What the clock does


class Schedule(NamedTuple):
    """A job of the clock as django-q2 keeps it, and when it failed last, as far as that is kept."""

    name: str
    kind: str
    minutes: int | None
    next_run: datetime | None
    was_made: bool
    failed_at: datetime | None
    failures: int


def schedule_line(schedule: Schedule, now: datetime) -> Json:
    """Return a job as a line of the table. Only failures are kept of what jobs did, so no failure is all one can say of the last time."""
    last = _last_run(schedule)
    late_ms = 0 if schedule.next_run is None else round((now - schedule.next_run).total_seconds() * 1_000)
    return {
        "name": schedule.name,
        "every": _every(schedule),
        "last": at(last) if schedule.was_made else UNKNOWN,
        "next": at(schedule.next_run),
        "look": _look(schedule, last, late_ms),
        "late": duration(late_ms) if late_ms > LATE_MS else "",
        "failures": schedule.failures,
        "failed_at": at(schedule.failed_at) if schedule.failed_at else "",
    }


def _look(schedule: Schedule, last: datetime | None, late_ms: int) -> Look:
    if schedule.failed_at is not None and (last is None or schedule.failed_at >= last):
        return _FAILED
    if late_ms > LATE_MS:
        return _LATE
    return _FINE if schedule.was_made else _NEVER


def _last_run(schedule: Schedule) -> datetime | None:
    """Return when the job was handed to a worker last: a period before it is next, None where that is not so simple."""
    period = timedelta(minutes=schedule.minutes or 1) if schedule.kind == "I" else _PERIODS.get(schedule.kind)
    return None if period is None or schedule.next_run is None or not schedule.was_made else schedule.next_run - period


def _every(schedule: Schedule) -> str:
    if schedule.kind == "I":
        return "minute" if (schedule.minutes or 1) == 1 else f"{schedule.minutes} minutes"
    return _EVERY.get(schedule.kind, "other")


# What is wrong


_LIMITS = "all places may be taken, or its limit, or its agent's, of runs at the same time is reached"


def warnings(*, alive: int, died: int, stuck: Iterable[str], outgoing: Outgoing, now: datetime) -> list[str]:
    """Say what somebody should look at, although nothing is broken yet."""
    told = []
    if died:
        workers = "1 worker" if died == 1 else f"{died} workers"
        told.append(f"{workers} died in the last 24 hours. What was held was put back; the worker's log, or the system's, says why.")
    if alive:
        told += [f"The oldest queued run of {name} waits for more than 5 minutes although a worker is alive: {_LIMITS}." for name in stuck]
    overdue_ms = 0 if outgoing.soonest_due is None else round((now - outgoing.soonest_due).total_seconds() * 1_000)
    if overdue_ms > OVERDUE_MS:
        told.append(f"A delivery has been due for {duration(overdue_ms)}: no worker sends webhooks, or more is due than can be sent.")
    return told


def stuck(standings: Mapping[Any, Standing], now: datetime) -> list[str]:
    """Return the names of tenants with a run that has been queued for long."""
    long = timedelta(milliseconds=LONG_QUEUE_MS)
    return [tenant.name for tenant, standing in standings.items() if standing.oldest is not None and now - standing.oldest > long]


def schedule_warnings(lines: Sequence[Json], missing: Sequence[str]) -> list[str]:
    """Say which jobs of the clock did not go as they should."""
    told = [f"{line['name']} failed at {line['failed_at']} UTC; the worker's log says why." for line in lines if line["look"] is _FAILED]
    late = [line for line in lines if line["late"]]
    told += [f"{line['name']} should have begun {line['late']} ago." for line in late[:3]]
    if len(late) > 3:
        told.append(f"{len(late) - 3} more jobs of the clock are late.")
    if missing:
        told.append(f"Not scheduled: {', '.join(missing)}. Starting a worker schedules them.")
    return told
