"""Sends the traces of ended runs to a collector: each one once, none lost, and a run pays nothing for it.

A run's own transaction writes no word about this: what ended is found by when it ended, up to a mark. A worker may commit the
end of a run a little after one that ended later, so each look begins `OVERLAP` before the mark and leaves out what
`SentTrace` says is there already. Spans have the same ids each time: should a process die between sending and noting it
down, the collector gets the same spans again and no others.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from runs.models import Kept, Run, SentTrace, TraceMark
from runs.tracing.collector import Collector, Refused, Unavailable
from runs.tracing.exporting import spans_of
from skills.refusal import Refusal

log = logging.getLogger(__name__)

RUNS_AT_ONCE = 50
BYTES_AT_ONCE = 1_000_000
OVERLAP = timedelta(minutes=15)
"""How much later than another one a run may be committed that ended before it: many times what a lease lasts."""
TURN = timedelta(minutes=2)
"""How long whoever sends is believed to be alive after the last word of it."""
TURN_SECONDS = 50.0
"""How long one look goes on at the most; the next minute brings another."""
FIRST_REST, LONGEST_REST = timedelta(seconds=5), timedelta(minutes=5)
LONGEST_ASKED = timedelta(hours=1)
"""A collector that asks for more rest than this is asked again all the same."""

_WITH_JOURNAL = (Kept.EVERYTHING, Kept.EVENTS)


class Sent(NamedTuple):
    """How many traces a look sent, and how many nobody will get."""

    sent: int = 0
    refused: int = 0
    trouble: str = ""


class _Parcel(NamedTuple):
    """A run and its spans as JSON."""

    run: Run
    spans: bytes


def send_ended(stopped: Callable[[], bool] = lambda: False, now: datetime | None = None) -> Sent:
    """Send what has ended since the last look; nothing where no collector is set, somebody else is at it, or it is to be left alone."""
    if not settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        return Sent()
    turn = _take_turn(now or timezone.now())
    if turn is None:
        return Sent()
    with Collector(settings.OTEL_EXPORTER_OTLP_ENDPOINT, settings.OTEL_EXPORTER_OTLP_HEADERS) as collector:
        look = _Look(collector, turn, stopped)
        try:
            look.go_through()
        except Unavailable as unavailable:
            look.trouble = _rest(turn, unavailable)
        finally:
            TraceMark.objects.filter(turn=turn).update(busy_until=None)
    return Sent(look.sent, look.refused, look.trouble)


class _Look:
    """One way through what is to be sent, in the order in which runs ended."""

    def __init__(self, collector: Collector, turn: int, stopped: Callable[[], bool]) -> None:
        self._collector = collector
        self._turn = turn
        self._stopped = stopped
        self._until = time.monotonic() + TURN_SECONDS
        self.sent = self.refused = 0
        self.trouble = ""

    def go_through(self) -> None:
        """Send until nothing is left, or time is up. Raises Unavailable, with all noted down that was sent before."""
        while self._goes_on() and (runs := _unsent()):
            for parcels in _together(self._packed(runs)):
                if not self._goes_on():
                    return
                self._send(parcels)
            _move_mark(self._turn, runs)

    def _goes_on(self) -> bool:
        """Tell whether to send more: neither told to stop, nor out of time, nor taken over by somebody else; and say so to them."""
        if self._stopped() or time.monotonic() >= self._until:
            return False
        return TraceMark.objects.filter(turn=self._turn).update(busy_until=timezone.now() + TURN) == 1

    def _packed(self, runs: Iterable[Run]) -> Iterator[_Parcel]:
        """Yield runs with their spans; one that cannot be told is noted down, and the rest goes on."""
        for run in runs:
            try:
                spans = spans_of(tenant=run.tenant, run_id=run.public_id)
                yield _Parcel(run, msgspec.json.encode(spans))
            except DatabaseError:
                raise
            except Refusal as refusal:
                self._give_up(run, f"{refusal.code}: {refusal.detail}")
            except Exception as defect:
                log.exception("traces.defect", extra={"run_id": run.public_id})
                self._give_up(run, f"INTERNAL_ERROR: {type(defect).__name__}")

    def _send(self, parcels: Sequence[_Parcel]) -> None:
        """Send some runs together; where the collector does not want them, by halves, until it is known which ones."""
        try:
            self._collector.take(b'{"resourceSpans":[' + b",".join(parcel.spans for parcel in parcels) + b"]}")
        except Refused as refused:
            if len(parcels) == 1:
                self._give_up(parcels[0].run, str(refused))
                return
            middle = len(parcels) // 2
            self._send(parcels[:middle])
            self._send(parcels[middle:])
            return
        _note([parcel.run for parcel in parcels])
        self.sent += len(parcels)

    def _give_up(self, run: Run, why: str) -> None:
        log.error("traces.refused", extra={"run_id": run.public_id, "why": why})
        _note([run], refused=why[:300])
        self.refused += 1


# Turns and the mark


def _take_turn(now: datetime) -> int | None:
    """Return the number of our turn; None where it is somebody else's, or too early."""
    mark, _ = TraceMark.objects.get_or_create(pk=1, defaults={"since": now - OVERLAP, "finished_at": now - OVERLAP})
    free = Q(busy_until=None) | Q(busy_until__lt=now)
    due = Q(next_try_at=None) | Q(next_try_at__lte=now)
    mine = TraceMark.objects.filter(free & due, pk=1, turn=mark.turn).update(turn=F("turn") + 1, busy_until=now + TURN)
    return mark.turn + 1 if mine else None


def _rest(turn: int, unavailable: Unavailable) -> str:
    """Leave the collector alone for as long as it asked, else twice as long each time; return why."""
    mark = TraceMark.objects.get(pk=1)
    rest = min(FIRST_REST * 2 ** min(mark.failures, 20), LONGEST_REST)
    if unavailable.retry_after_ms is not None:
        rest = min(timedelta(milliseconds=unavailable.retry_after_ms), LONGEST_ASKED)
    words = str(unavailable)[:300]
    log.warning("traces.unavailable", extra={"why": words, "rest_s": round(rest.total_seconds(), 1)})
    seen = {"failures": F("failures") + 1, "next_try_at": timezone.now() + rest, "trouble": words}
    TraceMark.objects.filter(turn=turn).update(**seen)
    return words


def _move_mark(turn: int, runs: Sequence[Run]) -> None:
    """Write down that all these runs are dealt with, and forget those no look comes back to."""
    upto = _end_of(runs[-1])
    # Never back: a straggler ended before others that were sent.
    TraceMark.objects.filter(turn=turn, finished_at__lt=upto).update(finished_at=upto)
    TraceMark.objects.filter(turn=turn).update(failures=0, next_try_at=None, trouble="")
    SentTrace.objects.filter(finished_at__lt=TraceMark.objects.get(pk=1).finished_at - 2 * OVERLAP).delete()


def _unsent() -> list[Run]:
    """Return the next runs to send, in the order in which they ended."""
    mark = TraceMark.objects.get(pk=1)
    ended = Run.objects.filter(kept__in=_WITH_JOURNAL, finished_at__gt=max(mark.since, mark.finished_at - OVERLAP))
    unsent = ended.filter(~Exists(SentTrace.objects.filter(run_id=OuterRef("pk")))).select_related("tenant")
    return list(unsent.order_by("finished_at", "pk")[:RUNS_AT_ONCE])


def _end_of(run: Run) -> datetime:
    assert run.finished_at is not None, "only what has ended is sent"
    return run.finished_at


def _note(runs: Iterable[Run], refused: str = "") -> None:
    rows = [SentTrace(run_id=run.pk, finished_at=_end_of(run), refused=refused) for run in runs]
    with transaction.atomic():
        SentTrace.objects.bulk_create(rows, ignore_conflicts=True)


def _together(parcels: Iterable[_Parcel]) -> Iterator[list[_Parcel]]:
    """Yield parcels in lots of about so many bytes; a larger one goes alone."""
    lot: list[_Parcel] = []
    size = 0
    for parcel in parcels:
        if lot and size + len(parcel.spans) > BYTES_AT_ONCE:
            yield lot
            lot, size = [], 0
        lot.append(parcel)
        size += len(parcel.spans)
    if lot:
        yield lot
