"""Lets calls through by the limits a minute, counted in the database: exact over all workers and hosts.

    lock the windows of all limits, in one order → ask the clock → decide → write what changed → commit

Only who holds a window asks the time, so a later caller never comes at an earlier instant than the one before it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from agents.clock import ask_time
from agents.contracts import AgentProfile, RateLimit
from agents.limits import EMPTY, Full, Limit, Rule, Window, counted, decide, free_at_ms, limits_of, rules_of
from agents.models import Agent, RateWindow
from skills.base import ANYWHERE
from skills.instants import instant
from skills.registry import registry

Key = tuple[int, str]
"""A window: the row id of its tenant, its scope."""


class Ask(NamedTuple):
    """A call that wants to pass all of these limits of its tenant (a row id)."""

    tenant_id: int
    limits: Sequence[Limit]


def take(asks: Sequence[Ask], now: str = "") -> list[Full | None]:
    """Let calls through, in this order, each by all of its limits or by none; return for each what is full, or None.

    One transaction for all of them; each stands under a limit. `now` is the SQL expression of a clock other than the database's own.
    """
    keys = {(ask.tenant_id, limit.scope) for ask in asks for limit in ask.limits}
    while True:
        with transaction.atomic():
            rows = {(row.tenant_id, row.scope): row for row in _rows(keys).order_by("pk").select_for_update()}
            if rows.keys() >= keys:
                return _decide(asks, rows, ask_time(now))
        # Outside of the transaction: who holds some windows must not wait for who is making another.
        _open(keys - rows.keys())


def _decide(asks: Sequence[Ask], rows: dict[Key, RateWindow], now_ms: int) -> list[Full | None]:
    windows = {key: read_window(row.calls) for key, row in rows.items()}
    answers: list[Full | None] = []
    for ask in asks:
        own = {limit.scope: windows[ask.tenant_id, limit.scope] for limit in ask.limits}
        full, after = decide(own, now_ms, ask.limits)
        windows |= {(ask.tenant_id, scope): window for scope, window in after.items()}
        answers.append(full)
    _write(rows, windows)
    return answers


def _write(rows: dict[Key, RateWindow], windows: dict[Key, Window]) -> None:
    changed = []
    for key, row in rows.items():
        calls = written_window(windows[key])
        if calls != row.calls:
            row.calls = calls
            changed.append(row)
    if len(changed) == 1:
        changed[0].save(update_fields=["calls"])
    elif changed:
        RateWindow.objects.bulk_update(changed, ["calls"])


def _open(keys: Iterable[Key]) -> None:
    rows = [RateWindow(tenant_id=tenant_id, scope=scope) for tenant_id, scope in sorted(keys)]
    RateWindow.objects.bulk_create(rows, ignore_conflicts=True)


def _rows(keys: Iterable[Key]) -> QuerySet[RateWindow]:
    # Two short lists instead of a list of pairs, which SQLite takes no more than a thousand of; at worst a tenant's window
    # is found that only another tenant asks for.
    tenants, scopes = zip(*keys, strict=True)
    return RateWindow.objects.filter(tenant_id__in=set(tenants), scope__in=set(scopes))


# The text of a window: instants as the time since the one before, each with its calls.


def written_window(window: Window) -> str:
    """Return a window as its row keeps it."""
    before, flat = 0, list[int]()
    for at, calls in window.entries:
        flat += [at - before, calls]
        before = at
    return json.dumps(flat, separators=(",", ":"))


def read_window(text: str) -> Window:
    """Return the window a row keeps."""
    flat = json.loads(text)
    if not flat:
        return EMPTY
    return Window(tuple(zip(accumulate(flat[::2]), flat[1::2], strict=True)), sum(flat[1::2]))


# Reads


def rates_of(tenant_id: int, agent: Agent, profile: AgentProfile, rules: Sequence[Rule] | None = None) -> list[RateLimit]:
    """Return the limits the calls of an agent stand under, with what is left of each now.

    `rules` are those a run keeps, where the profile's own are not meant.
    """
    limits = _limits_of_agent(profile, rules_of(agent.public_id, profile) if rules is None else rules)
    if not limits:
        return []
    rows = {row.scope: read_window(row.calls) for row in _rows((tenant_id, limit.scope) for limit in limits)}
    now_ms = ask_time()
    return [_told(limit, rows.get(limit.scope, EMPTY), now_ms) for limit in limits]


def _limits_of_agent(profile: AgentProfile, rules: Sequence[Rule]) -> list[Limit]:
    """Return each limit some call of the agent stands under, once."""
    found: dict[str, Limit] = {}
    for name in filter(profile.allows, registry.names()):
        skill = registry.resolve(name)
        declared = skill.constraints.rate_limit_per_minute if skill else None
        found |= {limit.scope: limit for limit in limits_of(name, declared, ANYWHERE, rules)}
    return sorted(found.values())


def _told(limit: Limit, window: Window, now_ms: int) -> RateLimit:
    resets_ms = free_at_ms(window, now_ms)
    return RateLimit(
        scope=limit.scope,
        limit=limit.per_minute,
        remaining=max(0, limit.per_minute - counted(window, now_ms).total),
        resets_at=None if resets_ms is None else instant(datetime.fromtimestamp(resets_ms / 1_000, UTC)),
    )
