"""What tenant admins do to webhooks on the console, by the services of the API: each takes a form, answers with a page, or refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse

from agents.console.forms import claim, shown_once, typed
from agents.tenancy import Principal, one_scoped
from runs.console.webhooks.webhooks_view import time_of
from runs.models import WebhookDelivery, WebhookEndpoint
from runs.webhooks import deliveries, endpoints
from runs.webhooks.contracts import WebhookBody
from runs.webhooks.endpoints import Wanted, endpoint_json
from skills.instants import instant_or_none
from skills.refusal import Refusal
from skills.requests import parse_body

Json = dict[str, Any]
Change = Callable[[HttpRequest, Principal, WebhookEndpoint], HttpResponse]


def draft_in(request: HttpRequest) -> Json:
    """Return what was typed about an endpoint."""
    chosen = {"event_types": request.POST.getlist("event_types"), "may_answer": bool(request.POST.get("may_answer"))}
    return {"url": typed(request.POST, "url"), "description": typed(request.POST, "description"), **chosen}


def make(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Make an endpoint and show its secret, this once."""
    wanted = Wanted(**parse_body(WebhookBody, draft_in(request)).model_dump())
    with transaction.atomic():
        claim(principal.tenant, typed(request.POST, "once"))
        row, secret = endpoints.create_endpoint(principal=principal, wanted=wanted)
    return _secret_shown(request, row, secret, "made", f"{row.url} is told of what happens from now on.")


def _secret_shown(request: HttpRequest, row: WebhookEndpoint, secret: str, done: str, sentence: str) -> HttpResponse:
    facts = [
        ("It signs", "every message, in the header webhook-signature: HMAC-SHA-256 over webhook-id.webhook-timestamp.body"),
        ("Receivers", "check that signature before they believe a message; webhooks.verify of both SDKs does it"),
        (
            "The old secret",
            f"signs beside it until {time_of(instant_or_none(row.rotated_until))} UTC" if row.rotated_until else "there was none",
        ),
        ("Kept", "encrypted; no page and no answer shows it again"),
    ]
    context = {
        "title": "The secret of a webhook",
        "aos_done": done,
        "aos_sentence": sentence,
        "aos_what": "The secret",
        "aos_secret": secret,
    }
    return shown_once(request, {**context, "aos_facts": facts, "aos_back": reverse("console-webhook", args=[row.public_id])})


def _rotate(request: HttpRequest, principal: Principal, row: WebhookEndpoint) -> HttpResponse:
    """Replace the secret the form was made for: a second time at once, and what receivers know would sign no more."""
    with transaction.atomic():
        rows = endpoints.list_endpoints(tenant=principal.tenant).select_for_update(of=("self",))
        now = one_scoped(rows, principal.tenant, "webhook", public_id=row.public_id)
        if (instant_or_none(now.rotated_until) or "") != request.POST.get("seen", ""):
            hint = "Whoever has the new one goes on with it; to replace that too, ask again from here."
            raise Refusal("INVALID_INPUT", "it got a new secret since this page was loaded", status=409, suggestions=[hint])
        row, secret = endpoints.rotate_secret(principal=principal, webhook_id=row.public_id)
    return _secret_shown(request, row, secret, "new secret", f"Messages to {row.url} are signed with it from now on.")


def _change(request: HttpRequest, principal: Principal, row: WebhookEndpoint) -> HttpResponse:
    wanted = Wanted(**parse_body(WebhookBody, draft_in(request)).model_dump())
    was = endpoint_json(row)
    if all(was[name] == value for name, value in wanted.fields().items()):
        return _done(request, row, "It is like that already; nothing was changed.")
    endpoints.update_endpoint(principal=principal, webhook_id=row.public_id, wanted=wanted)
    return _done(request, row, "Changed; what happens from now on goes by it.")


def _switch_off(request: HttpRequest, principal: Principal, row: WebhookEndpoint) -> HttpResponse:
    _switch(principal, row, is_on=False)
    return _done(request, row, "It is off: nothing is sent there, and what was on its way is given up.")


def _switch_on(request: HttpRequest, principal: Principal, row: WebhookEndpoint) -> HttpResponse:
    _switch(principal, row, is_on=True)
    return _done(request, row, "It is on: what happens from now on is told there. What was given up meanwhile is sent again by hand.")


def _switch(principal: Principal, row: WebhookEndpoint, *, is_on: bool) -> None:
    if row.is_enabled == is_on:
        raise Refusal("INVALID_INPUT", f"it is {'on' if is_on else 'off'} already; nothing was changed", status=409)
    endpoints.update_endpoint(principal=principal, webhook_id=row.public_id, wanted=Wanted(is_enabled=is_on))


def _test(request: HttpRequest, principal: Principal, row: WebhookEndpoint) -> HttpResponse:
    sent = deliveries.send_test(principal=principal, webhook_id=row.public_id)
    messages.success(request, "The test message is on its way; load this page again to see what was answered.")
    return redirect("console-delivery", row.public_id, sent.public_id)


def _remove(request: HttpRequest, principal: Principal, row: WebhookEndpoint) -> HttpResponse:
    endpoints.delete_endpoint(principal=principal, webhook_id=row.public_id)
    messages.success(request, f"{row.url} is removed, and with it what was delivered there.")
    return redirect("console-webhooks")


def _done(request: HttpRequest, row: WebhookEndpoint, told: str) -> HttpResponseRedirect:
    messages.success(request, told)
    return redirect("console-webhook", row.public_id)


def redeliver(request: HttpRequest, principal: Principal, row: WebhookDelivery) -> HttpResponse:
    """Have a delivery sent again. Raises Refusal (409) where it went out again since the page was loaded."""
    if request.POST.get("seen") != f"{row.state}:{row.attempts_total}":
        raise Refusal("INVALID_INPUT", "it went on since this page was loaded; look at what became of it first", status=409)
    deliveries.redeliver(principal=principal, webhook_id=row.endpoint.public_id, delivery_id=row.public_id)
    messages.success(request, "It is sent again, under its old id and with a new round of tries.")
    return redirect("console-delivery", row.endpoint.public_id, row.public_id)


CHANGES: dict[str, Change] = {
    "change": _change,
    "rotate": _rotate,
    "off": _switch_off,
    "on": _switch_on,
    "test": _test,
    "remove": _remove,
}
