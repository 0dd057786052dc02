"""Endpoints that are told what happens, and what was delivered to them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from aos_sdk import webhooks as standard_webhooks
from aos_sdk._operation import Group, M, operation, paged
from aos_sdk._pages import Page, paging
from aos_sdk._record import Record
from aos_sdk._request import Request, change, content_bytes, create, get, post, remove
from aos_sdk.types import Decided, DeliveryView, WebhookView, WebhookWithSecret, WholeDelivery


class Deliveries(Group[M]):
    """What was delivered to an endpoint, and how it answered."""

    @paged("webhook_deliveries_list")
    def list(
        self, webhook_id: str, *, state: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> Request[Page[DeliveryView]]:
        """Return deliveries, newest first."""
        query = {"state": state, "limit": limit, "cursor": cursor}
        return paging(DeliveryView, "webhooks", webhook_id, "deliveries", query=query)

    @operation("webhook_deliveries_get")
    def get(self, webhook_id: str, delivery_id: str) -> Request[WholeDelivery]:
        """Return one delivery with its attempts."""
        return get(WholeDelivery, "webhooks", webhook_id, "deliveries", delivery_id)

    @operation("webhook_deliveries_redeliver")
    def redeliver(self, webhook_id: str, delivery_id: str, *, idempotency_key: str | None = None) -> Request[DeliveryView]:
        """Deliver once more."""
        return create(DeliveryView, "webhooks", webhook_id, "deliveries", delivery_id, "redeliver", key=idempotency_key)


class Webhooks(Group[M]):
    """Endpoints that are told what happens."""

    @cached_property
    def deliveries(self) -> Deliveries[M]:
        """What was delivered."""
        return Deliveries(self._client)

    @paged("webhooks_list")
    def list(self, *, limit: int | None = None, cursor: str | None = None) -> Request[Page[WebhookView]]:
        """Return the tenant's endpoints."""
        return paging(WebhookView, "webhooks", query={"limit": limit, "cursor": cursor})

    @operation("webhooks_create")
    def create(
        self,
        url: str,
        event_types: Sequence[str] | None = None,
        *,
        description: str | None = None,
        may_answer: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Request[WebhookWithSecret]:
        """Make an endpoint, for every type of event unless some are named. Its `secret` is told this once."""
        types = None if event_types is None else [*event_types]
        body = {"url": url, "event_types": types, "description": description, "may_answer": may_answer}
        return create(WebhookWithSecret, "webhooks", body=body, key=idempotency_key)

    @operation("webhooks_get")
    def get(self, webhook_id: str) -> Request[WebhookView]:
        """Return an endpoint."""
        return get(WebhookView, "webhooks", webhook_id)

    @operation("webhooks_update")
    def update(
        self,
        webhook_id: str,
        *,
        url: str | None = None,
        event_types: Sequence[str] | None = None,
        description: str | None = None,
        may_answer: bool | None = None,
        is_enabled: bool | None = None,
    ) -> Request[WebhookView]:
        """Change what is given."""
        types = None if event_types is None else [*event_types]
        body = {"url": url, "event_types": types, "description": description, "may_answer": may_answer, "is_enabled": is_enabled}
        return change("PATCH", WebhookView, "webhooks", webhook_id, body=body)

    @operation("webhooks_delete")
    def delete(self, webhook_id: str) -> Request[None]:
        """Delete an endpoint."""
        return remove("webhooks", webhook_id)

    @operation("webhooks_rotate_secret")
    def rotate_secret(self, webhook_id: str, *, idempotency_key: str | None = None) -> Request[WebhookWithSecret]:
        """Make a new secret, told this once; for a while deliveries are signed with both."""
        return create(WebhookWithSecret, "webhooks", webhook_id, "rotate-secret", key=idempotency_key)

    @operation("webhooks_test")
    def test(self, webhook_id: str, *, idempotency_key: str | None = None) -> Request[DeliveryView]:
        """Send a delivery that says nothing but that it arrives."""
        return create(DeliveryView, "webhooks", webhook_id, "test", key=idempotency_key)

    @operation("webhooks_answer")
    def answer(
        self,
        webhook_id: str,
        secret: str,
        run_id: str,
        step_id: str,
        verdict: str,
        *,
        action_hash: str | None = None,
        value: Any = None,
        reason: str | None = None,
        message_id: str | None = None,
    ) -> Request[Decided]:
        """Answer what a delivery asked, signed with the endpoint's secret, where the endpoint may answer. It needs no key."""
        body = {"run_id": run_id, "step_id": step_id, "verdict": verdict, "action_hash": action_hash, "value": value, "reason": reason}
        request = post(Decided, "webhooks", webhook_id, "answers", body=body)
        message, now = message_id or f"msg_{uuid.uuid4().hex}", str(int(time.time()))
        signature = standard_webhooks.sign(content_bytes(request.body), message, now, secret)
        return replace(request, headers={"webhook-id": message, "webhook-timestamp": now, "webhook-signature": signature})

    @staticmethod
    def verify(
        raw_body: bytes | str, headers: Mapping[str, str], secret: str, *, tolerance_seconds: float = standard_webhooks.TOLERANCE_SECONDS
    ) -> Record:
        """Return what a delivery says, once it is proved. Raises WebhookVerificationError."""
        return standard_webhooks.verify(raw_body, headers, secret, tolerance_seconds=tolerance_seconds)
