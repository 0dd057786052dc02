"""Sends what is due: claims some deliveries, offers them to their endpoints at the same time, and writes down how each went.

At least once: a delivery whose sender dies is due again when its claim is over. The claim is a transaction of its own, so that no
row stays locked while somebody far away thinks about an answer.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache
from typing import NamedTuple

import httpx
from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from agents.locking import skipping_locked
from agents.sealed import Unreadable
from runs.models import DeliveryState, DeliverySum, WebhookDelivery, WebhookEndpoint
from runs.webhooks import timing
from runs.webhooks.dispatching import dispatch, news_of_disabled, pending
from runs.webhooks.endpoints import disable, secrets_of
from runs.webhooks.messages import headers_for
from skills.base import SkillFailure
from skills.instants import instant
from skills.net.client import GuardedHttp
from skills.net.retry_after import retry_after_ms

log = logging.getLogger(__name__)

AT_ONCE = 50
OF_ONE_ENDPOINT = 10
"""How many of the deliveries taken at once are for one endpoint: one that hangs must not hold up the others."""
TIMEOUT_SECONDS = 15
CLAIM = timedelta(seconds=60)
LONGEST_ANSWER = 1_000_000
KEPT_ATTEMPTS = 20
TURN_SECONDS = 10.0
"""How long one task goes on: it takes a worker's place, and schedules and drains wait for it."""


class Answer(NamedTuple):
    """How an attempt went: the HTTP status, or why there is none."""

    status: int | None
    error: str
    took_ms: int
    asked: timedelta | None = None

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def is_wanted() -> bool:
    """Tell whether there is something to dispatch or to send."""
    return pending().exists() or _due().exists()


def deliver(stopped: Callable[[], bool] = lambda: False) -> int:
    """Dispatch and send until nothing is due, told to stop, or the turn is over; return how many attempts were made."""
    until, attempts = time.monotonic() + TURN_SECONDS, 0
    while not stopped() and time.monotonic() < until:
        dispatched = dispatch()
        claimed = _claim()
        attempts += len(claimed)
        if claimed:
            _send_all(claimed)
        elif not dispatched:
            break
    return attempts


def _due() -> QuerySet[WebhookDelivery]:
    # By what the index holds and no more: a second column would have all that fell due together sorted for each look.
    return WebhookDelivery.objects.filter(state=DeliveryState.PENDING, due_at__lte=timezone.now()).order_by("due_at")


def _claim() -> list[WebhookDelivery]:
    """Take some of what is due. What is for an endpoint that was switched off while its delivery was made is given up unsent."""
    with transaction.atomic():
        taken = _taken()
        taken.filter(endpoint__is_enabled=False).update(state=DeliveryState.FAILED)
        taken.update(due_at=timezone.now() + CLAIM)
    return list(taken.filter(state=DeliveryState.PENDING).select_related("endpoint__tenant"))


def _taken() -> QuerySet[WebhookDelivery]:
    """Return deliveries nobody else has, few of each endpoint: where one has much that is due, it is looked past that."""
    taken: list[int] = []
    of: Counter[int] = Counter()
    while room := AT_ONCE - len(taken):
        full = [endpoint for endpoint, count in of.items() if count >= OF_ONE_ENDPOINT]
        found = list(skipping_locked(_due().exclude(endpoint__in=full).exclude(pk__in=taken))[:room])
        for delivery in found:
            if of[delivery.endpoint_id] < OF_ONE_ENDPOINT:
                of[delivery.endpoint_id] += 1
                taken.append(delivery.pk)
        if len(found) < room:
            break
    return WebhookDelivery.objects.filter(pk__in=taken)


def _send_all(deliveries: Sequence[WebhookDelivery]) -> None:
    at = int(time.time())
    messages = [_message(delivery, at) for delivery in deliveries]
    answers = asyncio.run(_offered([(delivery.endpoint.url, *message) for delivery, message in zip(deliveries, messages, strict=True)]))
    _count(Counter(write_down(delivery, answer) for delivery, answer in zip(deliveries, answers, strict=True)))


def _count(results: Counter[str]) -> None:
    """Add to the sums, once for all that were sent together."""
    for result, attempts in sorted(results.items()):
        DeliverySum.objects.get_or_create(result=result)
        DeliverySum.objects.filter(result=result).update(attempts=F("attempts") + attempts)


def _message(delivery: WebhookDelivery, at: int) -> tuple[bytes, dict[str, str] | str]:
    """Return the body and the headers of an attempt, or in their place why there can be none."""
    body = delivery.body.encode()
    try:
        return body, headers_for(delivery.public_id, at, body, secrets_of(delivery.endpoint))
    except Unreadable as unreadable:
        return body, str(unreadable)


async def _offered(messages: Sequence[tuple[str, bytes, dict[str, str] | str]]) -> list[Answer]:
    async with GuardedHttp(allow_local=settings.ALLOW_LOCAL_TARGETS, ssl_context=_trust()) as http:
        return list(await asyncio.gather(*(_offer(http, *message) for message in messages)))


@cache
def _trust() -> ssl.SSLContext:
    """Return whom TLS trusts; read from its files once."""
    return httpx.create_ssl_context(trust_env=False)


async def _offer(http: GuardedHttp, url: str, body: bytes, headers: dict[str, str] | str) -> Answer:
    if isinstance(headers, str):
        return Answer(None, headers, 0)
    began = time.monotonic()
    try:
        sent = {"headers": headers, "body": body, "timeout_ms": TIMEOUT_SECONDS * 1_000, "max_bytes": LONGEST_ANSWER}
        answer = await http.send("POST", url, follow_redirects=False, **sent)  # type: ignore[arg-type] # the names above are its own
    except SkillFailure as failure:
        return Answer(None, f"{failure.code}: {failure.message}", _ms_since(began))
    except Exception:
        # Whatever one receiver provokes, what is on its way to others is to be sent and written down.
        log.exception("webhook.attempt_broke")
        return Answer(None, "INTERNAL_ERROR: the attempt broke in a way nobody foresaw; the log holds it", _ms_since(began))
    asked = retry_after_ms(answer.headers, timezone.now()) if answer.status in (429, 503) else None
    return Answer(answer.status, "", _ms_since(began), None if asked is None else timedelta(milliseconds=asked))


def _ms_since(began: float) -> int:
    return round((time.monotonic() - began) * 1_000)


def write_down(delivery: WebhookDelivery, answer: Answer) -> str:
    """Store how an attempt went and what follows from it; return that: delivered, retried (due again) or failed (given up)."""
    now = timezone.now()
    told = {"at": instant(now), "status": answer.status, "error": answer.error[:300], "took_ms": answer.took_ms}
    with transaction.atomic():
        row = WebhookDelivery.objects.select_for_update(of=("self",)).select_related("endpoint__tenant").filter(pk=delivery.pk).first()
        if row is None:
            # Its endpoint was removed meanwhile; how it went for the others is to be written down all the same.
            return "delivered" if answer.is_success else "failed"
        row.attempts = [*row.attempts, told][-KEPT_ATTEMPTS:]
        row.attempts_total += 1
        row.round_attempts += 1
        if answer.is_success:
            row.state, row.delivered_at = DeliveryState.DELIVERED, now
        elif row.state == DeliveryState.PENDING:
            _go_on(row, answer)
        row.save(update_fields=["attempts", "attempts_total", "round_attempts", "state", "delivered_at", "due_at"])
        if row.state == DeliveryState.FAILED:
            _give_up_endpoint(row, answer)
    result = "delivered" if answer.is_success else "retried" if row.state == DeliveryState.PENDING else "failed"
    log.info("webhook.attempted", extra={"delivery": row.public_id, "result": result, "status": answer.status, "error": answer.error})
    return result


def _go_on(row: WebhookDelivery, answer: Answer) -> None:
    wait = None if answer.status == 410 else timing.wait_after(row.round_attempts, row.public_id, answer.asked)
    if wait is None:
        row.state = DeliveryState.FAILED
    else:
        row.due_at = timezone.now() + wait


def _give_up_endpoint(row: WebhookDelivery, answer: Answer) -> None:
    """Switch an endpoint off that says it is gone, or that took nothing for as long as this was tried."""
    if answer.status == 410:
        _disable(row.endpoint, "it answered 410 Gone")
    elif not row.endpoint.deliveries.filter(delivered_at__gte=row.created_at).exists():
        _disable(row.endpoint, f"nothing could be delivered there; the last answer: {answer.status or answer.error}")


def _disable(endpoint: WebhookEndpoint, why: str) -> None:
    if endpoint.is_enabled:
        disable(endpoint, why)
        news_of_disabled(endpoint, why).save()
