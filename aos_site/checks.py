"""System checks: settings under which AOS would lose work or leak it refuse to start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.urls import URLPattern, URLResolver, get_resolver
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
        yield Error("Q_CLUSTER needs 2 workers or more: drains may take all but one.", id="aos.E002")
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
    if database.get("OPTIONS", {}).get("transaction_mode") != "IMMEDIATE":
        yield Error("SQLite needs transaction_mode IMMEDIATE, or a read that becomes a write fails under load.", id="aos.E005")


@register(Tags.urls)
def check_scopes(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    return [fault for view in api_views(get_resolver()) for fault in scope_faults(view)]


def api_views(resolver: Any) -> Iterator[type[APIView]]:
    """Yield the class of every REST view the site serves."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from api_views(entry)
        elif isinstance(entry, URLPattern):
            view: Any = getattr(entry.callback, "cls", object)
            if issubclass(view, APIView):
                yield view


def scope_faults(view: type[APIView]) -> Iterator[CheckMessage]:
    """Yield the methods a view of ours answers without saying which scope they need."""
    if view.__module__.startswith("drf_spectacular"):
        return
    declared = getattr(view, "required_scopes", {})
    for method in HTTP_METHODS:
        if hasattr(view, method) and method.upper() not in declared:
            yield Error(f"{view.__module__}.{view.__name__} answers {method.upper()} but declares no scope for it.", id="aos.E006")
