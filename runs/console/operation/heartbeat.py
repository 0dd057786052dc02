"""Tells every console page when nothing is being worked on: no worker's lease runs, and none was heard for half a minute."""

from __future__ import annotations

from functools import partial
from threading import Lock
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import BigIntegerField, Func, Subquery
from django.db.models.sql.compiler import SQLCompiler
from django.http import HttpRequest
from django.urls import reverse

from agents.access.rights import may
from agents.roles import HEALTH_ROLES
from runs.models import Session, SessionState
from runs.shell.clock import database_now_ms, monotonic
from skills.wording import duration

SILENT_MS = 30_000
READ_SECONDS = 5.0
"""How long what was read is good enough for all pages of this process."""
NEWEST = 100
"""Drains last a minute, so the last one heard is among those begun last."""


class Heard(NamedTuple):
    """How long ago a worker was heard, None where none is known, and whether a lease runs."""

    silent_ms: int | None
    lease_runs: bool

    @property
    def is_silent(self) -> bool:
        return not self.lease_runs and (self.silent_ms is None or self.silent_ms >= SILENT_MS)


class _DatabaseNow(Func):
    """The database's own time in milliseconds, which is that of leases."""

    output_field = BigIntegerField()

    def as_postgresql(self, compiler: SQLCompiler, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=database_now_ms("postgresql"), **context)

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=database_now_ms("sqlite"), **context)


def read_heard() -> Heard:
    """Ask the database when a worker was heard last: one query, on the primary key and the index of live sessions."""
    live = Session.objects.filter(state=SessionState.LIVE).order_by("-lease_until_ms").values("lease_until_ms")
    newest = Session.objects.order_by("-pk").annotate(live_until_ms=Subquery(live[:1]), now_ms=_DatabaseNow())
    rows = list(newest.values_list("lease_until_ms", "live_until_ms", "now_ms")[:NEWEST])
    if not rows:
        return Heard(None, lease_runs=False)
    _, live_until, now = rows[0]
    # A lease is renewed to its full length: it began to run when its session was heard.
    heard = max(live_until or 0, *(lease_until for lease_until, _, _ in rows)) - settings.LEASE_MS
    return Heard(max(0, now - heard), lease_runs=(live_until or 0) > now)


class Watch:
    """Asks the database once in a while, however many pages there are and on whichever thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._read_at: float | None = None
        self._heard = Heard(None, lease_runs=False)

    def heard(self) -> Heard:
        with self._lock:
            if self._read_at is None or monotonic() - self._read_at >= READ_SECONDS:
                self._heard, self._read_at = read_heard(), monotonic()
            return self._heard

    def forget(self) -> None:
        """Ask again the next time."""
        with self._lock:
            self._read_at = None


watch = Watch()


def silence(request: HttpRequest) -> dict[str, Any]:
    """Give templates `aos_silence`. It is asked for by the console's frame alone, so that nothing else asks the database."""
    return {"aos_silence": partial(_said, request)}


def _said(request: HttpRequest) -> dict[str, str] | None:
    """Return what the banner says, None where it has nothing to say."""
    user = getattr(request, "user", None)
    if user is None or not user.is_active or not user.is_staff:
        return None
    heard = watch.heard()
    if not heard.is_silent:
        return None
    link = reverse("console-workers") if may(request, HEALTH_ROLES) else ""
    return {"words": in_words(heard), "link": link}


def in_words(heard: Heard) -> str:
    """Say how long no worker has been heard."""
    return "no worker has been heard yet" if heard.silent_ms is None else f"no worker has been heard for {duration(heard.silent_ms)}"
