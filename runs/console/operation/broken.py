"""What is broken and must not be, in words, as the overview and the workers' page show it in red: for one's own tenants."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Count
from django.utils import timezone

from agents import ledger
from runs.invariants import SWEEP_MS
from runs.models import Kept, Run, RunStatus, Session, SessionState, WebhookEndpoint
from skills.wording import duration

LAG_MS = 300_000
"""How long an event may wait for somebody to look at it."""
NAMED = 5
"""How many webhooks are named; of more it is said how many."""
ENDED = timedelta(hours=1)
ENDED_LOOKED_AT = 200
"""Of the runs that ended last it is looked whether they gave back what they held; of all of them, the invariants tell."""


class Broken(NamedTuple):
    """Something that is broken, and where one sees more of it."""

    words: str
    link: str = ""


class Sight(NamedTuple):
    """What the person sees: the tenants whose runs and those whose webhooks, whether of all; and the lists they may open."""

    tenants: Collection[int]
    webhooks_of: Collection[int]
    everything: bool
    workers: str = ""
    outbox: str = ""
    webhooks: str = ""
    invariants: str = ""


def broken_things(sight: Sight, oldest_event: datetime | None, forsaken: int) -> list[Broken]:
    """Return what is broken; `forsaken` are the runs nothing will take further. Only where the person sees everything does a
    worker have a name."""
    return [
        *_forsaken_runs(forsaken, sight.invariants),
        *_silent_workers(sight),
        *_money_of_nobody(sight),
        *_waiting_events(oldest_event, sight.outbox),
        *_disabled_webhooks(sight.webhooks_of, sight.webhooks),
    ]


def _forsaken_runs(number: int, link: str) -> list[Broken]:
    if not number:
        return []
    which = "1 run has" if number == 1 else f"{number:,} runs have"
    return [Broken(f"{which} no worker and no time to wake: nothing will take {'it' if number == 1 else 'them'} further.", link)]


def _money_of_nobody(sight: Sight) -> list[Broken]:
    """Money that is still reserved for runs that are over."""
    ended = Run.objects.filter(finished_at__gte=timezone.now() - ENDED, kept=Kept.EVERYTHING, tenant_id__in=list(sight.tenants))
    last = list(ended.order_by("-finished_at").values_list("public_id", flat=True)[:ENDED_LOOKED_AT])
    number = ledger.count_holding(sight.tenants, last) if last else 0
    # How much is not for everybody to read.
    return [Broken(f"Money is still reserved for {_runs(number)} that ended in the last hour.", sight.invariants)] if number else []


def _silent_workers(sight: Sight) -> list[Broken]:
    """Leases that are over, with nobody having put back what their workers held."""
    now = round(time.time() * 1_000)
    found = {row.pk: row for row in Session.objects.filter(state=SessionState.LIVE, lease_until_ms__lt=now - SWEEP_MS)[:50]}
    if not found:
        return []
    running = Run.objects.filter(status=RunStatus.RUNNING, session_id__in=list(found))
    mine = running if sight.everything else running.filter(tenant_id__in=list(sight.tenants))
    held: dict[int | None, int] = dict(mine.order_by().values_list("session_id").annotate(Count("pk")))
    told = []
    for pk, row in found.items():
        if sight.everything or held.get(pk):
            who = f"Worker {row}" if sight.everything else "A worker"
            ago, runs = duration(now - row.lease_until_ms), _runs(held.get(pk, 0))
            told.append(Broken(f"{who} lost its lease {ago} ago, and nobody has put back the {runs} it held.", sight.workers))
    return told


def _runs(number: int) -> str:
    return "1 run" if number == 1 else f"{number} runs"


def _waiting_events(oldest: datetime | None, link: str) -> list[Broken]:
    waits_ms = 0 if oldest is None else round(time.time() * 1_000 - oldest.timestamp() * 1_000)
    if waits_ms <= LAG_MS:
        return []
    return [Broken(f"Events wait to be told to others, the first for {duration(waits_ms)}: webhooks hear nothing new.", link)]


def _disabled_webhooks(tenants: Collection[int], link: str) -> list[Broken]:
    """Webhooks that were switched off because nobody could be reached there; not those somebody switched off."""
    if not tenants:
        return []
    mine = WebhookEndpoint.objects.filter(tenant_id__in=list(tenants), run=None, is_enabled=False).exclude(disabled_because="")
    found = list(mine.order_by("-pk").values_list("public_id", "disabled_because")[: NAMED + 1])
    told = [Broken(f"Webhook {public_id} was switched off: {why.rstrip('.')}.", link) for public_id, why in found[:NAMED]]
    return [*told, Broken("More webhooks were switched off.", link)] if len(found) > NAMED else told
