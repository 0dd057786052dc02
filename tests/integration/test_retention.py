"""Retention on real runs: what goes, when, in which order, what stays, and that nothing else is touched."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as project
from django.db import connection, transaction
from django.utils import timezone

from agents.models import LedgerEntry, StoredAnswer
from catalog.models import FailureMatch
from runs import selectors, services
from runs.housekeeping import retention
from runs.housekeeping.retention import Removed, remove_due, what_is_due
from runs.housekeeping.stored import TABLES
from runs.invariants import check_all
from runs.models import Kept, LostHold, Outbox, Run, RunEvent, Session, Signal, StepSummary
from runs.shell.tombstones import is_tombstone, read
from skills.ids import new_id
from skills.refusal import Refusal
from tests.integration.workshop import Workshop, a_worker, assert_is_whole, chain, in_another_thread, now, over, parked, step, trace

NOW = datetime.now(UTC)
CANARY = "canary-of-a-customer"
DAYS: dict[str, int | None] = {"payload": 10, "event": 20, "effect": 30, "run": 40, "operational": None}


@pytest.fixture(autouse=True)
def days(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RETENTION_DAYS = DAYS
    monkeypatch.setattr(retention, "REST_SECONDS", 0)


@pytest.fixture
def run(workshop: Workshop, tmp_path: Path) -> Run:
    """Return a run that has ended and left something of everything: an answer, a failure, an effect, money."""
    steps = chain(
        step("ask", "asks", question=CANARY),
        step("say", "say", said=CANARY),
        step("flaky", "fails", code="TIMEOUT", until_attempt=2, message=CANARY),
        step("pay", "costly", worst=9, cost=7),
        step("write", "append_line", witness=str(tmp_path / "witness")),
    )
    run = workshop.submit(*steps, inputs={"who": CANARY}, budget_micro_usd=100, idempotency_key="once")
    with a_worker():
        parked(run, "input")
        workshop.decide(run, "ask", "answer", value={"text": CANARY})
        assert over(run).status == "succeeded"
    return aged(run, 1)


def aged(run: Run, days: float) -> Run:
    """Let a run have ended so many days before NOW."""
    Run.objects.filter(pk=run.pk).update(finished_at=NOW - timedelta(days=days))
    return now(run)


def took(removed: list[Removed]) -> dict[str, dict[str, int]]:
    """Return what went by class, without what did not."""
    rows = {each.name: {table: count for table, count in each.rows.items() if count} for each in removed}
    return {name: tables for name, tables in rows.items() if tables}


def events_of(run: Run) -> list[RunEvent]:
    return list(RunEvent.objects.filter(run_id=run.pk).order_by("seq"))


def _copied_fields() -> list[Any]:
    own = ("id", "public_id", "idempotency_key")
    return [field for field in Run._meta.concrete_fields if field.name not in own and not field.generated]


def copies(run: Run, count: int) -> list[Run]:
    """Return copies of a run with journals of their own."""
    fields = {field.attname: getattr(run, field.attname) for field in _copied_fields()}
    made = [Run.objects.create(**fields) for _ in range(count)]
    columns = ("seq", "kind", "step", "attempt", "at_ms", "data")
    rows = [{name: getattr(event, name) for name in columns} for event in events_of(run)]
    RunEvent.objects.bulk_create(RunEvent(run_id=each.pk, **row) for each in made for row in rows)
    return made


def everything() -> dict[str, list[Any]]:
    """Return all rows of all tables."""
    models = [model for app in ("runs", "catalog", "agents") for model in apps.get_app_config(app).get_models()]
    return {model._meta.label: sorted(model._default_manager.values_list(), key=str) for model in models}


# Stages


# How many days ago a run ended, and what is then left of it; None: nothing.
STEPS_DOWN: list[tuple[float, Kept | None]] = [
    (9.99, Kept.EVERYTHING),
    (10, Kept.EVERYTHING),
    (10.01, Kept.EVENTS),
    (19.99, Kept.EVENTS),
    (20.01, Kept.EFFECTS),
    (29.99, Kept.EFFECTS),
    (30.01, Kept.ROW),
    (39.99, Kept.ROW),
    (40.01, None),
]


def kept_of(runs: list[Run]) -> list[str | None]:
    found = dict(Run.objects.values_list("pk", "kept"))
    return [found.get(run.pk) for run in runs]


def test_it_takes_a_run_down_by_its_age(workshop: Workshop, run: Run) -> None:
    runs = [aged(copy, age) for copy, (age, _) in zip(copies(run, len(STEPS_DOWN)), STEPS_DOWN, strict=True)]
    remove_due(NOW)
    assert kept_of(runs) == [kept for _, kept in STEPS_DOWN]
    remove_due(NOW)
    assert kept_of(runs) == [kept for _, kept in STEPS_DOWN]


def test_it_keeps_for_ever_what_has_no_days(workshop: Workshop, run: Run, settings: Any) -> None:
    stages, left_before = ["payload", "event", "effect", "run"], [Kept.EVERYTHING, Kept.EVENTS, Kept.EFFECTS, Kept.ROW]
    for place, (name, left) in enumerate(zip(stages, left_before, strict=True)):
        settings.RETENTION_DAYS = {**DAYS, **dict.fromkeys(stages[place:])}
        [old] = copies(run, 1)
        aged(old, 10_000)
        removed = took(remove_due(NOW))
        assert kept_of([old]) == [left]
        assert set(removed) == set(stages[:place]), name
        RunEvent.objects.filter(run_id=old.pk).delete()
        old.delete()


def test_it_removes_the_payload_and_leaves_the_story(workshop: Workshop, run: Run) -> None:
    before, told = events_of(run), trace(run)
    hashes = (run.behaviour_hash, run.content_hash, run.spent_micro_usd)
    aged(run, 11)
    assert CANARY in str(everything())
    assert took(remove_due(NOW)) == {"payload": {"runs_runevent": len(before), "runs_signal": 1}}
    kept_elsewhere = {name: rows for name, rows in everything().items() if name != "catalog.FailureMatch"}
    assert CANARY not in str(kept_elsewhere)
    after = events_of(run)
    assert [(e.seq, e.kind, e.step, e.attempt, e.at_ms) for e in after] == [(e.seq, e.kind, e.step, e.attempt, e.at_ms) for e in before]
    for then, left in zip(before, after, strict=True):
        stone, text = read(left.data).removed, then.data.encode()
        assert (stone.rule, stone.sha256, stone.bytes) == ("payload", hashlib.sha256(text).hexdigest(), len(text))
    run = now(run)
    assert (run.behaviour_hash, run.content_hash, run.spent_micro_usd) == hashes
    assert (run.kept, run.removed_at, run.goal) == (Kept.EVENTS, NOW, "")
    assert told["run"]["status"] == run.status


def test_it_still_tells_how_the_run_went(workshop: Workshop, run: Run) -> None:
    before = trace(run)
    aged(run, 11)
    remove_due(NOW)
    after = trace(run)
    shown = ("step_id", "skill", "version", "status", "cost_micro_usd", "started_at_ms", "finished_at_ms")
    steps = [s for s in before["steps"] if not s["step_id"].startswith("$")]
    assert [[s[name] for name in shown] for s in after["steps"]] == [[s[name] for name in shown] for s in steps]
    calls = ("attempt", "skill", "started_at_ms", "finished_at_ms", "status", "code", "cost_micro_usd", "retry_due_ms")
    tried = {s["step_id"]: [[a[name] for name in calls] for a in s["attempts"]] for s in steps}
    assert {s["step_id"]: [[a[name] for name in calls] for a in s["attempts"]] for s in after["steps"]} == tried
    assert [(d["seq"], d["kind"], d["rule"], d["step_id"]) for d in after["decisions"]] == [
        (d["seq"], d["kind"], d["rule"], d["step_id"]) for d in before["decisions"]
    ]
    assert after["side_effects"] == before["side_effects"]
    assert [e["kind"] for e in after["events"]] == [e["kind"] for e in before["events"]]
    assert before["removed"] is None
    assert after["removed"].startswith("payload removed on ")


@pytest.fixture
def taken_from(run: Run) -> list[Run]:
    """Return the run without its payload, a copy without its journal, and a copy without its effects."""
    runs = [aged(each, age) for each, age in zip([run, *copies(run, 2)], (11, 21, 31), strict=True)]
    remove_due(NOW)
    return [now(each) for each in runs]


@pytest.mark.parametrize("what", ["journal", "payload"])
def test_it_says_that_something_was_removed_instead_of_diverging(workshop: Workshop, taken_from: list[Run], what: str) -> None:
    for run in taken_from[:1] if what == "payload" else taken_from[1:]:
        refuses_to_repeat(workshop, run, f"{what} removed on 2")


def refuses_to_repeat(workshop: Workshop, run: Run, said: str) -> None:
    who = {"principal": workshop.alice, "run_id": run.public_id}
    asked: list[Callable[[], Any]] = [
        lambda: services.replay_run(**who, mode="verify"),
        lambda: services.replay_run(**who, mode="tape"),
        lambda: services.rerun_run(**who),
        lambda: selectors.explain_json(tenant=run.tenant, run_id=run.public_id),
    ]
    for ask in asked:
        with pytest.raises(Refusal, match=said) as refused:
            ask()
        assert (refused.value.code, refused.value.status) == ("NOT_FOUND", 410)


def test_it_ends_the_stream_of_events_whatever_is_left(taken_from: list[Run]) -> None:
    for run in taken_from:
        page = selectors.events_json(tenant=run.tenant, run_id=run.public_id, after=0, limit=1_000)
        assert page["terminal"] is True
        assert [event["seq"] for event in page["data"]] == [event.seq for event in events_of(run)]
        assert all(event["removed"]["rule"] == "payload" for event in page["data"])


def test_it_keeps_effects_longer_than_the_journal_that_tells_them(workshop: Workshop, run: Run) -> None:
    effects = trace(run)["side_effects"]
    assert len(effects) == 1
    aged(run, 21)
    remove_due(NOW)
    assert [event.step for event in events_of(run)] == ["write"]
    assert trace(run)["side_effects"] == effects
    assert FailureMatch.objects.filter(run_id=run.pk).count() == 1
    assert not StepSummary.objects.filter(run=run).exists()
    assert not Outbox.objects.filter(run=run).exists()
    aged(run, 31)
    remove_due(NOW)
    assert events_of(run) == []
    assert not FailureMatch.objects.filter(run_id=run.pk).exists()
    assert now(run).kept == Kept.ROW


def test_it_keeps_money_for_ever(workshop: Workshop, run: Run) -> None:
    before = list(LedgerEntry.objects.values_list())
    assert before
    aged(run, 10_000)
    remove_due(NOW)
    assert not Run.objects.exists()
    assert list(LedgerEntry.objects.values_list()) == before


def test_it_keeps_a_parent_until_its_reruns_are_gone(workshop: Workshop) -> None:
    parent = workshop.submit(step("one", "say"))
    with a_worker():
        over(parent)
        child, _ = services.rerun_run(principal=workshop.alice, run_id=parent.public_id)
        over(child)
    aged(parent, 50)
    aged(child, 39)
    remove_due(NOW)
    assert set(Run.objects.values_list("pk", "kept")) == {(parent.pk, Kept.ROW), (child.pk, Kept.ROW)}
    aged(child, 41)
    remove_due(NOW)
    assert not Run.objects.exists()


def test_it_answers_a_repeated_request_by_the_same_run_until_the_payload_goes_and_for_seven_days(workshop: Workshop, run: Run) -> None:
    again = {"principal": workshop.alice, "agent_ref": workshop.agent.public_id, "plan": {"steps": [step("one", "say")]}}
    assert services.submit(**again, idempotency_key="once") == (run, False)
    aged(run, 11)
    remove_due(NOW)
    assert (now(run).kept, services.submit(**again, idempotency_key="once")) == (Kept.EVENTS, (run, False))
    Run.objects.filter(pk=run.pk).update(created_at=NOW - timedelta(days=8))
    aged(run, 21)
    remove_due(NOW)
    fresh, created = services.submit(**again, idempotency_key="once")
    assert created
    assert fresh != run


# What it never touches


@pytest.mark.parametrize("status", ["queued", "running", "waiting"])
@pytest.mark.parametrize("finished", [False, True], ids=["", "with an end by mistake"])
def test_it_never_touches_a_run_that_is_not_over(workshop: Workshop, status: str, finished: bool) -> None:
    run = workshop.submit(step("one", "say", said=CANARY))
    ended = NOW - timedelta(days=10_000) if finished else None
    Run.objects.filter(pk=run.pk).update(status=status, finished_at=ended, created_at=NOW - timedelta(days=10_000))
    before = everything()
    assert took(what_is_due(NOW)) == {}
    assert took(remove_due(NOW)) == {}
    assert everything() == before


def test_it_takes_nothing_of_a_run_a_worker_holds_and_disturbs_none(workshop: Workshop, run: Run) -> None:
    old = [aged(each, 50) for each in copies(run, 20)]
    with a_worker():
        live = [workshop.submit(step("one", "sleepy", ms=50), step("two", "say", said=CANARY)) for _ in range(20)]
        remove_due(NOW)
        for each in live:
            assert_is_whole(workshop, over(each))
    assert not Run.objects.filter(pk__in=[each.pk for each in old]).exists()


@pytest.mark.parametrize("batch", [3, 1_000], ids=["cut off in the middle", "to the end"])
def test_it_breaks_nothing_that_must_always_be_true(run: Run, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(retention, "BATCH", batch)
    aged(run, 31)
    while now(run).kept != Kept.ROW:
        remove_due(NOW, stop_after_a_batch())
        assert [found for found in check_all() if not found.held] == []


# Dry runs, pieces, and each other


def test_it_says_beforehand_exactly_what_will_go_and_changes_nothing(workshop: Workshop, run: Run) -> None:
    for old, age in zip([run, *copies(run, 3)], (11, 21, 31, 41), strict=True):
        aged(old, age)
    before = everything()
    due = what_is_due(NOW)
    assert everything() == before
    removed = remove_due(NOW)
    assert set(took(due)) == {"payload", "event", "effect", "run"}
    assert took(due) == took(removed)
    assert [(each.name, each.runs) for each in due] == [(each.name, each.runs) for each in removed]


def stop_after_a_batch() -> Callable[[], bool]:
    """Return what tells a removal to stop as soon as it has changed something."""
    before = everything()
    return lambda: everything() != before


def test_it_goes_on_where_it_was_cut_off(workshop: Workshop, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    aged(run, 31)
    whole = took(what_is_due(NOW))
    taken: list[dict[str, dict[str, int]]] = []
    halves = 0
    while now(run).kept != Kept.ROW:
        taken.append(took(remove_due(NOW, stop_after_a_batch())))
        assert sum(sum(tables.values()) for tables in taken[-1].values()) <= 3, "a transaction took more"
        if is_half_buried(run):
            halves += 1
            refuses_to_repeat(workshop, run, "payload removed on")
            assert CANARY not in str(trace(run)["events"])
    assert halves > 2, "it was never cut off"
    assert added_up(taken) == whole


def is_half_buried(run: Run) -> bool:
    buried = {is_tombstone(event.data) for event in events_of(run)}
    return len(buried) == 2


def added_up(parts: list[dict[str, dict[str, int]]]) -> dict[str, dict[str, int]]:
    total: dict[str, dict[str, int]] = {}
    for part in parts:
        for name, tables in part.items():
            for table, count in tables.items():
                total.setdefault(name, {}).setdefault(table, 0)
                total[name][table] += count
    return total


def test_it_takes_all_of_a_batch_or_nothing(workshop: Workshop, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    aged(run, 11)
    before = everything()

    class Cut(BaseException):
        """The process is killed."""

    def cut(*_: Any) -> int:
        raise Cut

    payload = retention.STAGES[0]
    killed = retention.Part("runs_signal", payload.parts[1].count, cut)
    monkeypatch.setattr(retention, "STAGES", (retention.Stage("payload", "", payload.takes, payload.leaves, (payload.parts[0], killed)),))
    with pytest.raises(Cut):
        remove_due(NOW)
    assert everything() == before


def test_it_bears_another_removal_at_the_same_time(workshop: Workshop, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 7)
    monkeypatch.setattr(retention, "RUNS_AT_ONCE", 3)
    for each in copies(run, 12):
        aged(each, 21)
    whole, taken = took(what_is_due(NOW)), []
    for thread in [in_another_thread(lambda: taken.append(took(remove_due(NOW)))) for _ in range(3)]:
        thread.join(60)
    assert len(taken) == 3, "one of them failed"
    assert added_up(taken) == whole


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks no rows; its one writer stands in line")
def test_it_passes_by_a_run_somebody_else_has_locked(workshop: Workshop, run: Run) -> None:
    first, second = (aged(each, 11) for each in copies(run, 2))
    with transaction.atomic():
        Run.objects.select_for_update().get(pk=first.pk)
        in_another_thread(lambda: remove_due(NOW)).join(30)
        assert (now(first).kept, now(second).kept) == (Kept.EVERYTHING, Kept.EVENTS)


# What the machinery leaves behind


def test_it_removes_what_the_machinery_no_longer_needs(workshop: Workshop, settings: Any) -> None:
    settings.RETENTION_DAYS = dict.fromkeys(DAYS) | {"operational": 5}
    run = workshop.submit(step("one", "say"))
    for at in (NOW - timedelta(days=5.01), NOW - timedelta(days=4.99)):
        leave_behind(run, at)
    due, removed = took(what_is_due(NOW)), took(remove_due(NOW))
    tables = {"runs_losthold": 1, "runs_session": 2, "runs_signal": 1, "runs_outbox": 1, "django_q_task": 1, "django_session": 1}
    assert due == removed == {"operational": tables}
    assert sorted(Session.objects.values_list("state", flat=True)) == ["dead", "ended", "live", "live"], "the live are for the reaper"
    assert Signal.objects.filter(consumed_seq=None).count() == 2, "nobody has heard them yet"
    assert Outbox.objects.filter(delivered_at=None).count() == 2
    assert took(remove_due(NOW)) == {}


def leave_behind(run: Run, at: datetime) -> None:
    """Have one row of each kind that was over at an instant, and one of each that is not."""
    for state in ("ended", "dead", "live"):
        ended_ms = round(at.timestamp() * 1_000)
        session = Session.objects.create(host="there", pid=1, state=state, started_at_ms=1, lease_until_ms=ended_ms)
        if state == "dead":
            LostHold.objects.create(session_id=session.pk, run_id=run.pk, last_seq=1)
    for seq in (None, 3):
        signal = Signal.objects.create(run=run, kind="cancel_requested", data="{}", consumed_seq=seq)
        Signal.objects.filter(pk=signal.pk).update(created_at=at)
    for delivered_at in (None, at):
        Outbox.objects.create(tenant=run.tenant, run=run, topic="t", data="", delivered_at=delivered_at)
    task, sign_in = apps.get_model("django_q", "Task"), apps.get_model("sessions", "Session")
    task._default_manager.create(id=new_id("tsk")[:32], name="t", func="f", started=at, stopped=at, success=False)
    sign_in._default_manager.create(session_key=new_id("s")[:40], session_data="", expire_date=at)


def test_it_keeps_answers_to_repeated_requests_as_long_as_they_are_promised(workshop: Workshop, settings: Any) -> None:
    settings.RETENTION_DAYS = dict.fromkeys(DAYS) | {"operational": 1}
    for days in (6, 8):
        answer = StoredAnswer.objects.create(tenant=workshop.tenant, key=str(days), fingerprint="", status=201)
        StoredAnswer.objects.filter(pk=answer.pk).update(created_at=timezone.now() - timedelta(days=days))
    remove_due()
    assert [answer.key for answer in StoredAnswer.objects.all()] == ["6"]


def test_it_classifies_every_table_that_grows() -> None:
    known = {table for tables in TABLES.values() for table in tables}
    few = {"agents_tenant", "agents_membership", "agents_apikey", "agents_serviceaccount", "agents_agent"}
    few |= {"catalog_catalogentry", "runs_tenantqueue"}
    few |= {"runs_skillhistory", "runs_learningmark", "runs_tracemark"}
    ours = {m._meta.db_table for app in ("runs", "catalog", "agents") for m in apps.get_app_config(app).get_models()}
    assert ours - known - few == set()
    assert project.RETENTION_DAYS.keys() == DAYS.keys()
