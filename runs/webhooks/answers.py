"""Hears signed messages that answer an approval or a question: the secret of the endpoint says who speaks, and only once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from agents import audit
from agents.second_wall import walls
from agents.tenancy import Principal, not_found
from runs import selectors
from runs.models import HeardAnswer, WebhookEndpoint
from runs.people.deciding import decide_step
from runs.webhooks.endpoints import knows_secret, secrets_of
from runs.webhooks.messages import NotSigned, check, new_secret
from skills.refusal import Refusal


def authenticated(webhook_id: str, headers: Mapping[str, str], body: bytes) -> tuple[WebhookEndpoint, str]:
    """Return the endpoint a message is from, and the message's id. Raises Refusal, the same one whatever is wrong.

    An endpoint that is not there is checked against a secret made up on the spot: time tells nothing either.
    """
    known = WebhookEndpoint.objects.select_related("tenant", "run").filter(
        public_id=webhook_id, may_answer=True, is_enabled=True, tenant__is_active=True
    )
    with walls.opened_to(walls.EVERYTHING):
        endpoint = known.first() if webhook_id.isascii() and "\x00" not in webhook_id else None
    secrets = [new_secret()] if endpoint is None else secrets_of(endpoint)
    try:
        message_id = check(headers, body, secrets, time.time())
    except NotSigned:
        raise _unsigned() from None
    if endpoint is None:
        raise _unsigned()
    walls.open_to([endpoint.tenant_id])
    return endpoint, message_id


def _unsigned() -> Refusal:
    hint = "Sign with the endpoint's secret as Standard Webhooks do, not more than five minutes ago."
    return Refusal("PERMISSION_DENIED", "the message is not signed by an endpoint that may answer", status=401, suggestions=[hint])


def answer(
    endpoint: WebhookEndpoint, message_id: str, *, run_id: str, step_id: str, verdict: str, action_hash: str | None, value: Any, reason: str
) -> dict[str, Any]:
    """Decide what a step waits for in the name of the endpoint. A message that was heard before is refused (409)."""
    name = f"webhook:{endpoint.public_id}"
    audit.act_as(name, via="webhook")
    principal = Principal(tenant=endpoint.tenant, name=name, scopes=frozenset({"runs:write", "approvals:write"}))
    run = selectors.get_run(tenant=endpoint.tenant, run_id=run_id)
    if endpoint.run_id is not None and endpoint.run_id != run.pk:
        raise not_found("run")
    if verdict in ("approve", "reject") and knows_secret(endpoint, run.created_by):
        raise Refusal(
            "PERMISSION_DENIED", "who asked for the run also has this endpoint's secret, and may not approve its steps", run_id=run_id
        )
    with transaction.atomic():
        _hear(endpoint, message_id, run_id)
        return decide_step(
            principal=principal, run_id=run_id, step_id=step_id, verdict=verdict, action_hash=action_hash, value=value, reason=reason
        )


def _hear(endpoint: WebhookEndpoint, message_id: str, run_id: str) -> None:
    try:
        with transaction.atomic():
            HeardAnswer.objects.create(endpoint=endpoint, message_id=message_id)
    except IntegrityError:
        raise Refusal("INVALID_INPUT", "this message was heard before", status=409, run_id=run_id) from None
