"""Takes events out of the outbox and makes a delivery of each for every endpoint that wants it. Any number may do so at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from agents.locking import skipping_locked
from runs.events.feed import data_of
from runs.models import Outbox, WebhookDelivery, WebhookEndpoint
from runs.webhooks.messages import body_of
from skills.instants import instant

EVENTS_AT_ONCE = 500
# A run's row is wide, and all that is told of it is its name.
_TOLD = ("tenant_id", "run_id", "topic", "data", "created_at", "run__public_id")


def pending() -> QuerySet[Outbox]:
    """Return the events nobody has looked at yet, in the order they were written."""
    return Outbox.objects.filter(delivered_at=None).order_by("id")


def dispatch() -> int:
    """Make deliveries of the next events; return how many events there were."""
    with transaction.atomic():
        events = list(skipping_locked(pending()).select_related("run").only(*_TOLD)[:EVENTS_AT_ONCE])
        if events:
            WebhookDelivery.objects.bulk_create(_deliveries(events))
            Outbox.objects.filter(pk__in=[event.pk for event in events]).update(delivered_at=timezone.now())
    return len(events)


def _deliveries(events: Sequence[Outbox]) -> list[WebhookDelivery]:
    endpoints = _endpoints_for(events)
    now = timezone.now()
    return [delivery_of(endpoint, event, now) for event in events for endpoint in endpoints[event.tenant_id] if _wants(endpoint, event)]


def _endpoints_for(events: Iterable[Outbox]) -> dict[int, list[WebhookEndpoint]]:
    """Return the endpoints of these tenants, and the callbacks of these runs, by tenant."""
    tenants, runs = {event.tenant_id for event in events}, {event.run_id for event in events}
    asked = WebhookEndpoint.objects.filter(Q(run=None) | Q(run__in=runs), tenant__in=tenants, is_enabled=True).order_by("id")
    found: dict[int, list[WebhookEndpoint]] = defaultdict(list)
    for endpoint in asked:
        found[endpoint.tenant_id].append(endpoint)
    return found


def _wants(endpoint: WebhookEndpoint, event: Outbox) -> bool:
    if endpoint.run_id is not None and endpoint.run_id != event.run_id:
        return False
    return event.topic in endpoint.event_types or not endpoint.event_types


def delivery_of(endpoint: WebhookEndpoint, event: Outbox, now: datetime) -> WebhookDelivery:
    """Return an event on its way to an endpoint, not yet stored."""
    data = data_of(event)
    if endpoint.may_answer and event.topic == "run.waiting":
        data = data | {"answer_to": f"/api/v1/webhooks/{endpoint.public_id}/answers"}
    return WebhookDelivery(
        tenant_id=event.tenant_id,
        endpoint=endpoint,
        event_type=event.topic,
        body=body_of(event.topic, instant(event.created_at), data),
        due_at=now,
    )


def news_of_disabled(endpoint: WebhookEndpoint, why: str) -> Outbox:
    """Return the event that an endpoint was switched off, not yet stored."""
    said = {"webhook_id": endpoint.public_id, "url": endpoint.url, "why": why}
    return Outbox(tenant_id=endpoint.tenant_id, topic="webhook.disabled", data=msgspec.json.encode(said).decode())
