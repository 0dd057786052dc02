"""Numbers for Prometheus: the process's own, and the queue's, read from the database when somebody asks."""

from __future__ import annotations

import hmac
import ipaddress
import time
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from runs.gauges import FailureReader, FailuresEver, Money, MoneyReader, read_deliveries, read_gauges
from runs.housekeeping.stored import database_bytes, read_stored
from skills.refusal import Refusal


class QueueCollector(Collector):
    """Reads the queue's gauges at each scrape; no process has to keep count for the others."""

    def __init__(self) -> None:
        self._money = MoneyReader()
        self._failures = FailureReader()

    def describe(self) -> Iterable[Metric]:
        # Asked when registered, before there may be a database.
        return []

    def collect(self) -> Iterable[Metric]:
        now = read_gauges(now_ms=time.time_ns() // 1_000_000)
        yield GaugeMetricFamily("nova_runs_queued", "Runs that wait for a worker.", value=now.runs_queued)
        yield GaugeMetricFamily("nova_runs_running", "Runs a worker holds.", value=now.runs_running)
        yield GaugeMetricFamily("nova_approvals_pending", "Runs that wait for an approval.", value=now.approvals_pending)
        yield GaugeMetricFamily("nova_in_doubt", "Runs that wait for somebody to say whether an effect happened.", value=now.in_doubt)
        yield GaugeMetricFamily("nova_worker_pool_size", "Worker sessions whose lease runs.", value=now.workers)
        yield GaugeMetricFamily("nova_circuits_open", "Hosts skills do not call for now, by skill and tenant.", value=now.open_circuits)
        yield from _spent(self._money.read())
        yield from _failed(self._failures.read())
        yield _counter("nova_webhook_deliveries", "Attempts to deliver webhooks, by how they ended.", "result", read_deliveries())
        yield from _stored()
        build = GaugeMetricFamily("nova_build_info", "What runs here.", labels=["release", "django", "environment"])
        build.add_metric([settings.RELEASE, version("django"), settings.ENVIRONMENT], 1)
        yield build


def _spent(money: Money) -> Iterable[CounterMetricFamily]:
    cost = CounterMetricFamily("nova_cost_micro_usd", "What calls cost, in micro-USD.", labels=["skill", "model"])
    for labels, amount in money.cost_micro_usd.items():
        cost.add_metric(labels, amount)
    tokens = CounterMetricFamily("nova_llm_tokens", "Tokens of calls of language models.", labels=["model", "type"])
    for labels, count in money.tokens.items():
        if count:
            tokens.add_metric(labels, count)
    alerts = CounterMetricFamily("nova_budget_alerts", "Scopes that had spent most of their limit.", labels=["scope_kind"])
    for kind, count in money.alerts.items():
        alerts.add_metric([kind], count)
    yield from (cost, tokens, alerts)


def _failed(ever: FailuresEver) -> Iterable[CounterMetricFamily]:
    yield _counter("nova_failure_catalog_matches", "Failures, by whether the catalog knew them.", "result", ever.matches)
    yield _counter("nova_recovery_suggestions", "What was decided about suggested recoveries.", "decision", ever.decisions)
    yield _counter("nova_recovery_applied", "Recoveries that were tried, by how they ended.", "result", ever.recoveries)
    errors = CounterMetricFamily("nova_skill_errors", "Failures, by skill and code.", labels=["skill", "code", "category"])
    for labels, failures in ever.errors.items():
        errors.add_metric(labels, failures)
    yield errors


def _counter(name: str, says: str, label: str, counts: Mapping[str, int]) -> CounterMetricFamily:
    counter = CounterMetricFamily(name, says, labels=[label])
    for value, count in counts.items():
        counter.add_metric([value], count)
    return counter


def _stored() -> Iterable[GaugeMetricFamily]:
    rows = GaugeMetricFamily("nova_stored_rows", "Rows stored, by class of retention, as the database estimates them.", labels=["class"])
    sizes = GaugeMetricFamily("nova_stored_bytes", "Bytes stored with indexes, by class of retention.", labels=["class"])
    for stored in read_stored():
        if stored.rows is not None:
            rows.add_metric([stored.name], stored.rows)
        if stored.bytes is not None:
            sizes.add_metric([stored.name], stored.bytes)
    yield rows
    yield sizes
    yield GaugeMetricFamily("nova_database_bytes", "Bytes of the whole database.", value=database_bytes())


QUEUE = CollectorRegistry()
QUEUE.register(QueueCollector())


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if not may_read_metrics(request.META, settings.METRICS_TOKEN):
        raise Refusal("PERMISSION_DENIED", "metrics are for the bearer of AOS_METRICS_TOKEN, or without one for this machine")
    return HttpResponse(generate_latest(REGISTRY) + generate_latest(QUEUE), content_type=CONTENT_TYPE_LATEST)


def may_read_metrics(headers: dict[str, Any], token: str) -> bool:
    """Tell whether a request may read metrics: by the token where one is set, else only from this machine itself."""
    if token:
        return hmac.compare_digest(headers.get("HTTP_AUTHORIZATION", "").encode(), f"Bearer {token}".encode())
    # Behind a proxy on this machine every stranger comes from loopback.
    forwarded = any(name in headers for name in ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP"))
    return not forwarded and _is_loopback(headers.get("REMOTE_ADDR", ""))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
