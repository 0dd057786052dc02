"""What becomes of a circuit when calls are asked for and when they end: one table, pure.

closed ──failures in a row──▸ open ──time──▸ half-open ──one trial──▸ closed, or open again
"""

from __future__ import annotations

from typing import Literal, NamedTuple

CircuitState = Literal["closed", "open", "half_open"]
Said = Literal["down", "up", "nothing"]
"""What the end of a call says about the host it went to."""

HOST_CODES = frozenset(
    {
        "TIMEOUT",
        "DNS_FAILURE",
        "CONNECTION_REFUSED",
        "CONNECTION_RESET",
        "HTTP_5XX",
        "UPSTREAM_UNAVAILABLE",
        "TLS_FAILURE",
    }
)
"""The codes that tell of a host that is down. A refusal, a rate, a malformed answer tell of one that is up."""

TRIAL_WAIT_MS = 2_000
"""After how long others ask again, at the latest, while one call tries."""


class Bounds(NamedTuple):
    """After how many failures in a row a circuit opens, and for how long."""

    failures: int
    open_ms: int


class Standing(NamedTuple):
    """A circuit. `open_until_ms` None: it is closed; past: the next call is the trial, one at a time until `trial_until_ms`."""

    failures: int = 0
    openings: int = 0
    open_until_ms: int | None = None
    trial_until_ms: int | None = None
    last_code: str = ""


CLOSED = Standing()


def state_of(standing: Standing, now_ms: int) -> CircuitState:
    """Return what a circuit is at an instant."""
    if standing.open_until_ms is None:
        return "closed"
    return "open" if now_ms < standing.open_until_ms else "half_open"


def said_by(code: str | None, phase: str, *, from_cache: bool = False) -> Said:
    """Return what the end of a call says about its host: a result or any answer shows that it is up. `code` None: a result."""
    if code in HOST_CODES:
        return "down"
    if from_cache:
        return "nothing"
    return "up" if code is None or phase == "acked" else "nothing"


def asked(standing: Standing, now_ms: int, trial_ms: int) -> tuple[Standing, int | None]:
    """Let a call through, or not: return the circuit after it, and how long to wait, None where it may begin.

    Of a half-open circuit one call at a time passes. It has `trial_ms` to come back; then it counts as lost.
    """
    state = state_of(standing, now_ms)
    if state == "closed":
        return standing, None
    if state == "open":
        assert standing.open_until_ms is not None
        return standing, standing.open_until_ms - now_ms
    trial = standing.trial_until_ms
    if trial is not None and now_ms < trial:
        return standing, min(TRIAL_WAIT_MS, trial - now_ms)
    return standing._replace(trial_until_ms=now_ms + trial_ms), None


def ended(standing: Standing, said: Said, code: str, now_ms: int, bounds: Bounds, *, was_trial: bool) -> Standing:
    """Return a circuit after the end of a call. Of one that is not closed only the trial decides: all others began before it opened."""
    if state_of(standing, now_ms) == "closed":
        return _counted(standing, said, code, now_ms, bounds)
    if not was_trial or state_of(standing, now_ms) == "open":
        return standing
    if said == "down":
        return _opened(standing._replace(failures=standing.failures + 1), code, now_ms, bounds)
    if said == "up":
        return CLOSED._replace(openings=standing.openings, last_code=standing.last_code)
    return standing._replace(trial_until_ms=None)


def _counted(standing: Standing, said: Said, code: str, now_ms: int, bounds: Bounds) -> Standing:
    if said == "up":
        return standing._replace(failures=0)
    if said == "nothing":
        return standing
    failed = standing._replace(failures=standing.failures + 1, last_code=code)
    return _opened(failed, code, now_ms, bounds) if failed.failures >= bounds.failures else failed


def _opened(standing: Standing, code: str, now_ms: int, bounds: Bounds) -> Standing:
    return standing._replace(openings=standing.openings + 1, open_until_ms=now_ms + bounds.open_ms, trial_until_ms=None, last_code=code)
