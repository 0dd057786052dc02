"""Circuit breakers by tenant, skill and host: a host that failed so often in a row is left alone for a while.

The rows are shared by all workers; what each of them goes by is a snapshot, and only who would be the trial, or has
something to count, asks the rows. The table of what follows from what is `catalog.circuit_states`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q

from agents import audit
from agents.clock import ask_time
from agents.reasons import LONGEST_REASON, SHORTEST_REASON, is_reason
from agents.tenancy import not_found, scoped
from catalog.circuit_states import CLOSED, TRIAL_WAIT_MS, Bounds, CircuitState, Said, Standing, asked, ended, state_of
from catalog.models import Circuit
from skills.instants import instant_of_ms, instant_of_ms_or_none
from skills.refusal import Refusal

log = logging.getLogger(__name__)

REFRESH_SECONDS = 1.0
"""How long it may take until a worker hears of what another one counted."""
FORGET_AFTER_MS = 86_400_000
APART_MS = 600_000
"""Failures longer apart than this are not in a row: in between nobody may have counted what went well."""
LONGEST_HOST = 255


class Key(NamedTuple):
    """A circuit: the row id of its tenant, the skill, and `host:port`."""

    tenant_id: int
    skill: str
    host: str

    @property
    def label(self) -> str:
        return f"circuit:{self.skill}@{self.host}"


class Ending(NamedTuple):
    """A call that ended, and what that says about its host."""

    key: Key
    said: Said
    code: str = ""
    was_trial: bool = False


class Told(NamedTuple):
    """A circuit as a call left it, at an instant of the database's clock; `has_opened` by that call."""

    standing: Standing
    now_ms: int
    has_opened: bool = False


class Wish(NamedTuple):
    """A call that wants to pass a circuit, and how long it may take should it be the trial."""

    key: Key
    trial_ms: int


class Passage(NamedTuple):
    """What a call was told: to wait so long, or (None) to begin, and whether it is the trial."""

    key: Key
    wait_ms: int | None
    is_trial: bool
    told: Told


def bounds() -> Bounds:
    return Bounds(settings.CIRCUIT_FAILURES, settings.CIRCUIT_SECONDS * 1_000)


# What one worker knows


class _Known(NamedTuple):
    """A circuit by the steady clock of this process, which no host's setting of its clock moves."""

    opens_at: float | None
    trial_ends: float | None


class Circuits:
    """A snapshot of the circuits that are not at rest (something is counted, or they are open); asking it does no I/O."""

    def __init__(self, found: Mapping[Key, Told] | None = None) -> None:
        self._taken_at = time.monotonic()
        self._found: dict[Key, _Known] = {}
        for key, told in (found or {}).items():
            self.note(key, told)

    @classmethod
    def load(cls) -> Circuits:
        """Read what is not at rest; two queries, on a thread that may use the ORM."""
        now_ms = ask_time()
        return cls({_key_of(row): Told(_standing_of(row), now_ms) for row in Circuit.objects.filter(_not_at_rest(now_ms))})

    def fresh(self, max_age_seconds: float = REFRESH_SECONDS) -> Circuits:
        """Return this snapshot while it is young, else a new one; where all was and is at rest it becomes young again."""
        if time.monotonic() - self._taken_at < max_age_seconds:
            return self
        if self._found or _is_anything_counted():
            return Circuits.load()
        self._taken_at = time.monotonic()
        return self

    def __bool__(self) -> bool:
        return bool(self._found)

    def __contains__(self, key: Key) -> bool:
        return key in self._found

    def note(self, key: Key, told: Told) -> None:
        """Take in what the rows said just now."""
        standing, now = told.standing, time.monotonic()
        if standing.open_until_ms is None and not standing.failures:
            self._found.pop(key, None)
            return
        opens, trial = (
            None if at is None else now + (at - told.now_ms) / 1_000 for at in (standing.open_until_ms, standing.trial_until_ms)
        )
        self._found[key] = _Known(opens, trial)

    def wait_ms(self, key: Key) -> int | None:
        """Return how long a call has to wait; 0 where the rows must say whether it is the trial, None where it may begin."""
        known = self._found.get(key)
        if known is None or known.opens_at is None:
            return None
        now = time.monotonic()
        if now < known.opens_at:
            return max(1, round((known.opens_at - now) * 1_000))
        # Another call tries: those who come meanwhile need not all ask.
        return 0 if known.trial_ends is None or now >= known.trial_ends else TRIAL_WAIT_MS


def _not_at_rest(now_ms: int) -> Q:
    return Q(failures__gt=0, changed_at_ms__gt=now_ms - APART_MS) | Q(open_until_ms__isnull=False)


def _is_anything_counted() -> bool:
    with connection.cursor() as cursor:
        # By this host's clock: a second to and fro does not matter to ten minutes.
        since = time.time_ns() // 1_000_000 - APART_MS
        cursor.execute(
            "SELECT 1 FROM catalog_circuit WHERE open_until_ms IS NOT NULL OR (failures > 0 AND changed_at_ms > %s) LIMIT 1", (since,)
        )
        return cursor.fetchone() is not None


# Counting and letting through


def report(endings: Sequence[Ending], now: str = "") -> list[Told]:
    """Count calls that ended, in this order and in one transaction. `now`: SQL of a clock other than the database's own."""
    missing = {ending.key for ending in endings if ending.said == "down"}
    while True:
        with transaction.atomic():
            rows = _locked(ending.key for ending in endings)
            if rows.keys() >= missing:
                return _count(endings, rows, ask_time(now))
        # Outside of the transaction: who holds some circuits must not wait for who is making another.
        Circuit.objects.bulk_create(
            [Circuit(tenant_id=key.tenant_id, skill=key.skill, host=key.host) for key in sorted(missing - rows.keys())],
            ignore_conflicts=True,
        )


def _count(endings: Sequence[Ending], rows: Mapping[Key, Circuit], now_ms: int) -> list[Told]:
    standings = {key: _standing_lately(row, now_ms) for key, row in rows.items()}
    answers: list[Told] = []
    for ending in endings:
        before = standings.get(ending.key)
        if before is None:
            answers.append(Told(CLOSED, now_ms))
            continue
        after = ended(before, ending.said, ending.code, now_ms, bounds(), was_trial=ending.was_trial)
        standings[ending.key] = after
        answers.append(Told(after, now_ms, has_opened=after.openings > before.openings))
    _write(rows, standings, now_ms)
    return answers


def admit(wishes: Sequence[Wish], now: str = "") -> list[Passage]:
    """Let calls through circuits that may be half-open, in this order and in one transaction: of each circuit one is the trial."""
    with transaction.atomic():
        rows = _locked(wish.key for wish in wishes)
        now_ms = ask_time(now)
        standings = {key: _standing_of(row) for key, row in rows.items()}
        answers: list[Passage] = []
        for wish in wishes:
            before = standings.get(wish.key, CLOSED)
            after, wait_ms = asked(before, now_ms, wish.trial_ms)
            if wish.key in rows:
                standings[wish.key] = after
            is_trial = wait_ms is None and after.open_until_ms is not None
            answers.append(Passage(wish.key, wait_ms, is_trial, Told(after, now_ms)))
        _write(rows, standings, now_ms)
    return answers


def _locked(keys: Iterable[Key]) -> dict[Key, Circuit]:
    """Return the rows of circuits, locked in one order."""
    wanted = set(keys)
    # Short lists instead of a list of triples, which SQLite takes no more than a thousand of.
    tenants, skills, hosts = (set(column) for column in zip(*wanted, strict=True))
    rows = Circuit.objects.filter(tenant_id__in=tenants, skill__in=skills, host__in=hosts).order_by("pk").select_for_update()
    return {key: row for row in rows if (key := _key_of(row)) in wanted}


def _write(rows: Mapping[Key, Circuit], standings: Mapping[Key, Standing], now_ms: int) -> None:
    for key, row in rows.items():
        if _standing_of(row) != standings[key]:
            for name, value in standings[key]._asdict().items():
                setattr(row, name, value)
            row.changed_at_ms = now_ms
            row.save(update_fields=[*Standing._fields, "changed_at_ms"])


def _key_of(row: Circuit) -> Key:
    return Key(row.tenant_id, row.skill, row.host)


def _standing_of(row: Circuit) -> Standing:
    return Standing(*(getattr(row, name) for name in Standing._fields))


def _standing_lately(row: Circuit, now_ms: int) -> Standing:
    """Return a circuit without what was counted too long ago."""
    standing = _standing_of(row)
    is_stale = standing.open_until_ms is None and row.changed_at_ms < now_ms - APART_MS
    return standing._replace(failures=0) if is_stale else standing


# What people see and do


def list_circuits(
    *, tenant: Any, state: CircuitState | None = None, skill: str | None = None, host: str | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Return circuits of a tenant as the API shows them: those that are not closed first, then what changed last."""
    now_ms = ask_time()
    rows = scoped(Circuit.objects.all(), tenant).order_by(F("open_until_ms").desc(nulls_last=True), "-changed_at_ms", "-pk")
    named = {name: value for name, value in (("skill", skill), ("host", host)) if value is not None}
    found = rows.filter(**named) if state is None else rows.filter(_is(state, now_ms), **named)
    return [circuit_json(row, now_ms) for row in found[:limit]]


def _is(state: CircuitState, now_ms: int) -> Q:
    """Return the condition under which rows are in a state."""
    return {
        "closed": Q(open_until_ms__isnull=True),
        "open": Q(open_until_ms__gt=now_ms),
        "half_open": Q(open_until_ms__lte=now_ms),
    }[state]


def circuit_json(row: Circuit, now_ms: int) -> dict[str, Any]:
    """Return a circuit as the API shows it at an instant."""
    standing = _standing_of(row)
    state = state_of(standing, now_ms)
    trial = standing.trial_until_ms
    return {
        "scope": _key_of(row).label,
        "skill": row.skill,
        "host": row.host,
        "state": state,
        "failures": row.failures,
        "limit": settings.CIRCUIT_FAILURES,
        "openings": row.openings,
        "open_until_at": instant_of_ms_or_none(row.open_until_ms),
        "trial_until_at": instant_of_ms_or_none(trial if state == "half_open" and trial is not None and now_ms < trial else None),
        "last_code": row.last_code or None,
        "changed_at": instant_of_ms(row.changed_at_ms),
    }


def reset(*, tenant: Any, skill: str, host: str, reason: str, by: str) -> dict[str, Any]:
    """Close a circuit by hand. Raises Refusal NOT_FOUND where there is none, alike for another tenant's."""
    reason = " ".join(reason.split())
    if not is_reason(reason, SHORTEST_REASON):
        detail = f"say why, in {SHORTEST_REASON} to {LONGEST_REASON} characters"
        fault = {"pointer": "/reason", "code": "SCHEMA_VALIDATION_FAILED", "detail": detail}
        raise Refusal("SCHEMA_VALIDATION_FAILED", detail, errors=[fault])
    with transaction.atomic():
        key = Key(tenant.pk, skill, host)
        row = None if "\x00" in skill + host else _locked([key]).get(key)
        if row is None:
            raise not_found("circuit")
        before, now_ms = state_of(_standing_of(row), ask_time()), ask_time()
        _write({key: row}, {key: CLOSED._replace(openings=row.openings, last_code=row.last_code)}, now_ms)
        audit.record(tenant, "circuit.reset", key.label, by=by, before={"state": str(before)}, reason=reason)
    log.info("circuit.reset", extra={"scope": key.label, "tenant_id": tenant.pk, "was": before, "by": by[:200], "reason": reason})
    return circuit_json(row, now_ms)


def open_circuits() -> int:
    """Return how many circuits let nothing through, or one trial at a time, over all tenants."""
    return Circuit.objects.filter(open_until_ms__isnull=False).count()


def open_until_ms(tenant_id: int) -> dict[str, int]:
    """Return until when each circuit of a tenant (a row id) that is not closed lets nothing through, by its label."""
    rows = Circuit.objects.filter(tenant_id=tenant_id)
    return {_key_of(row).label: row.open_until_ms for row in rows if row.open_until_ms is not None}


def forget_old() -> int:
    """Forget circuits that hold nothing back and were not touched for a day; return how many."""
    now_ms = ask_time()
    is_over = Q(open_until_ms__isnull=True) | Q(open_until_ms__lt=now_ms)
    return Circuit.objects.filter(is_over, changed_at_ms__lt=now_ms - FORGET_AFTER_MS).delete()[0]
