"""System checks: settings under which AOS would lose work or leak it refuse to start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.urls import URLPattern, URLResolver, get_resolver

if TYPE_CHECKING:
    from rest_framework.views import APIView

HTTP_METHODS = ("get", "post", "put", "patch", "delete")


@register("queue")
def check_queue(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    return list(queue_faults(settings.Q_CLUSTER))


def queue_faults(queue: Mapping[str, Any]) -> Iterator[CheckMessage]:
    """Yield what makes a django-q2 configuration unsafe."""
    if queue["retry"] <= queue["timeout"]:
        yield Error("Q_CLUSTER retry must be longer than timeout, or a task that still runs is started again.", id="aos.E001")
    if queue["workers"] < 2:
        yield Error("AOS_WORKERS (--processes) must be 2 or more: drains take all but one, which is kept for schedules.", id="aos.E002")
    if queue["max_attempts"] != 1:
        yield Error("Q_CLUSTER max_attempts must be 1: AOS retries by its own rules, the queue is only a bell.", id="aos.E003")
    if not queue["ack_failures"]:
        yield Error("Q_CLUSTER ack_failures must be on, or a failing task is delivered for ever.", id="aos.E004")


@register(Tags.database)
def check_database(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    return list(database_faults(settings.DATABASES["default"]))


def database_faults(database: Mapping[str, Any]) -> Iterator[CheckMessage]:
    if not database["ENGINE"].endswith("sqlite3"):
        return
    options = database.get("OPTIONS", {})
    if options.get("transaction_mode") != "IMMEDIATE":
        yield Error("SQLite needs transaction_mode IMMEDIATE, or a read that becomes a write fails under load.", id="aos.E005")
    if "journal_mode=wal" not in options.get("init_command", "").lower().replace(" ", ""):
        yield Error("SQLite needs PRAGMA journal_mode=WAL in its init_command, or readers and writers wait for each other.", id="aos.E007")


class Least(NamedTuple):
    """The smallest value a setting may have, what people know it by, and why."""

    value: int
    known_as: str
    why: str


LEAST = {
    "WORK_CAPACITY": Least(1, "AOS_WORK_CAPACITY (--capacity)", "a worker that may drive no run executes none"),
    "WORK_MEMORY_MB": Least(192, "AOS_WORK_MEMORY_MB", "a worker needs more than half of that before it drives a run"),
    "WORK_GRACE_SECONDS": Least(0, "AOS_WORK_GRACE_SECONDS", "it is the time between SIGTERM and handing back"),
    "LEASE_MS": Least(1_000, "AOS_LEASE_MS", "the heartbeat comes every quarter of it, and a pause of the machine must not cost the lease"),
    "DRAIN_SECONDS": Least(1, "AOS_DRAIN_SECONDS", "a drain would leave before it claims"),
    "MAX_CRASHES": Least(0, "AOS_MAX_CRASHES", "it counts the crashes a run may have"),
    "MAX_QUEUED_RUNS": Least(1, "AOS_MAX_QUEUED_RUNS", "no run would be accepted"),
    "CIRCUIT_FAILURES": Least(1, "AOS_CIRCUIT_FAILURES", "a circuit opens after failures, not before"),
    "CIRCUIT_SECONDS": Least(1, "AOS_CIRCUIT_SECONDS", "workers hear of an open circuit within about a second"),
}


@register("worker", deploy=True)
def check_worker(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Judge what only processes that execute runs depend on. `manage.py work` asks, and `check --deploy`."""
    return [
        *number_faults({name: getattr(settings, name) for name in LEAST}),
        *drain_faults(settings.Q_CLUSTER, settings.DRAIN_SECONDS, settings.WORK_GRACE_SECONDS),
        *sharing_faults(settings.DATABASES["default"]),
        *host_faults(settings.HOST_NAME),
        *broker_faults(settings.Q_CLUSTER),
    ]


def number_faults(numbers: Mapping[str, int]) -> Iterator[CheckMessage]:
    for name, least in LEAST.items():
        if numbers[name] < least.value:
            yield Error(f"{least.known_as} must be {least.value} or more, not {numbers[name]}: {least.why}.", id="aos.E008")


def drain_faults(queue: Mapping[str, Any], drain_seconds: int, grace_seconds: int) -> Iterator[CheckMessage]:
    """Yield where the queue would break off a drain that only takes its turn."""
    if queue["timeout"] <= drain_seconds + grace_seconds:
        turn = "AOS_DRAIN_SECONDS and AOS_WORK_GRACE_SECONDS together"
        yield Error(f"Q_CLUSTER timeout must be longer than {turn}, or the queue kills drains that only take their turn.", id="aos.E009")


def sharing_faults(database: Mapping[str, Any]) -> Iterator[CheckMessage]:
    """Yield what processes that are forked cannot share."""
    if database.get("OPTIONS", {}).get("pool"):
        yield Error("The database has a connection pool (OPTIONS pool): workers are forked, and would share its sockets.", id="aos.E010")
    name = str(database["NAME"])
    if database["ENGINE"].endswith("sqlite3") and (name in ("", ":memory:") or "mode=memory" in name):
        yield Error("SQLite in memory is seen by one process only: name a file in DATABASE_URL.", id="aos.E011")


def host_faults(name: str) -> Iterator[CheckMessage]:
    if not name or len(name) > 255:
        yield Error("AOS_HOST_NAME must have 1 to 255 characters: sessions are found by it when a process here dies.", id="aos.E012")


def broker_faults(queue: Mapping[str, Any]) -> Iterator[CheckMessage]:
    if queue.get("redis") and find_spec("redis") is None:
        yield Error("AOS_BROKER_URL needs a package more: pip install -r requirements/redis.txt", id="aos.E013")


@register(Tags.urls)
def check_scopes(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    return [fault for view in api_views(get_resolver()) for fault in scope_faults(view)]


def api_views(resolver: Any) -> Iterator[type[APIView]]:
    """Yield the class of every REST view the site serves."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from api_views(entry)
        elif isinstance(entry, URLPattern):
            view: type[APIView] | None = getattr(entry.callback, "cls", None)
            if view is not None:
                yield view


def scope_faults(view: type[APIView]) -> Iterator[CheckMessage]:
    """Yield the methods a view of ours answers without saying which scope they need."""
    if view.__module__.startswith("drf_spectacular"):
        return
    declared = getattr(view, "required_scopes", {})
    for method in HTTP_METHODS:
        if hasattr(view, method) and method.upper() not in declared:
            yield Error(f"{view.__module__}.{view.__name__} answers {method.upper()} but declares no scope for it.", id="aos.E006")
