"""Reads how the queue of some tenants stands, each question one that a small index answers: how many wait, since when, for what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Min, Q

from runs.models import DeliveryState, Outbox, Run, RunStatus, Session, SessionState, WebhookDelivery

PERSON = ("approval", "input")
"""What a run waits for that only a person can give."""
_WOKEN = ("timer", *PERSON)
"""What a run is woken from at an instant, at the latest: without one it would wait for ever."""


@dataclass
class Standing:
    """The live runs of a tenant, or of several: how many, and of those that wait, for what and until when at the soonest.

    `forsaken` are those that nothing will take further: they run with no worker, or wait for an instant that is not there.
    """

    queued: int = 0
    oldest: datetime | None = None
    running: int = 0
    waiting: Counter[str] = field(default_factory=Counter)
    soonest_ms: dict[str, int] = field(default_factory=dict)
    forsaken: int = 0

    def add(self, other: Standing) -> None:
        self.queued += other.queued
        self.running += other.running
        self.forsaken += other.forsaken
        self.waiting += other.waiting
        self.oldest = min(filter(None, (self.oldest, other.oldest)), default=None)
        for reason, at_ms in other.soonest_ms.items():
            self.soonest_ms[reason] = min(at_ms, self.soonest_ms.get(reason, at_ms))

    @property
    def for_a_person(self) -> int:
        return sum(self.waiting[reason] for reason in PERSON)

    @property
    def person_due_ms(self) -> int | None:
        """Return when the first of the answers that are waited for is due."""
        return min((self.soonest_ms[reason] for reason in PERSON if reason in self.soonest_ms), default=None)


def read_standings(tenants: Collection[int]) -> dict[int, Standing]:
    """Return the live runs of each of these tenants, by its row id.

    A status at a time: of `status IN (…)` PostgreSQL cannot tell that the index of queued or of running runs is enough.
    """
    found = {tenant: Standing() for tenant in tenants}
    mine = Run.objects.filter(tenant_id__in=list(tenants)).order_by()
    queued = mine.filter(status=RunStatus.QUEUED).values_list("tenant_id").annotate(Count("pk"), Min("created_at"))
    for tenant, number, oldest in queued:
        found[tenant].queued, found[tenant].oldest = number, oldest
    held = Q(session_id__in=Session.objects.filter(state=SessionState.LIVE).values("pk"))
    running = mine.filter(status=RunStatus.RUNNING).values_list("tenant_id").annotate(Count("pk"), free=Count("pk", filter=~held))
    for tenant, number, free in running:
        found[tenant].running, found[tenant].forsaken = number, free
    waiting = mine.filter(status=RunStatus.WAITING).values_list("tenant_id", "waiting_for")
    for tenant, reason, number, soonest, woken in waiting.annotate(Count("pk"), Min("wake_at_ms"), woken=Count("wake_at_ms")):
        found[tenant].waiting[reason] = number
        found[tenant].forsaken += number - woken if reason in _WOKEN else 0
        if soonest is not None:
            found[tenant].soonest_ms[reason] = soonest
    return found


def together(standings: Iterable[Standing]) -> Standing:
    """Return the sum of several."""
    whole = Standing()
    for each in standings:
        whole.add(each)
    return whole


@dataclass(frozen=True)
class Outgoing:
    """What is still to be told to others: deliveries that wait or are tried again, and events nobody has made deliveries of."""

    deliveries: int
    oldest_delivery: datetime | None
    soonest_due: datetime | None
    oldest_event: datetime | None


def read_outgoing(tenants: Collection[int]) -> Outgoing:
    """Return what is to be told to others by these tenants."""
    pending = WebhookDelivery.objects.filter(tenant_id__in=list(tenants), state=DeliveryState.PENDING).order_by()
    sums = pending.aggregate(number=Count("pk"), oldest=Min("created_at"), due=Min("due_at"))
    return Outgoing(sums["number"], sums["oldest"], sums["due"], oldest_event(tenants))


def oldest_event(tenants: Collection[int]) -> datetime | None:
    """Return since when the first event waits that nobody has looked at; ids are given out in the order of time."""
    waits = Outbox.objects.filter(tenant_id__in=list(tenants), delivered_at=None).order_by("pk")
    return waits.values_list("created_at", flat=True).first()
