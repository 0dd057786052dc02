"""Queues parked runs again whose obstacle is gone: a scope has room for what they ask for, or is frozen no more.

Nobody who gives money back, raises a limit or lifts a freeze has to know who waits for it: whoever looks around asks
the rows. Of the runs that wait for one scope the oldest ones go that its room suffices for; the others go on waiting.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction

from agents.freezes import live_labels
from agents.ledger import room_of
from runs.engine.events import Fact, FreezeLifted, FundsFreed
from runs.models import Run, RunStatus
from runs.shell.clock import now_ms
from runs.shell.inbox import put_signal

AT_ONCE = 64
"""How many runs of one scope are queued at a look; the next look takes the next."""


def wake_unblocked() -> int:
    """Tell the runs that can go on, and queue them; return how many."""
    told = 0
    for tenant_id, waiting_for, scope in _obstacles():
        found = _funded(tenant_id, scope) if waiting_for == "budget" else _thawed(tenant_id, scope)
        told += sum(_tell(run_id, _news_for(waiting_for, scope)) for run_id in found)
    return told


def _obstacles() -> list[tuple[int, str, str]]:
    waiting = Run.objects.filter(status=RunStatus.WAITING).exclude(blocked_by="")
    return list(waiting.order_by().values_list("tenant_id", "waiting_for", "blocked_by").distinct())


def _blocked(tenant_id: int, scope: str) -> Iterator[tuple[int, int]]:
    runs = Run.objects.filter(status=RunStatus.WAITING, tenant_id=tenant_id, blocked_by=scope)
    yield from runs.order_by("rank_ms", "id").values_list("id", "needs_micro_usd")[:AT_ONCE]


def _funded(tenant_id: int, scope: str) -> list[int]:
    """Return the runs whose needs, added up from the oldest on, the scope has room for; None is room without end."""
    room, found = room_of(tenant_id, scope), []
    for run_id, needs in _blocked(tenant_id, scope):
        if room is not None and needs > room:
            continue
        room = None if room is None else room - needs
        found.append(run_id)
    return found


def _thawed(tenant_id: int, scope: str) -> list[int]:
    return [] if scope in live_labels(tenant_id) else [run_id for run_id, _ in _blocked(tenant_id, scope)]


def _news_for(waiting_for: str, scope: str) -> Fact:
    return FundsFreed(now_ms(), scope) if waiting_for == "budget" else FreezeLifted(now_ms(), scope)


def _tell(run_id: int, news: Fact) -> bool:
    with transaction.atomic():
        # Whoever else looks around tells the same run, or a worker has it by now: then it needs no telling.
        waiting = Run.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=run_id, status=RunStatus.WAITING)
        if waiting.first() is None:
            return False
        put_signal(run_id, news, "")
    return True
