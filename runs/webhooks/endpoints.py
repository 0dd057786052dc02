"""Keeps the addresses that hear of events: made, changed, given a new secret, switched off. A secret is shown once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from agents import audit
from agents.actors import is_same_actor
from agents.sealed import seal, unseal
from agents.tenancy import Principal, lock_tenant, one_scoped, scoped
from runs.events.types import EVENT_TYPES
from runs.models import DeliveryState, Run, WebhookEndpoint
from runs.webhooks.messages import new_secret
from skills.base import SkillFailure
from skills.instants import instant, instant_or_none
from skills.net.networks import verdict
from skills.net.targets import NEARBY, is_address, target_of
from skills.refusal import Refusal

if TYPE_CHECKING:
    from agents.models import Tenant

ROTATION = timedelta(hours=24)
"""How long a secret that was replaced still signs beside the new one."""
MOST_ENDPOINTS = 50
"""How many endpoints a tenant may have."""


@dataclass(frozen=True)
class Wanted:
    """What somebody wants an endpoint to be; None leaves it as it is."""

    url: str | None = None
    description: str | None = None
    event_types: Sequence[str] | None = None
    may_answer: bool | None = None
    is_enabled: bool | None = None

    def fields(self) -> dict[str, Any]:
        """Return what is to be set."""
        return {name: value for name, value in vars(self).items() if value is not None}


def list_endpoints(*, tenant: Tenant) -> QuerySet[WebhookEndpoint]:
    """Return a tenant's endpoints; callbacks of single runs are not among them."""
    return scoped(WebhookEndpoint.objects.filter(run=None), tenant)


def get_endpoint(*, tenant: Tenant, webhook_id: str) -> WebhookEndpoint:
    """Return one. Raises Refusal NOT_FOUND."""
    return one_scoped(list_endpoints(tenant=tenant), tenant, "webhook", public_id=webhook_id)


def create_endpoint(*, principal: Principal, wanted: Wanted) -> tuple[WebhookEndpoint, str]:
    """Make an endpoint; return it and, this once, its secret. Raises Refusal for an address that is never called, and for too many."""
    fields = _checked(wanted)
    _refuse_answering(principal, bool(wanted.may_answer))
    secret = new_secret()
    with transaction.atomic():
        lock_tenant(principal.tenant)
        if list_endpoints(tenant=principal.tenant).count() >= MOST_ENDPOINTS:
            raise Refusal("QUOTA_EXHAUSTED", f"a tenant has at most {MOST_ENDPOINTS} webhooks", status=409)
        row = WebhookEndpoint.objects.create(tenant=principal.tenant, secrets=[seal(secret)], created_by=principal.name, **fields)
        audit.record(principal.tenant, "webhook.create", row.public_id, by=principal.name, after=fields)
    return row, secret


def add_callback(run: Run, url: str, by: str) -> None:
    """Have a run's events told to an address, in the caller's transaction."""
    sealed = [seal(new_secret())]
    WebhookEndpoint.objects.create(tenant=run.tenant, run=run, url=url, secrets=sealed, may_answer=True, created_by=by)


def callback_json(run: Run) -> dict[str, str] | None:
    """Return where a run's end is told and with which secret; None where nobody asked for that."""
    row = WebhookEndpoint.objects.filter(run=run).first()
    return None if row is None else {"url": row.url, "webhook_id": row.public_id, "secret": secrets_of(row)[0]}


def update_endpoint(*, principal: Principal, webhook_id: str, wanted: Wanted) -> WebhookEndpoint:
    """Change what is given. Switching one on again forgets why it was off."""
    fields = _checked(wanted)
    if fields.get("is_enabled"):
        fields["disabled_because"] = ""
    _refuse_answering(principal, bool(wanted.may_answer))
    with transaction.atomic():
        row = _locked_endpoint(principal, webhook_id)
        was, now = audit.changed({name: getattr(row, name) for name in fields}, fields)
        for name, value in fields.items():
            setattr(row, name, value)
        row.save(update_fields=list(fields))
        if wanted.is_enabled is False:
            _drop_pending(row)
        audit.record(principal.tenant, "webhook.update", row.public_id, by=principal.name, before=was, after=now)
    return row


def rotate_secret(*, principal: Principal, webhook_id: str) -> tuple[WebhookEndpoint, str]:
    """Give an endpoint a new secret, which is returned this once; the old one signs beside it for a day."""
    secret = new_secret()
    with transaction.atomic():
        row = _locked_endpoint(principal, webhook_id)
        _refuse_answering(principal, row.may_answer)
        row.secrets = [seal(secret), row.secrets[0]]
        row.rotated_until = timezone.now() + ROTATION
        row.save(update_fields=["secrets", "rotated_until"])
        audit.record(principal.tenant, "webhook.rotate_secret", row.public_id, by=principal.name)
    return row, secret


def delete_endpoint(*, principal: Principal, webhook_id: str) -> None:
    """Remove an endpoint with its deliveries."""
    with transaction.atomic():
        row = get_endpoint(tenant=principal.tenant, webhook_id=webhook_id)
        audit.record(principal.tenant, "webhook.delete", row.public_id, by=principal.name, before={"url": row.url})
        row.delete()


def disable(row: WebhookEndpoint, why: str) -> None:
    """Switch an endpoint off that cannot be reached; nothing is sent there until somebody switches it on again."""
    changed = WebhookEndpoint.objects.filter(pk=row.pk, is_enabled=True).update(is_enabled=False, disabled_because=why[:300])
    if changed:
        _drop_pending(row)
        audit.record(row.tenant, "webhook.disable", row.public_id, by="webhooks", reason=why)


def _drop_pending(row: WebhookEndpoint) -> None:
    """Send nothing more of what was to be tried again; by hand it still can be."""
    row.deliveries.filter(state=DeliveryState.PENDING).update(state=DeliveryState.FAILED)


def _locked_endpoint(principal: Principal, webhook_id: str) -> WebhookEndpoint:
    """Return an endpoint nobody else changes meanwhile: of two new secrets at the same moment one would be lost."""
    rows = list_endpoints(tenant=principal.tenant).select_for_update(of=("self",))
    return one_scoped(rows, principal.tenant, "webhook", public_id=webhook_id)


def _refuse_answering(principal: Principal, may_answer: bool) -> None:
    """Raise Refusal where somebody would get by a secret what their key does not give: to decide for runs."""
    lacking = [scope for scope in ("runs:write", "approvals:write") if not principal.may(scope)]
    if may_answer and lacking:
        fault = {"pointer": "/may_answer", "code": "PERMISSION_DENIED", "detail": "whoever has its secret decides for runs"}
        raise Refusal("PERMISSION_DENIED", f"an endpoint that may answer takes the scope {lacking[0]}", errors=[fault])


def knows_secret(row: WebhookEndpoint, name: str) -> bool:
    """Tell whether somebody was shown a secret of an endpoint: by making it, or by having it changed. Of keys, who made them too."""
    changed = audit.entries_of(row.tenant, action="webhook.rotate_secret", target=row.public_id).order_by()
    shown = {row.created_by, *changed.values_list("actor", flat=True).distinct()}
    return any(is_same_actor(row.tenant_id, each, name) for each in shown)


def secrets_of(row: WebhookEndpoint, now: datetime | None = None) -> list[str]:
    """Return the secrets that sign now, the newest first."""
    rotated = row.rotated_until is not None and row.rotated_until > (now or timezone.now())
    return [unseal(sealed) for sealed in (row.secrets if rotated else row.secrets[:1])]


def endpoint_json(row: WebhookEndpoint) -> dict[str, Any]:
    """Return an endpoint as lists and pages show it."""
    return {
        "webhook_id": row.public_id,
        "url": row.url,
        "description": row.description,
        "event_types": row.event_types,
        "may_answer": row.may_answer,
        "is_enabled": row.is_enabled,
        "disabled_because": row.disabled_because,
        "rotated_until": instant_or_none(row.rotated_until),
        "created_by": row.created_by,
        "created_at": instant(row.created_at),
    }


def _checked(wanted: Wanted) -> dict[str, Any]:
    fields = wanted.fields()
    if "url" in fields:
        refuse_uncallable(fields["url"], at="/url")
    if "event_types" in fields:
        fields["event_types"] = list(dict.fromkeys(fields["event_types"]))
        unknown = [place for place, name in enumerate(fields["event_types"]) if name not in EVENT_TYPES]
        if unknown:
            faults = [{"pointer": f"/event_types/{place}", "code": "INVALID_INPUT", "detail": "no such event"} for place in unknown]
            known = f"Events are {', '.join(EVENT_TYPES)}; an empty list means all of them."
            raise Refusal("SCHEMA_VALIDATION_FAILED", "there is no such event", errors=faults, suggestions=[known])
    return fields


def refuse_uncallable(url: str, *, at: str) -> None:
    """Raise Refusal for what is no URL, or one the network guard would never let us call. A name is looked up when it is called."""
    try:
        target = target_of(url)
    except SkillFailure as failure:
        raise _uncallable(failure.code, failure.message, at) from None
    if f"{target.host}:{target.port}" in settings.ALLOW_LOCAL_TARGETS:
        return
    if is_address(target.host) and verdict(target.host) is not None:
        raise _uncallable("BLOCKED_TARGET", f"{target.host} is in a network that is never called", at)
    if settings.IS_PRODUCTION and target.scheme != "https":
        raise _uncallable("INVALID_INPUT", "in production webhooks go to https addresses only", at)


def _uncallable(code: str, why: str, at: str) -> Refusal:
    fault = {"pointer": at, "code": code, "detail": why}
    return Refusal(code, why, status=422, errors=[fault], suggestions=[NEARBY] if code == "BLOCKED_TARGET" else [])
