"""The invariants: real runs of every kind break none, and each is found broken where a breach is seeded into their rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from agents.models import LedgerEntry, LedgerLot, LedgerScope, Tenant
from agents.services import create_agent
from catalog.models import FailureMatch
from runs import services
from runs.invariants import INVARIANTS, Checked, check, check_all
from runs.models import Charge, ChargeSum, LostHold, Run, RunEvent, Session, Signal
from runs.shell import sessions
from tests.fakes.llm_server import LlmServer, silent
from tests.integration.workshop import (
    Workshop,
    a_worker,
    chain,
    decided,
    now,
    over,
    parked,
    started,
    step,
    step_of,
    wait_for,
)

Story = dict[str, Run]
PARKED = {"gated": "approval", "insisted": "approval", "asking": "input", "timed": "timer", "short": "budget", "paused": "paused"}
SLOW = step("slow", "costly", worst=0, cost=0, first_ms=60_000)


# Real runs of every kind


def a_story(workshop: Workshop, tmp_path: Path, settings: Any) -> Story:
    """Return runs that went every way a run can go, by name."""
    settings.WORK_GRACE_SECONDS = 0.2
    told = _undisturbed(workshop, str(tmp_path / "w"))
    told |= _lost(workshop, str(tmp_path / "lost"), settings, told)
    told["queued"] = workshop.submit(step("one", "say"), idempotency_key="the key")
    told["running"] = workshop.submit(step("one", "say"))
    Run.objects.filter(pk=told["running"].pk).update(status="running", session_id=sessions.begin(60_000))
    return {name: now(run) for name, run in told.items()}


def _undisturbed(workshop: Workshop, witness: str) -> Story:
    """Runs that end or park with one worker, and one that is handed back."""
    costly = chain(*(step(f"s{n}", "costly", worst=40, cost=40) for n in range(3)))
    write = step("write", "append_line", witness=witness, approval="always")
    careful = create_agent(tenant=workshop.tenant, name="careful", profile={"approval_effects": ["write"]})
    instead = {"approval": "policy", "on_error": "fallback", "fallback_skill": "say", "fallback_params": {}}
    told = {
        "retried": workshop.submit(step("try", "fails", code="TIMEOUT", until_attempt=2)),
        "failed": workshop.submit(step("try", "fails", code="AUTHENTICATION_FAILED")),
        "for_each": workshop.submit(step("list", "say", said=[1, "\x00", 3]), _each("list")),
        "paid": workshop.submit(*costly, budget_micro_usd=100),
        "overrun": workshop.submit(step("dear", "costly", worst=10, cost=25), budget_micro_usd=20),
        "approved": workshop.submit(write, step("after", "say", "write")),
        "rejected": workshop.submit(write | instead, agent=careful),
        "asked_again": workshop.submit(write | instead | {"approval": "always"}),
        "cancelled": workshop.submit(write),
        "gated": workshop.submit(write),
        "insisted": workshop.submit(write),
        "asking": workshop.submit(step("ask", "asks", question="Which?")),
        "timed": workshop.submit(step("try", "fails", code="RATE_LIMITED", retry_after_ms=600_000)),
        "short": workshop.submit(*costly, budget_micro_usd=100),
        "paused": workshop.submit(step("one", "say")),
    }
    services.pause_run(principal=workshop.alice, run_id=told["paused"].public_id)
    with a_worker() as leave:
        _decide(workshop, told)
        for name, waits_for in PARKED.items():
            parked(told[name], waits_for)
        for name in ("retried", "failed", "for_each", "paid", "overrun", "approved", "rejected", "asked_again", "cancelled"):
            over(told[name])
        told["handed_back"] = workshop.submit(SLOW)
        started(told["handed_back"], "slow")
        leave()
    return told


def _each(list_step: str) -> dict[str, Any]:
    return step("each", "say", list_step, said="${item}", for_each=f"${{steps.{list_step}.result.said}}")


def _decide(workshop: Workshop, told: Story) -> None:
    parked(told["paid"], "budget")
    services.top_up_run(principal=workshop.alice, run_id=told["paid"].public_id, amount_micro_usd=30)
    for name, *verdicts in (("approved", "approve"), ("rejected", "reject"), ("asked_again", "reject", "approve")):
        for count, verdict in enumerate(verdicts, start=1):
            wait_for(lambda name=name, count=count: decided(told[name], "write").count("ask_approval") == count, "the question")
            parked(told[name], "approval")
            workshop.decide(told[name], "write", verdict, action_hash=step_of(told[name], "write")["action_hash"])
    parked(told["cancelled"], "approval")
    services.cancel_run(principal=workshop.alice, run_id=told["cancelled"].public_id)


def _lost(workshop: Workshop, witness: str, settings: Any, left: Story) -> Story:
    """Runs whose worker was lost in the midst of a call, a plan or a payment, and what became of them and of what was left."""
    profile = {"planner": {"name": "openai_compatible", "options": {"model": "m", "max_cost_per_call_micro_usd": 100}}}
    thinker = create_agent(tenant=workshop.tenant, name="thinker", profile=profile)
    paid, write = step("one", "costly", worst=40, cost=30, first_ms=60_000), step("one", "append_line", witness=witness, before_ms=60_000)
    with LlmServer() as server:
        server.script(silent(), silent())
        settings.LLM_PROVIDERS = {"openai_compatible": {"base_url": server.openai_url, "api_key": "key-for-tests"}}
        told = {
            "read_lost": workshop.submit(SLOW | {"step_id": "one"}),
            "paid_lost": workshop.submit(paid, budget_micro_usd=100),
            "paid_cancelled": workshop.submit(paid, budget_micro_usd=100),
            "poisoned": workshop.submit(paid, budget_micro_usd=100),
            "doubted": workshop.submit(write),
            "happened": workshop.submit(write),
            "planning_lost": workshop.submit(goal="Do something", agent=thinker),
        }
        with a_worker():
            for name, run in told.items():
                if name != "planning_lost":
                    started(run, "one")
            wait_for(lambda: server.requests, "the planner's question")
            Session.objects.filter(state="live").update(lease_until_ms=0)
            sessions.reap()
            assert {run.pk for run in told.values()} <= set(LostHold.objects.values_list("run_id", flat=True))
        Run.objects.filter(pk=told["poisoned"].pk).update(crash_count=settings.MAX_CRASHES + 1)
        told["unreadable"] = workshop.submit(step("one", "say"))
        RunEvent.objects.filter(run_id=told["unreadable"].pk).update(data='{"v": 1, "fact": {"kind": "run_invented"}}')
        Run.objects.filter(pk=told["unreadable"].pk).update(crash_count=settings.MAX_CRASHES + 1)
        for name in ("paid_cancelled", "paid_cancelled", "planning_lost"):
            services.cancel_run(principal=workshop.alice, run_id=told[name].public_id)
        workshop.decide(left["insisted"], "write", "approve", action_hash=step_of(left["insisted"], "write")["action_hash"])
        once = left["insisted"].signals.latest("pk")  # delivered twice: the second comes late
        Signal.objects.create(run=left["insisted"], kind=once.kind, data=once.data, actor=once.actor)
        with a_worker():
            for name in ("doubted", "happened"):
                parked(told[name], "in_doubt")
            workshop.decide(told["happened"], "one", "happened")
            for run in (left["handed_back"], left["insisted"], *(run for name, run in told.items() if name != "doubted")):
                over(run)
    return told


# Seeded breaches


@dataclass(frozen=True)
class Seed:
    """A breach: which invariant it breaks, in which run, and how."""

    breaks: str
    run: str
    sow: Callable[[Run], Any]


def columns(**changes: Any) -> Callable[[Run], Any]:
    """Return what changes columns of the run's row."""
    return lambda run: Run.objects.filter(pk=run.pk).update(**changes)


def events(run: Run) -> Any:
    return RunEvent.objects.filter(run_id=run.pk).order_by("seq")


def appended(
    kind: str, step_id: str = "", attempt: int = 0, decisions: tuple[dict[str, Any], ...] = (), **fact: Any
) -> Callable[[Run], Any]:
    """Return what adds an event to the end of the run's journal."""

    def append(run: Run) -> None:
        last = events(run).last()
        about = {"step": step_id, "attempt": attempt} if step_id else {}
        data = {
            "v": 1,
            "fact": {"kind": kind, "at_ms": last.at_ms, **about, **fact},
            "decisions": [{"rule": "seeded", **d} for d in decisions],
        }
        text = json.dumps(data, separators=(",", ":"))
        RunEvent.objects.create(
            run_id=run.pk, seq=last.seq + 1, kind=kind, step=step_id, attempt=attempt, session_id=1, at_ms=last.at_ms, data=text
        )
        Run.objects.filter(pk=run.pk).update(last_seq=last.seq + 1)

    return append


def rewritten(kind: str, old: str, new: str) -> Callable[[Run], Any]:
    """Return what changes the text of the run's events of a kind."""

    def rewrite(run: Run) -> None:
        for event in events(run).filter(kind=kind):
            assert old in event.data, event.data
            events(run).filter(seq=event.seq).update(data=event.data.replace(old, new))

    return rewrite


def without(kind: str) -> Callable[[Run], Any]:
    """Return what empties the run's events of a kind: they are there and say nothing."""
    return lambda run: (
        events(run).filter(kind=kind).update(kind="time_came", data='{"v":1,"fact":{"kind":"time_came","at_ms":1},"decisions":[]}')
    )


def of_lost_session(run: Run) -> None:
    """Let the session that lost the run write its last event."""
    lost = LostHold.objects.get(run_id=run.pk)
    events(run).filter(seq=now(run).last_seq).update(session_id=lost.session_id)


def shadowed(*statements: str) -> Callable[[Run], Any]:
    """Return what changes a copy of the runs that stands before the real table and has no constraint; %s is the run's row id."""

    def shadow(run: Run) -> None:
        schema = "public" if connection.vendor == "postgresql" else "main"
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMPORARY TABLE runs_run AS SELECT * FROM {schema}.runs_run")  # noqa: S608 - a constant
            for statement in statements:
                cursor.execute(statement, (run.pk,))

    return shadow


without_row = shadowed("DELETE FROM runs_run WHERE id = %s")


def scope_of(run: Run) -> Any:
    return LedgerScope.objects.filter(kind="run", key=run.public_id)


def entries_of(run: Run) -> Any:
    return LedgerEntry.objects.filter(scope__in=scope_of(run))


def lots_of(run: Run) -> Any:
    return LedgerLot.objects.filter(scope__in=scope_of(run))


def another_scope(run: Run) -> Any:
    """Return the scope of another run that spent something."""
    others = LedgerScope.objects.filter(kind="run", spent_micro_usd__gt=0).exclude(key=run.public_id)
    return LedgerScope.objects.filter(pk=others.latest("pk").pk)


def days_of(run: Run, kind: str) -> Any:
    """Return the scopes of days of the run's tenant, or of its agent."""
    key = run.tenant.public_id if kind == "tenant" else run.agent.public_id
    return LedgerScope.objects.filter(kind=kind, key=key, day__isnull=False)


def on_a_model(run: Run) -> None:
    LedgerLot.objects.create(scope=scope_of(run).get(), reference="x", model="m", day="2026-01-01", amount_micro_usd=1, open_micro_usd=1)


def held_by_nobody(run: Run) -> None:
    scope_of(run).update(reserved_micro_usd=1)
    without_row(run)


def unguarded(change: Callable[[Run], Any]) -> Callable[[Run], Any]:
    """Return what changes entries although the database refuses that: what guards them is taken away first."""

    def sow(run: Run) -> None:
        guards = ["ledger_refuse"] if connection.vendor == "postgresql" else ["ledger_refuse", "ledger_keep"]
        with connection.cursor() as cursor:
            for guard in guards:
                cursor.execute(f"DROP TRIGGER {guard}" + (" ON agents_ledgerentry" if connection.vendor == "postgresql" else ""))
        assert change(run)

    return sow


def uncharged(run: Run) -> None:
    """Take one charge of the run away, and what guards charges before."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER charge_refuse" + (" ON runs_charge" if connection.vendor == "postgresql" else ""))
    assert Charge.objects.filter(run_public_id=run.public_id).order_by("seq")[0].delete()[0]


def charged_again(run: Run) -> None:
    charge = Charge.objects.filter(run_public_id=run.public_id).order_by("seq")[0]
    charge.pk, charge.step = None, "another"
    charge.save(force_insert=True)


def summed_up_twice(run: Run) -> None:
    ChargeSum.objects.create(tenant=run.tenant, day="2026-11-01", cost_micro_usd=5, **dict.fromkeys(SUMMED, 1))


SUMMED = ("calls", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")


def matched_twice(run: Run) -> None:
    match = FailureMatch.objects.filter(run_id=run.pk).first()
    assert match is not None
    match.pk, match.public_id, match.seq = None, "fmt_twice", 1
    match.save(force_insert=True)


def unmatched(run: Run) -> None:
    assert FailureMatch.objects.filter(run_id=run.pk).delete()[0]


def expired_session(run: Run) -> None:
    Session.objects.filter(pk=now(run).session_id).update(lease_until_ms=1)


def start(step_id: str, attempt: int) -> dict[str, Any]:
    return {"kind": "start", "step": step_id, **({} if attempt == 1 else {"attempt": attempt})}


SEEDS = {
    "running in no session": Seed("runs_go_on", "running", columns(session_id=None)),
    "running in a session that ended": Seed(
        "runs_go_on", "running", lambda run: Session.objects.filter(pk=run.session_id).update(state="ended")
    ),
    "a timer without an instant": Seed("runs_go_on", "timed", columns(wake_at_ms=None)),
    "an approval that never expires": Seed("runs_go_on", "gated", columns(wake_at_ms=None)),
    "waiting for nobody knows what": Seed("runs_go_on", "short", columns(waiting_for="")),
    "waiting though somebody answered": Seed(
        "runs_go_on", "gated", lambda run: Signal.objects.create(run=run, kind="cancel_requested", data="{}")
    ),
    "over by its row only": Seed("ends_are_final", "gated", columns(status="succeeded", finished_at=timezone.now(), wake_at_ms=None)),
    "over by its journal only": Seed("ends_are_final", "retried", columns(status="queued", finished_at=None)),
    "another end in the row": Seed("ends_are_final", "retried", columns(status="failed")),
    "two ends": Seed("ends_are_final", "retried", appended("time_came", decisions=({"kind": "finish"},))),
    "a change after the end": Seed("ends_are_final", "retried", appended("resume_requested", decisions=({"kind": "resume"},))),
    "an end at no instant": Seed("ends_are_final", "retried", columns(finished_at=None)),
    "an end that will be woken": Seed("ends_are_final", "retried", columns(wake_at_ms=1)),
    "an event is missing": Seed("journals_are_whole", "retried", lambda run: events(run).filter(seq=2).delete()),
    "the first event is missing": Seed("journals_are_whole", "gated", lambda run: events(run).filter(seq=1).delete()),
    "the last event is missing": Seed("journals_are_whole", "running", lambda run: events(run).filter(seq=run.last_seq).delete()),
    "begun by something else": Seed("journals_are_whole", "queued", without("run_accepted")),
    "a row behind, with no worker at it": Seed("journals_are_whole", "retried", columns(last_seq=F("last_seq") - 1)),
    "a row ahead": Seed("journals_are_whole", "queued", columns(last_seq=2)),
    "a journal without a run": Seed("journals_are_whole", "retried", without_row),
    "one attempt started twice": Seed("starts_are_single", "handed_back", appended("time_came", decisions=(start("slow", 1),))),
    "two outcomes of an attempt": Seed("starts_are_single", "failed", appended("step_failed", "try", 1, code="TIMEOUT")),
    "a second success": Seed("starts_are_single", "retried", appended("step_succeeded", "try", 3, decisions=(start("other", 1),))),
    "a call after the success": Seed("starts_are_single", "retried", appended("time_came", decisions=(start("try", 3),))),
    "a call after it happened": Seed("starts_are_single", "happened", appended("time_came", decisions=(start("one", 2),))),
    "a success nobody started": Seed("starts_are_single", "queued", appended("step_succeeded", "one", 1)),
    "a lost worker wrote": Seed("fences_hold", "read_lost", of_lost_session),
    "somebody without a session wrote": Seed("fences_hold", "retried", lambda run: events(run).filter(seq=2).update(session_id=None)),
    "a row that spent more": Seed("spending_adds_up", "paid", columns(spent_micro_usd=F("spent_micro_usd") + 1)),
    "a call that cost more": Seed("spending_adds_up", "overrun", rewritten("step_succeeded", '"cost_micro_usd":25', '"cost_micro_usd":24')),
    "a lost call that cost less": Seed(
        "spending_adds_up", "paid_lost", rewritten("cost_bounded", '"worst_micro_usd":40', '"worst_micro_usd":39')
    ),
    "a lost plan that cost less": Seed(
        "spending_adds_up", "planning_lost", rewritten("cost_bounded", '"worst_micro_usd":100', '"worst_micro_usd":99')
    ),
    "more spent than the budget": Seed(
        "spending_adds_up", "short", rewritten("run_accepted", '"limit_micro_usd":100', '"limit_micro_usd":79')
    ),
    "more spent than the budget before the top-up": Seed("spending_adds_up", "paid", without("topped_up")),
    "an overrun that was none": Seed("spending_adds_up", "overrun", rewritten("step_succeeded", '"kind":"overrun"', '"kind":"resume"')),
    "a charge that is gone": Seed("charges_add_up", "paid", uncharged),
    "a call charged twice": Seed("charges_add_up", "paid_lost", charged_again),
    "a sum of no charges": Seed("charges_add_up", "paid", summed_up_twice),
    "one key for two runs": Seed("keys_are_single", "queued", shadowed("UPDATE runs_run SET idempotency_key = 'twice' WHERE id >= %s")),
    "started without approval": Seed(
        "gates_are_kept", "approved", lambda run: events(run).filter(kind="approval_decided").update(kind="time_came")
    ),
    "a fallback started without approval of its own": Seed(
        "gates_are_kept", "asked_again", lambda run: events(run).filter(kind="approval_decided", seq__gt=4).update(kind="time_came")
    ),
    "started although rejected": Seed("gates_are_kept", "approved", rewritten("approval_decided", '"approved":true', '"approved":false')),
    "another action was approved": Seed("gates_are_kept", "approved", rewritten("approval_decided", '"action_hash":"', '"action_hash":"0')),
    "decided twice": Seed("gates_are_kept", "approved", appended("approval_decided", "write", approved=True, action_hash="")),
    "decided and never asked": Seed("gates_are_kept", "queued", appended("approval_decided", "one", approved=True, action_hash="0")),
    "a failure without a match": Seed("failures_are_matched", "failed", unmatched),
    "a lost call without a match": Seed("failures_are_matched", "read_lost", unmatched),
    "a match without a failure": Seed("failures_are_matched", "failed", matched_twice),
    "a doubt without a match": Seed("failures_are_matched", "doubted", unmatched),
    "a lease long over": Seed("leases_are_held", "running", expired_session),
    "a parked run that is held": Seed("leases_are_held", "gated", columns(session_id=1)),
    "a scope that spent more": Seed("scopes_add_up", "paid", lambda run: scope_of(run).update(spent_micro_usd=121)),
    "a scope that reserved more": Seed("scopes_add_up", "short", lambda run: scope_of(run).update(reserved_micro_usd=7)),
    "a scope with another limit": Seed("scopes_add_up", "paid", lambda run: scope_of(run).update(limit_micro_usd=129)),
    "a scope without its limit": Seed("scopes_add_up", "paid", lambda run: scope_of(run).update(limit_micro_usd=None)),
    "a movement that is gone": Seed("scopes_add_up", "paid", unguarded(lambda run: entries_of(run).filter(kind="settle").delete())),
    "a top-up that is gone": Seed("scopes_add_up", "paid", unguarded(lambda run: entries_of(run).filter(kind="top_up").delete())),
    "a total that is not the sum of its days": Seed("scopes_add_up", "paid", lambda run: days_of(run, "tenant").delete()),
    "a day that spent more": Seed("scopes_add_up", "paid", lambda run: days_of(run, "tenant").update(spent_micro_usd=1)),
    "a reserve past a limit": Seed(
        "caps_hold", "paid", unguarded(lambda run: entries_of(run).filter(kind="reserve").update(limit_micro_usd=39))
    ),
    "a lot that spent more": Seed("lots_agree", "paid", lambda run: lots_of(run).update(spent_micro_usd=0)),
    "a lot that is held once more": Seed(
        "lots_agree", "paid", lambda run: lots_of(run).update(open_micro_usd=1, amount_micro_usd=F("amount_micro_usd") + 1)
    ),
    "a lot of another day": Seed("lots_agree", "paid", lambda run: lots_of(run).update(day="2001-01-01")),
    "a lot on a model nobody knows": Seed("lots_agree", "paid", lambda run: lots_of(run).update(model="nobody")),
    "a scope that was passed over": Seed("lots_agree", "paid", lambda run: scope_of(run).update(spent_micro_usd=0)),
    "a day that was passed over": Seed("lots_agree", "paid", lambda run: days_of(run, "tenant").update(spent_micro_usd=0)),
    "an agent that was passed over": Seed("lots_agree", "paid", lambda run: days_of(run, "agent").update(spent_micro_usd=0)),
    "a run that was called by nobody": Seed("lots_agree", "paid", lambda run: another_scope(run).update(parent=scope_of(run).get())),
    "an end that settled less": Seed("ends_are_settled", "paid", lambda run: lots_of(run).update(spent_micro_usd=1)),
    "an end that holds money": Seed(
        "ends_are_settled", "paid", lambda run: lots_of(run).update(open_micro_usd=1, amount_micro_usd=F("amount_micro_usd") + 1)
    ),
    "an end that holds money on a model": Seed("ends_are_settled", "paid", on_a_model),
    "money spent in no scope": Seed("ends_are_settled", "retried", columns(spent_micro_usd=1)),
    "money reserved for no run": Seed("ends_are_settled", "short", held_by_nobody),
}


def found(checks: list[Checked]) -> dict[str, tuple[str, ...]]:
    return {each.name: each.broken for each in checks if not each.held}


def is_found(seed: Seed, run: Run) -> bool:
    """Sow a breach, tell whether it is found and laid to this run alone, and take it back."""
    invariant = next(each for each in INVARIANTS if each.name == seed.breaks)
    with transaction.atomic():
        assert check(invariant).held
        seed.sow(run)
        broken = check(invariant).broken
        transaction.set_rollback(True)
    names = (run.public_id, f"run number {run.pk} ", f"session {run.session_id} ", run.tenant.public_id)
    return bool(broken) and all(any(name in what for name in names) for what in broken)


def test_it_finds_nothing_broken_in_real_runs_and_every_breach_that_is_seeded_into_them(
    workshop: Workshop, tmp_path: Path, settings: Any
) -> None:
    story = a_story(workshop, tmp_path, settings)
    assert found(check_all()) == {}
    assert found(check_all(since=timezone.now() - timedelta(days=1))) == {}
    # Without what the runs went through, the invariants would hold of nothing.
    assert {story[name].status for name in ("read_lost", "paid_lost", "happened", "rejected", "asked_again", "handed_back")} == {
        "succeeded"
    }
    assert [story[name].spent_micro_usd for name in ("paid_lost", "paid_cancelled", "poisoned", "planning_lost")] == [70, 40, 40, 100]
    missed = {name: seed.breaks for name, seed in SEEDS.items() if not is_found(seed, story[seed.run])}
    assert missed == {}
    assert {seed.breaks for seed in SEEDS.values()} == {invariant.name for invariant in INVARIANTS}


@pytest.mark.parametrize("tenants", [pytest.param(True, id="its-tenants"), pytest.param(False, id="others")])
def test_it_names_what_is_broken_to_its_tenant_only(workshop: Workshop, tenants: bool) -> None:
    run = workshop.submit(step("one", "say"))
    Run.objects.filter(pk=run.pk).update(status="waiting")
    Session.objects.create(host="gone", pid=1, started_at_ms=1, lease_until_ms=1)
    other = Tenant.objects.create(slug="other")
    shown = found(check_all(tenants=[workshop.tenant.pk if tenants else other.pk]))
    assert shown == ({"runs_go_on": (f"{run.public_id} is waiting  and nothing will take it further",)} if tenants else {})


def test_it_shows_a_sample_and_counts_the_rest(workshop: Workshop) -> None:
    for _ in range(5):
        workshop.submit(step("one", "say"))
    Run.objects.update(status="waiting")
    [checked] = [each for each in check_all(sample=2) if not each.held]
    assert (len(checked.broken), checked.more) == (2, 3)


def test_it_leaves_out_what_was_over_before(workshop: Workshop) -> None:
    run = workshop.submit(step("one", "say"))
    long_ago = timezone.now() - timedelta(days=3)
    Run.objects.filter(pk=run.pk).update(status="succeeded", created_at=long_ago, finished_at=long_ago)
    assert found(check_all(since=timezone.now() - timedelta(days=1))) == {}
    assert "ends_are_final" in found(check_all(since=timezone.now() - timedelta(days=4)))


def test_it_says_of_a_journal_that_is_no_json_that_it_cannot_be_checked(workshop: Workshop) -> None:
    run = workshop.submit(step("one", "say"))
    RunEvent.objects.filter(run_id=run.pk).update(data='"kind":"finish" {')
    shown = found(check_all())
    assert shown["ends_are_final"][0].startswith("cannot be checked: ")
    assert "runs_go_on" not in shown
