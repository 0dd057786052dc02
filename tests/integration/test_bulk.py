"""One action over many runs: looked at, begun, worked off a few at a time, taken over from the dead, stopped in the middle."""

from __future__ import annotations

from contextvars import copy_context
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents import audit
from agents.models import ApiKey, Membership, Role, Tenant
from agents.services import create_agent
from agents.tenancy import SCOPES, Principal, create_key
from runs.bulk import carrying_on
from runs.bulk.aborting import abort
from runs.bulk.actions import ACTIONS, verdict_of
from runs.bulk.beginning import begin
from runs.bulk.carrying_on import carry_on, is_wanted
from runs.bulk.choosing import chosen_by
from runs.bulk.contracts import BulkFilter
from runs.bulk.previewing import preview
from runs.housekeeping.schedules import carry_on_bulk
from runs.models import BulkOperation, Run, RunStatus, Signal
from runs.shell.crash_points import armed
from skills.refusal import Refusal
from tests.integration.workshop import Workshop, as_person, step

REASON = "the order was withdrawn"
ONE = step("one", "say", said="hello")


class Killed(BaseException):
    """The worker's process ends here."""


def some(workshop: Workshop, number: int, **fields: Any) -> list[Run]:
    """Return so many runs that were accepted, as they stand in the fields."""
    runs = [workshop.submit(ONE) for _ in range(number)]
    if fields:
        Run.objects.filter(pk__in=[run.pk for run in runs]).update(**fields)
    return runs


def begun(workshop: Workshop, action: str = "cancel", *, who: Principal | None = None, **wanted: Any) -> BulkOperation:
    options = {name: wanted.pop(name) for name in ("expected", "options", "user_id") if name in wanted}
    chosen = chosen_by(workshop.tenant, BulkFilter(**(wanted or {"status": "queued"})))
    return begin(principal=who or workshop.alice, action=action, chosen=chosen, reason=REASON, **{"expected": 1_000, **options})


def told() -> list[int]:
    return list(Signal.objects.order_by("pk").values_list("run_id", flat=True))


def lease_is_over() -> None:
    BulkOperation.objects.update(taken_until=timezone.now() - timedelta(seconds=1))


def now(row: BulkOperation) -> BulkOperation:
    row.refresh_from_db()
    return row


def stands(row: BulkOperation) -> tuple[str, int, int, int]:
    now(row)
    return row.state, row.position, row.succeeded, row.refused


# What becomes of a run by how it stands: action, status, what it waits for, what holds it, and whether it is refused

STANDING = [
    ("cancel", "queued", "", "", False, "stops for good"),
    ("cancel", "running", "", "", False, "stops for good"),
    ("cancel", "waiting", "approval", "", False, "stops for good"),
    ("cancel", "waiting", "paused", "tenant:1", False, "stops for good"),
    ("cancel", "succeeded", "", "", True, "never changes"),
    ("cancel", "dead_lettered", "", "", True, "the run is dead lettered"),
    ("pause", "running", "", "", False, "starts no further step"),
    ("pause", "waiting", "paused", "", False, "is paused already"),
    ("pause", "cancelled", "", "", True, "never changes"),
    ("resume", "waiting", "paused", "", False, "goes on"),
    ("resume", "waiting", "paused", "tenant:1", False, "held by a freeze"),
    ("resume", "running", "", "", False, "is not paused"),
    ("resume", "failed", "", "", True, "never changes"),
    ("rerun", "failed", "", "", False, "done again"),
    ("rerun", "succeeded", "", "", False, "done again"),
    ("rerun", "queued", "", "", True, "only runs that have ended"),
    ("rerun", "waiting", "approval", "", True, "only runs that have ended"),
]


@pytest.mark.parametrize(("action", "status", "waiting_for", "blocked_by", "is_refused", "words"), STANDING)
def test_what_becomes_of_a_run_goes_by_how_it_stands(
    action: str, status: str, waiting_for: str, blocked_by: str, is_refused: bool, words: str
) -> None:
    verdict = verdict_of(ACTIONS[action], status, waiting_for, blocked_by)
    assert verdict.is_refused == is_refused
    assert words in verdict.words


# Choosing


NARROW: list[tuple[dict[str, Any], int]] = [
    ({"status": "failed"}, 2),
    ({"status": "failed", "failure_code": "TIMEOUT"}, 1),
    ({"agent": "worker"}, 4),
    ({"agent": "nobody"}, 0),
    ({"status": "waiting", "waiting_for": "approval"}, 1),
    ({"created_after": timezone.now() - timedelta(days=1)}, 4),
    ({"created_after": timezone.now() + timedelta(days=1)}, 0),
    ({"status": "queued", "created_before": timezone.now() - timedelta(days=1)}, 0),
]


def test_a_filter_means_the_runs_that_meet_all_of_it(quiet_workshop: Workshop) -> None:
    one, two, three, _ = some(quiet_workshop, 4)
    Run.objects.filter(pk__in=[one.pk, two.pk]).update(status="failed")
    Run.objects.filter(pk=one.pk).update(failure_code="TIMEOUT")
    Run.objects.filter(pk=three.pk).update(status="waiting", waiting_for="approval")
    for wanted, number in [*NARROW, ({"run_ids": [one.public_id, two.public_id]}, 2)]:
        assert chosen_by(quiet_workshop.tenant, BulkFilter(**wanted)).rows.count() == number, wanted


@pytest.mark.parametrize("wanted", [{}, {"created_before": timezone.now()}], ids=["nothing", "all until now"])
def test_an_empty_filter_is_refused(quiet_workshop: Workshop, wanted: dict[str, Any]) -> None:
    with pytest.raises(Refusal, match="the filter is empty") as caught:
        chosen_by(quiet_workshop.tenant, BulkFilter(**wanted))
    assert (caught.value.status, caught.value.suggestions != []) == (422, True)


def test_none_and_too_many_are_refused(quiet_workshop: Workshop, settings: Any) -> None:
    with pytest.raises(Refusal, match="no run meets the filter"):
        begun(quiet_workshop, status="failed")
    settings.BULK_MOST_RUNS = 2
    some(quiet_workshop, 3)
    with pytest.raises(Refusal, match="more than 2 runs meet the filter") as caught:
        begun(quiet_workshop)
    assert "Narrow it" in caught.value.suggestions[0]
    assert not BulkOperation.objects.exists()


# Expected, found, and what is said about it
EXPECTED = [
    (None, 20, ""),
    (None, 21, "21 runs meet the filter: say so"),
    (21, 21, ""),
    (22, 21, ""),
    (20, 21, "by now, not 20"),
    (1, 2, "by now"),
]


@pytest.mark.parametrize(("expected", "found", "refused"), EXPECTED)
def test_above_twenty_one_says_how_many(quiet_workshop: Workshop, expected: int | None, found: int, refused: str) -> None:
    some(quiet_workshop, found)
    if not refused:
        assert begun(quiet_workshop, expected=expected).total == found
        return
    with pytest.raises(Refusal, match=refused):
        begun(quiet_workshop, expected=expected)


def test_the_runs_are_fixed_when_it_begins_and_no_rivals_are_among_them(quiet_workshop: Workshop) -> None:
    mine = some(quiet_workshop, 3)
    rival = Tenant.objects.create(slug="rival", name="Rival")
    theirs = Workshop(rival, create_agent(tenant=rival, name="worker"), as_person(rival, "eve"), as_person(rival, "mallory"))
    foreign = some(theirs, 2)
    row = begun(quiet_workshop, run_ids=[run.public_id for run in [*mine, *foreign]])
    later = some(quiet_workshop, 1)
    carry_on()
    assert stands(row) == ("finished", 3, 3, 0)
    assert set(told()) == {run.pk for run in mine}
    assert not {run.pk for run in [*foreign, *later]} & set(told())


def test_a_foreign_run_that_got_in_by_a_defect_is_left_alone(quiet_workshop: Workshop) -> None:
    some(quiet_workshop, 1)
    rival = Tenant.objects.create(slug="rival", name="Rival")
    theirs = Workshop(rival, create_agent(tenant=rival, name="worker"), as_person(rival, "eve"), as_person(rival, "mallory"))
    row = begun(quiet_workshop)
    BulkOperation.objects.update(run_ids=[some(theirs, 1)[0].pk])
    carry_on()
    assert stands(row) == ("finished", 1, 0, 1)
    assert now(row).faults == [{"run_id": "", "code": "NOT_FOUND", "detail": "the run was removed meanwhile"}]


# Looking first


def test_a_preview_says_how_they_stand_and_writes_nothing(quiet_workshop: Workshop) -> None:
    runs = some(quiet_workshop, 12, spent_micro_usd=5, reserved_micro_usd=2)
    Run.objects.filter(pk=runs[0].pk).update(status="succeeded")
    chosen = chosen_by(quiet_workshop.tenant, BulkFilter(agent="worker"))
    with CaptureQueriesContext(connection) as asked:
        seen = preview(principal=quiet_workshop.alice, action="cancel", chosen=chosen)
    assert len(asked) <= 3
    assert (seen["total"], seen["refused"], seen["needs_expected"]) == (12, 1, False)
    assert seen["by_status"] == [{"name": "queued", "runs": 11}, {"name": "succeeded", "runs": 1}]
    assert seen["by_agent"] == [{"name": "worker", "runs": 12}]
    assert seen["money"] == {"spent_micro_usd": 60, "reserved_micro_usd": 24}
    assert [first["run_id"] for first in seen["first"]] == [run.public_id for run in runs[:10]], "in the order they are taken"
    assert (seen["first"][0]["is_refused"], seen["first"][1]["detail"]) == (True, "stops for good")
    assert "created_before" in seen["filter"]
    assert not told()
    assert not BulkOperation.objects.exists()


def test_a_preview_looks_into_some_and_says_of_how_many_more(quiet_workshop: Workshop) -> None:
    some(quiet_workshop, 53, status="running")
    seen = preview(principal=quiet_workshop.alice, action="cancel", chosen=chosen_by(quiet_workshop.tenant, BulkFilter(status="running")))
    assert (seen["not_looked_into"], seen["effects"], seen["needs_expected"]) == (3, [], True)


# Working off


def test_three_hundred_runs_are_cancelled_once_each(quiet_workshop: Workshop) -> None:
    runs = some(quiet_workshop, 300)
    row = begun(quiet_workshop)
    assert is_wanted()
    carry_on_bulk()
    while is_wanted():
        carry_on_bulk()
    assert stands(row) == ("finished", 300, 300, 0)
    assert told() == [run.pk for run in runs], "the oldest first, each once"
    entry = audit.entries_of(quiet_workshop.tenant, action="run.cancel_requested").first()
    assert entry is not None
    assert (entry.actor, entry.reason) == ("alice", f"{REASON} ({row.public_id})")
    first = audit.entries_of(quiet_workshop.tenant, action="bulk.begin").get()
    assert (first.actor, first.reason, '"runs": 300' in first.after, '"queued"' in first.after) == ("alice", REASON, True, True)
    assert not is_wanted()


def test_what_is_refused_is_counted_by_code_and_the_others_go_on(quiet_workshop: Workshop) -> None:
    runs = some(quiet_workshop, 3)
    row = begun(quiet_workshop)
    Run.objects.filter(pk=runs[1].pk).update(status="succeeded")
    carry_on()
    assert stands(row) == ("finished", 3, 2, 1)
    assert now(row).refused_by_code == {"INVALID_INPUT": 1}
    assert [(fault["run_id"], fault["code"]) for fault in row.faults] == [(runs[1].public_id, "INVALID_INPUT")]
    assert told() == [runs[0].pk, runs[2].pk]


@pytest.mark.parametrize("where", ["signal.written", "signal.committed"])
@pytest.mark.parametrize("nth", [1, 7, 25])
def test_a_killed_workers_operation_is_taken_over_and_nothing_done_twice(quiet_workshop: Workshop, where: str, nth: int) -> None:
    runs = some(quiet_workshop, 30)
    row = begun(quiet_workshop)
    dies_at(where, nth)
    assert now(row).position == nth - 1, "the run it died over counts as not done"
    assert not is_wanted(), "its lease goes on for a while"
    assert carry_on() == 0
    lease_is_over()
    assert carry_on() == 30 - (nth - 1)
    assert stands(row) == ("finished", 30, 30, 0)
    assert told() == [run.pk for run in runs]


def test_a_killed_workers_rerun_makes_no_second_child(quiet_workshop: Workshop) -> None:
    runs = some(quiet_workshop, 5, status="failed")
    row = begun(quiet_workshop, "rerun", status="failed")
    dies_at("submit.committed", 3)
    lease_is_over()
    carry_on()
    assert stands(row) == ("finished", 5, 5, 0)
    children = Run.objects.filter(relation="rerun").order_by("pk")
    assert [(child.parent_id, child.created_by) for child in children] == [(run.pk, "alice") for run in runs]


def dies_at(where: str, nth: int) -> None:
    passed = 0

    def strike(name: str) -> None:
        nonlocal passed
        passed += name == where
        if name == where and passed == nth:
            raise Killed

    with armed(strike), pytest.raises(Killed):
        carry_on()


def test_who_was_thought_dead_and_comes_back_does_nothing_more(quiet_workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    some(quiet_workshop, 4)
    row = begun(quiet_workshop)
    slow = BulkOperation.objects.select_related("tenant").get()
    carry_on()
    assert stands(row) == ("finished", 4, 4, 0)
    monkeypatch.setattr(carrying_on, "_looked_at_again", lambda number: slow)
    copy_context().run(carrying_on._work_off, slow, lambda: False)
    assert stands(row) == ("finished", 4, 4, 0)
    assert len(told()) == 4, "what it did to a run was undone with its step"


def test_the_runs_of_one_that_breaks_are_stepped_over(quiet_workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = some(quiet_workshop, 3)
    row = begun(quiet_workshop)
    real = ACTIONS["cancel"].call

    def breaks(principal: Principal, run_id: str, *rest: Any) -> None:
        real(principal, run_id, *rest)
        if run_id == runs[1].public_id:
            raise ZeroDivisionError

    monkeypatch.setitem(ACTIONS, "cancel", ACTIONS["cancel"]._replace(call=breaks))
    carry_on()
    assert stands(row) == ("finished", 3, 2, 1)
    assert now(row).refused_by_code == {"INTERNAL_ERROR": 1}
    assert told() == [runs[0].pk, runs[2].pk], "nothing half done is left of it"


def test_it_waits_while_the_queue_is_full_and_goes_on(quiet_workshop: Workshop, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    some(quiet_workshop, 3, status="failed")
    row = begun(quiet_workshop, "rerun", status="failed")
    monkeypatch.setattr("runs.submission.QUEUE_COUNT_SECONDS", -1.0)
    settings.MAX_QUEUED_RUNS = 2
    assert carry_on() == 2
    assert stands(row) == ("running", 2, 2, 0)
    assert "2 runs are queued, at most 2 may be" in now(row).remark
    assert not is_wanted(), "not before a moment has passed"
    settings.MAX_QUEUED_RUNS = 10
    lease_is_over()
    carry_on()
    assert (stands(row), row.remark) == (("finished", 3, 3, 0), "")


def test_a_turn_ends_and_the_next_goes_on_there(quiet_workshop: Workshop) -> None:
    some(quiet_workshop, 45)
    row = begun(quiet_workshop)
    asked = iter([False, False, True, True])
    assert carry_on(stopped=lambda: next(asked)) == 20
    assert stands(row) == ("running", 20, 20, 0)
    assert is_wanted(), "it was let go of, and need not wait for the lease"
    assert carry_on() == 25


# Stopping


def test_it_is_aborted_before_the_next_few_runs(quiet_workshop: Workshop) -> None:
    some(quiet_workshop, 50)
    row = begun(quiet_workshop)
    count = 0

    def strike(name: str) -> None:
        nonlocal count
        count += name == "signal.written"
        if name == "signal.written" and count == 5:
            assert abort(principal=quiet_workshop.bob, bulk_id=row.public_id).state == "running", "its worker is at it"

    with armed(strike):  # type: ignore[arg-type] # it looks at two of the names
        assert carry_on() == 20
    assert stands(row) == ("aborted", 20, 20, 0)
    assert (now(row).remark, row.abort_asked_by) == ("stopped by bob", "bob")
    assert len(told()) == 20
    assert not is_wanted()
    assert audit.entries_of(quiet_workshop.tenant, action="bulk.abort").get().actor == "bob"


def test_one_nobody_is_at_is_aborted_at_once(quiet_workshop: Workshop) -> None:
    some(quiet_workshop, 2)
    row = begun(quiet_workshop)
    first, again = (abort(principal=quiet_workshop.bob, bulk_id=row.public_id) for _ in range(2))
    assert (first.state, again.state, again.finished_at == first.finished_at) == ("aborted", "aborted", True)
    assert carry_on() == 0
    assert not told()
    assert audit.entries_of(quiet_workshop.tenant, action="bulk.abort").count() == 1


def test_one_that_is_over_cannot_be_aborted(quiet_workshop: Workshop) -> None:
    some(quiet_workshop, 1)
    row = begun(quiet_workshop)
    carry_on()
    with pytest.raises(Refusal, match="the operation is over") as caught:
        abort(principal=quiet_workshop.alice, bulk_id=row.public_id)
    assert caught.value.status == 409
    assert not audit.entries_of(quiet_workshop.tenant, action="bulk.abort").exists()


def test_another_tenants_is_not_there(quiet_workshop: Workshop) -> None:
    some(quiet_workshop, 1)
    row = begun(quiet_workshop)
    rival = Tenant.objects.create(slug="rival", name="Rival")
    with pytest.raises(Refusal) as caught:
        abort(principal=as_person(rival, "eve"), bulk_id=row.public_id)
    assert caught.value.code == "NOT_FOUND"


# Rights


def revoked_role(user: User) -> None:
    Membership.objects.update(role=Role.VIEWER)


def no_member(user: User) -> None:
    Membership.objects.all().delete()


def switched_off(user: User) -> None:
    User.objects.update(is_active=False)


def closed(user: User) -> None:
    Tenant.objects.update(is_active=False)


@pytest.mark.parametrize("revoke", [revoked_role, no_member, switched_off, closed])
def test_a_person_who_may_not_any_more_stops_it_in_the_middle(quiet_workshop: Workshop, revoke: Any) -> None:
    user = User.objects.create_user("alice", is_staff=True)
    Membership.objects.create(user=user, tenant=quiet_workshop.tenant, role=Role.OPERATOR)
    some(quiet_workshop, 30)
    row = begun(quiet_workshop, user_id=user.pk)
    asked = iter([False, False, True, True])
    assert carry_on(stopped=lambda: next(asked)) == 20
    revoke(user)
    assert carry_on() == 0
    assert stands(row) == ("aborted", 20, 20, 0)
    assert now(row).remark == "alice may not do this any more"
    stop = audit.entries_of(quiet_workshop.tenant, action="bulk.stop").get()
    assert (stop.actor, stop.via, stop.reason) == ("alice", "worker", row.remark)


def test_a_key_that_was_revoked_stops_it(quiet_workshop: Workshop) -> None:
    key, _ = create_key(quiet_workshop.tenant, "ci", ["runs:write"])
    some(quiet_workshop, 2)
    who = Principal(tenant=quiet_workshop.tenant, name="key:ci", scopes=frozenset(SCOPES), key_id=key.public_id)
    row = begun(quiet_workshop, who=who)
    ApiKey.objects.update(revoked_at=timezone.now())
    assert carry_on() == 0
    assert stands(row) == ("aborted", 0, 0, 0)


def test_who_acted_before_acts_again_when_the_task_is_over(quiet_workshop: Workshop) -> None:
    some(quiet_workshop, 1)
    begun(quiet_workshop)

    def acting() -> str:
        audit.act_as("a command", via="command")
        carry_on()
        return audit.record(quiet_workshop.tenant, "freeze.lift").actor

    assert copy_context().run(acting) == "a command"


# Doing again


def test_effects_that_happened_are_asked_about(quiet_workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    some(quiet_workshop, 2, status=RunStatus.FAILED)
    monkeypatch.setattr("runs.again._effects_again", lambda plan: iter([_an_effect()]))
    chosen = chosen_by(quiet_workshop.tenant, BulkFilter(status="failed"))
    seen = preview(principal=quiet_workshop.alice, action="rerun", chosen=chosen)
    assert [effect["step_id"] for effect in seen["effects"]] == ["pay", "pay"]
    refused = begun(quiet_workshop, "rerun", status="failed")
    carry_on()
    assert stands(refused) == ("finished", 2, 0, 2)
    assert "effects that happened would be repeated: pay" in now(refused).faults[0]["detail"]
    agreed = begun(quiet_workshop, "rerun", status="failed", options={"repeat_effects": True, "versions": "current"})
    carry_on()
    assert stands(agreed) == ("finished", 2, 2, 0)
    assert Run.objects.filter(relation="rerun").count() == 2


def _an_effect() -> Any:
    from runs.contracts.proof import EffectAgain  # noqa: PLC0415 - one test needs it

    return EffectAgain(step_id="pay", skill="http_call 1.0.0", effect="external_write", targets=[], detail="its external write happened")
