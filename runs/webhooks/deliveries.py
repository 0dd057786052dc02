"""Deliveries as people look at them: what went to an endpoint, how it went, once more by hand, and a message to try it with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from agents import audit
from agents.tenancy import Principal, one_scoped
from runs.models import DeliveryState, WebhookDelivery
from runs.webhooks.endpoints import get_endpoint
from runs.webhooks.messages import body_of
from skills.instants import instant, instant_or_none
from skills.refusal import Refusal

if TYPE_CHECKING:
    from agents.models import Tenant


def list_deliveries(*, tenant: Tenant, webhook_id: str, state: str | None = None) -> QuerySet[WebhookDelivery]:
    """Return what was or is to be delivered to an endpoint. Raises Refusal NOT_FOUND."""
    rows = WebhookDelivery.objects.filter(endpoint=get_endpoint(tenant=tenant, webhook_id=webhook_id)).select_related("endpoint")
    return rows if state is None else rows.filter(state=state)


def get_delivery(*, tenant: Tenant, webhook_id: str, delivery_id: str) -> WebhookDelivery:
    """Return one. Raises Refusal NOT_FOUND."""
    return one_scoped(list_deliveries(tenant=tenant, webhook_id=webhook_id), tenant, "delivery", public_id=delivery_id)


def send_test(*, principal: Principal, webhook_id: str) -> WebhookDelivery:
    """Send a message to try an endpoint with, whatever events it wants. Raises Refusal for one that is switched off."""
    endpoint = get_endpoint(tenant=principal.tenant, webhook_id=webhook_id)
    if not endpoint.is_enabled:
        raise _switched_off()
    now = timezone.now()
    body = body_of("webhook.test", instant(now), {"webhook_id": endpoint.public_id, "asked_by": principal.name})
    return WebhookDelivery.objects.create(tenant=principal.tenant, endpoint=endpoint, event_type="webhook.test", body=body, due_at=now)


def redeliver(*, principal: Principal, webhook_id: str, delivery_id: str) -> WebhookDelivery:
    """Have a delivery sent again now, under its old id and with a new round of tries."""
    with transaction.atomic():
        row = get_delivery(tenant=principal.tenant, webhook_id=webhook_id, delivery_id=delivery_id)
        if not row.endpoint.is_enabled:
            raise _switched_off()
        row.state, row.due_at, row.round_attempts, row.delivered_at = DeliveryState.PENDING, timezone.now(), 0, None
        row.save(update_fields=["state", "due_at", "round_attempts", "delivered_at"])
        audit.record(principal.tenant, "webhook.redeliver", row.public_id, by=principal.name, after={"webhook": row.endpoint.public_id})
    return row


def _switched_off() -> Refusal:
    hint = 'Switch it on first: PATCH {"is_enabled": true}.'
    return Refusal("INVALID_INPUT", "the endpoint is switched off", status=409, suggestions=[hint])


def delivery_json(row: WebhookDelivery, *, whole: bool = False) -> dict[str, Any]:
    """Return a delivery as lists show it; the `whole` one has its body and those of its attempts that are kept."""
    told = {
        "delivery_id": row.public_id,
        "webhook_id": row.endpoint.public_id,
        "event_type": row.event_type,
        "state": row.state,
        "attempts_total": row.attempts_total,
        "last_attempt": row.attempts[-1] if row.attempts else None,
        "next_attempt_at": instant(row.due_at) if row.state == DeliveryState.PENDING else None,
        "created_at": instant(row.created_at),
        "delivered_at": instant_or_none(row.delivered_at),
    }
    return told | {"body": row.body, "attempts": row.attempts} if whole else told
