"""How often a tenant may ask: token buckets of this process, and the headers that say how much is left.

A bucket holds a minute's worth of requests and fills evenly. Each web process counts for itself: this keeps a program that runs wild
from the others, and is no accounting (what agents may call, and what that costs, is counted exactly and elsewhere).
"""

from __future__ import annotations

import math
import threading
import time
from typing import Any, NamedTuple

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from agents.tenancy import Principal

MOST_BUCKETS = 10_000
SHARE_OF_A_KEY = 0.8
"""How much of a tenant's rate one of its keys may use: one that runs wild leaves something to the others."""
WINDOW_SECONDS = 60


class Left(NamedTuple):
    """What is left of a rate after a request: `wait` is 0 where it was let through."""

    limit: int
    remaining: int
    full_in: int
    wait: float

    def headers(self) -> dict[str, str]:
        """Return the fields of the IETF's RateLimit headers."""
        policy, state = f'"default";q={self.limit};w={WINDOW_SECONDS}', f'"default";r={self.remaining};t={self.full_in}'
        return {"RateLimit-Policy": policy, "RateLimit": state}


class Buckets:
    """Buckets by name; those that are full again are forgotten when there are too many."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, name: str, limit: int, now: float) -> Left:
        """Take a request out of a bucket of `limit` a minute, if there is one in it."""
        pace = limit / WINDOW_SECONDS
        with self._lock:
            level, at = self._levels.get(name, (float(limit), now))
            level = min(float(limit), level + (now - at) * pace)
            allowed = level >= 1
            level -= allowed
            if len(self._levels) >= MOST_BUCKETS and name not in self._levels:
                self._forget(now)
            self._levels[name] = level, now
        return Left(limit, math.floor(level), math.ceil((limit - level) / pace), 0 if allowed else (1 - level) / pace)

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._levels.clear()

    def _forget(self, now: float) -> None:
        self._levels = {name: (level, at) for name, (level, at) in self._levels.items() if now - at < WINDOW_SECONDS}


buckets = Buckets()


def rate_of(principal: Principal) -> int | None:
    """Return how many requests a minute a tenant may make, with all its keys together; None is as many as it likes."""
    own = principal.tenant.requests_per_minute
    return settings.REQUESTS_PER_MINUTE if own is None else own


def _left(principal: Principal, limit: int, now: float) -> Left:
    """Take a request out of the bucket of who asks, and then out of the tenant's; return the one that says more."""
    own = buckets.take(f"key:{principal.key_id or principal.name}:{principal.tenant.pk}", math.ceil(limit * SHARE_OF_A_KEY), now)
    if own.wait:
        # What a key may not have does not go off what the others share.
        return own
    shared = buckets.take(f"tenant:{principal.tenant.pk}", limit, now)
    return shared if shared.wait else min(own, shared, key=lambda left: left.remaining)


class TenantRate(BaseThrottle):
    """Refuses what comes too fast (429), by the rate of the tenant, which all of its keys share, and of which none gets all."""

    def __init__(self) -> None:
        self._wait = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:
        if not isinstance(request.user, Principal):
            return True
        limit = rate_of(request.user)
        if not limit:
            return True
        left = _left(request.user, limit, time.monotonic())
        request._request.rate_left = left  # type: ignore[attr-defined] # the middleware says it in the headers
        self._wait = left.wait
        return not left.wait

    def wait(self) -> float | None:
        return self._wait
