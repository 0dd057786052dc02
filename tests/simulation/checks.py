"""What must hold after a seed, whatever happened in it."""

from __future__ import annotations

import bisect
from collections import Counter, defaultdict
from collections.abc import Iterator

from django.db import connection

from agents.models import LedgerScope
from runs.engine.decisions import Finish, Resolve, StartStep
from runs.engine.events import StepSucceeded
from runs.engine.virtual import Entry
from runs.invariants import check_all
from runs.models import Outbox, Run, Session
from runs.shell.reading.history import read_history
from skills.contracts import REPEATABLE_EFFECTS, Effect
from tests.engine.invariants import Watch
from tests.integration.workshop import Workshop
from tests.simulation.crowd import Crowd
from tests.simulation.skills import Called, Witness


def faults_of(workshop: Workshop, crowd: Crowd, witness: Witness, commits: list[tuple[int, int]]) -> list[str]:
    """Return what is wrong, in words; empty when all is well."""
    calls: dict[str, list[Called]] = defaultdict(list)
    for called in witness.calls:
        calls[called.run_id].append(called)
    faults = [*_accepted_faults(crowd), *_session_faults()]
    faults += [f"{checked.says} {breach}" for checked in check_all() for breach in checked.broken]
    for run in Run.objects.select_related("agent", "tenant").order_by("pk"):
        try:
            journal = read_history(run)
            found = [*_run_faults(workshop, run, journal), *_repeat_faults(run, journal, calls[run.public_id], commits)]
            found += _effect_faults(journal, witness)
        except Exception as error:  # noqa: BLE001 - what a check stumbles over is a finding too
            found = [f"{type(error).__name__}: {error}"]
        faults += [f"{run.public_id} ({run.status}): {fault}" for fault in found]
    return faults


def standing_faults() -> list[str]:
    """Return what must not be true at any moment, between any two transactions, and is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.public_id FROM runs_run r JOIN runs_signal s ON s.run_id = r.id"
            # One that rests after a crash may: it hears them when it is let back to work.
            " WHERE s.consumed_seq IS NULL AND r.status = 'waiting' AND r.crash_count = 0 LIMIT 1"
        )
        faults = [f"{run_id} is parked with a signal waiting for it" for (run_id,) in cursor.fetchall()]
        cursor.execute(
            "SELECT r.public_id FROM runs_run r LEFT JOIN runs_session s ON s.id = r.session_id"
            " WHERE r.status = 'running' AND (s.state IS NULL OR s.state <> 'live') LIMIT 1"
        )
        return faults + [f"{run_id} runs and nobody holds it" for (run_id,) in cursor.fetchall()]


def _accepted_faults(crowd: Crowd) -> Iterator[str]:
    there = set(Run.objects.values_list("public_id", flat=True))
    for run_id in crowd.accepted:
        if run_id not in there:
            yield f"{run_id} was accepted and is lost"


def _session_faults() -> Iterator[str]:
    for session in Session.objects.filter(state="live"):
        if Run.objects.filter(session_id=session.pk).exists():
            yield f"session {session.pk} still holds runs"


def _run_faults(workshop: Workshop, run: Run, journal: list[Entry]) -> Iterator[str]:
    if not run.is_terminal:
        yield f"never ended (waits for '{run.waiting_for}')"
        return
    state = Watch().follow(journal)
    ends = [seq for seq, (_, decisions) in enumerate(journal, start=1) if any(isinstance(d, Finish) for d in decisions)]
    if ends != [len(journal)]:
        yield f"it ended at {ends} of {len(journal)} events"
    said = (run.last_seq, run.status, run.steps_done, run.spent_micro_usd, run.session_id, run.wake_at_ms, run.waiting_for)
    meant = (len(journal), state.status, state.succeeded, state.spent_micro_usd, None, None, "")
    if said != meant:
        yield f"the row says {said}, the journal {meant}"
    told = Outbox.objects.filter(run=run).exclude(topic__in=("budget.alert", "run.waiting")).count()
    if told != 1:
        yield f"told {told} times that it ended"
    for mode in ("verify", "tape"):
        report = workshop.replay(run, mode)
        if not report["matched"]:
            yield f"{mode}: {report['divergence'] or report['invariants']}"
    scope = LedgerScope.objects.filter(kind="run", key=run.public_id).first()
    if scope is not None and (scope.spent_micro_usd, scope.reserved_micro_usd) != (run.spent_micro_usd, 0):
        yield f"the ledger says {scope.spent_micro_usd} spent, {scope.reserved_micro_usd} reserved; the run {run.spent_micro_usd}"


def _repeat_faults(run: Run, journal: list[Entry], calls: list[Called], commits: list[tuple[int, int]]) -> Iterator[str]:
    """Find calls that began after the success of their step was committed.

    A worker that thaws may still begin a free and pure one: it asks for no lease, because nobody can tell.
    """
    if not commits:
        return
    highest = [rowid for rowid, _ in commits]
    rowids = _rowids(run)
    for seq, (fact, _) in enumerate(journal, start=1):
        if isinstance(fact, StepSucceeded):
            event = commits[bisect.bisect_left(highest, rowids[seq])][1]
            for called in calls:
                if called.step_id == fact.step and called.event > event and called.effect is not Effect.NONE:
                    yield f"{fact.step} succeeded at event {event} and was called again at {called.event}"


def _rowids(run: Run) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq, rowid FROM runs_runevent WHERE run_id = %s", (run.pk,))
        return dict(cursor.fetchall())


def _effect_faults(journal: list[Entry], witness: Witness) -> Iterator[str]:
    """Find effects that must not happen twice and did, without anybody having said that the first one had not happened."""
    keys: dict[str, str] = {}
    denied = Counter[str]()
    for _, decisions in journal:
        for decision in decisions:
            if isinstance(decision, StartStep) and decision.effect not in REPEATABLE_EFFECTS:
                keys[decision.idempotency_key] = decision.step
            elif isinstance(decision, Resolve) and decision.answer == "did_not_happen":
                denied[decision.step] += 1
    for key, step in keys.items():
        if witness.effects[key] > 1 + denied[step]:
            yield f"{step} happened {witness.effects[key]} times, and {denied[step]} times it was said that it had not"
