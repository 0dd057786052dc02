"""The audit log: everything somebody does is in it, chained and unchangeable, and every touch of it is found."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from agents import audit, freezes
from agents.models import AuditChain, AuditEntry, Tenant
from agents.services import create_agent, update_agent
from agents.tenancy import SCOPES, create_key, revoke_key
from catalog import circuits, entries
from catalog.groups import marking
from runs import services
from runs.again import Wanted
from runs.money import budgets
from runs.proof.evidence import evidence_of
from tests.api.cast import make_caller
from tests.integration.workshop import Workshop, a_worker, driven, parked, step, step_of


def actions(tenant: Tenant) -> list[str]:
    return list(audit.entries_of(tenant).order_by("seq").values_list("action", flat=True))


def test_it_keeps_what_was_done_to_runs(workshop: Workshop) -> None:
    run = workshop.submit(step("write", "append_line", witness="/dev/null", approval="always"), budget_micro_usd=100)
    with a_worker():
        parked(run, "approval")
        services.top_up_run(principal=workshop.alice, run_id=run.public_id, amount_micro_usd=5)
        hashed = step_of(run, "write")["action_hash"]
        workshop.decide(run, "write", "reject", action_hash=hashed, reason="not with this customer")
    again, _ = services.rerun_run(principal=workshop.alice, run_id=run.public_id, wanted=Wanted())
    services.cancel_run(principal=workshop.bob, run_id=again.public_id, reason="nobody needs it")
    evidence_of(principal=workshop.bob, run_id=again.public_id)
    told = [entry for entry in actions(workshop.tenant) if not entry.startswith(("agent", "api_key"))]
    assert told == ["run.topped_up", "run.approval_decided", "run.again", "run.cancel_requested", "evidence.export"]
    rejected = audit.entries_of(workshop.tenant, action="run.approval_decided").get()
    assert (rejected.actor, rejected.target, rejected.reason) == ("bob", run.public_id, "not with this customer")
    assert json.loads(rejected.after)["approved"] is False
    assert audit.verify(workshop.tenant).problem == ""


def test_it_keeps_what_was_done_to_agents_keys_and_limits(quiet_workshop: Workshop) -> None:
    tenant, alice = quiet_workshop.tenant, quiet_workshop.alice
    agent = create_agent(tenant=tenant, name="second")
    update_agent(tenant=tenant, agent_id=agent.public_id, changes={"profile": {"max_parallel_steps": 3}, "description": "another"})
    key, secret = create_key(tenant, "reader", ["runs:read"])
    revoke_key(key)
    revoke_key(key)
    frozen, _ = freezes.freeze(tenant=tenant, kind="skill", key="say", reason="it misbehaves", by="bob")
    freezes.lift(frozen, reason="mended now", by="bob")
    budgets.set_budget(principal=alice, kind="tenant", period="total", limit_micro_usd=1_000)
    entries.create_entry(tenant=tenant, document={"code": "TIMEOUT", "mode": "ABORT"}, by="alice", reason="we know better here")
    assert actions(tenant)[-8:] == [
        "agent.create",
        "agent.update",
        "api_key.create",
        "api_key.revoke",
        "freeze.set",
        "freeze.lift",
        "budget.set",
        "catalog.create",
    ]
    changed = audit.entries_of(tenant, action="agent.update").first()
    assert changed is not None and set(json.loads(changed.after)) <= {"profile", "description"}
    everything = json.dumps([audit.entry_json(entry) for entry in audit.entries_of(tenant)])
    assert secret not in everything and secret.split("_")[-1][:20] not in everything


def test_what_did_not_happen_is_not_in_it(quiet_workshop: Workshop) -> None:
    before = actions(quiet_workshop.tenant)
    with transaction.atomic():
        create_agent(tenant=quiet_workshop.tenant, name="never")
        transaction.set_rollback(True)
    assert actions(quiet_workshop.tenant) == before


def test_credentials_are_masked_and_long_values_cut(quiet_workshop: Workshop) -> None:
    said = {"note": "password=hunter2 " + "x" * 5_000}
    entry = audit.record(quiet_workshop.tenant, "agent.update", after=said, reason="token=abcdef1234567890")
    assert "hunter2" not in entry.after and "abcdef1234567890" not in entry.reason
    assert len(entry.after) <= audit.LONGEST_VALUE
    assert audit.verify(quiet_workshop.tenant).problem == ""


def test_entries_are_never_changed_or_deleted(quiet_workshop: Workshop) -> None:
    audit.record(quiet_workshop.tenant, "agent.update", "a")
    rows = AuditEntry.objects.filter(chain__key=f"tenant:{quiet_workshop.tenant.pk}")
    with pytest.raises(DatabaseError, match="audit_stands"), transaction.atomic():
        rows.update(actor="somebody else")
    count = rows.count()
    try:
        with transaction.atomic():
            rows._raw_delete(rows.db)
    except DatabaseError:
        assert connection.vendor == "postgresql"
    assert rows.count() == count


def without_triggers(*statements: str) -> None:
    """Do what somebody could who owns the database."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
        else:
            cursor.execute("DROP TRIGGER audit_refuse")
            cursor.execute("DROP TRIGGER audit_keep")
        for statement in statements:
            cursor.execute(statement)


HARMS = {
    "changed": ("UPDATE agents_auditentry SET reason = 'another' WHERE seq = 2", 2, "entry 2 was changed"),
    "somebody else did it": ("UPDATE agents_auditentry SET actor = 'mallory' WHERE seq = 3", 3, "entry 3 was changed"),
    "removed": ("DELETE FROM agents_auditentry WHERE seq = 2", 2, "entry 2 is missing"),
    "the last one removed": ("DELETE FROM agents_auditentry WHERE seq = 4", 4, "the chain ends at entry 3, and went on to 4"),
    "all removed": ("DELETE FROM agents_auditentry", 1, "the chain ends at entry 0, and went on to 4"),
    "another hash": ("UPDATE agents_auditentry SET hash = 'f' WHERE seq = 2", 2, "entry 2 was changed"),
}


@pytest.mark.parametrize(("harm", "seq", "problem"), HARMS.values(), ids=HARMS.keys())
def test_every_touch_is_found(db: None, harm: str, seq: int, problem: str) -> None:
    tenant = Tenant.objects.create(slug="alone", name="Alone")
    for number in range(4):
        audit.record(tenant, "agent.update", f"agt_{number}", by="alice", reason="because")
    assert audit.verify(tenant) == (f"tenant:{tenant.pk}", 4, None, "")
    own = AuditChain.objects.get(key=f"tenant:{tenant.pk}").pk
    without_triggers(harm + (" AND" if "WHERE" in harm else " WHERE") + f" chain_id = {own}")
    found = audit.verify(tenant)
    assert (found.seq, found.problem) == (seq, problem)
    out = io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("audit", "--verify", "--tenant", "alone", stdout=out, stderr=io.StringIO())
    assert stopped.value.code == 1 and problem in out.getvalue()


def test_no_two_entries_follow_the_same_one(workshop: Workshop) -> None:
    def write() -> None:
        try:
            for _ in range(5):
                audit.record(workshop.tenant, "agent.update", "a", by=threading.current_thread().name)
        finally:
            connection.close()

    before = len(actions(workshop.tenant))
    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(actions(workshop.tenant)) == before + 40
    assert audit.verify(workshop.tenant).problem == ""


def test_programs_read_their_own_tenants_log(quiet_workshop: Workshop) -> None:
    tenant = quiet_workshop.tenant
    caller, stranger = make_caller(tenant, "auditor", ("audit:read",)), make_caller(tenant, "reader", ("runs:read",))
    for number in range(3):
        audit.record(tenant, "agent.update", f"agt_{number}", by="alice")
    page = caller.get("/api/v1/audit?action=agent.&limit=2").json()
    assert [entry["target"] for entry in page["data"]] == ["agt_2", "agt_1"]
    rest = caller.get(f"/api/v1/audit?action=agent.&limit=2&before={page['next_before']}").json()
    assert rest["data"][0]["target"] == "agt_0"
    assert caller.get("/api/v1/audit/verify").json()["holds"] is True
    assert stranger.get("/api/v1/audit").status_code == 403
    assert caller.get("/api/v1/audit?action=Nonsense!").status_code == 400
    other = make_caller(Tenant.objects.create(slug="other", name="Other"), "eve", SCOPES)
    assert all(entry["target"] not in ("agt_0", "agt_1") for entry in other.get("/api/v1/audit").json()["data"])


def test_who_asks_by_key_is_named_with_the_trace_of_the_request(quiet_workshop: Workshop) -> None:
    run = quiet_workshop.submit(step("a", "say"))
    caller = make_caller(quiet_workshop.tenant, "program", SCOPES)
    assert caller.post(f"/api/v1/runs/{run.public_id}/cancel", {"reason": "by a program"}).status_code == 202
    entry = audit.entries_of(quiet_workshop.tenant, action="run.cancel_requested").get()
    assert caller.row is not None
    assert (entry.via, entry.key_id, len(entry.trace_id)) == ("api", caller.row.public_id, 32)
    assert entry.actor.startswith("key:program:")


def test_people_read_it_by_command(quiet_workshop: Workshop) -> None:
    audit.record(quiet_workshop.tenant, "freeze.set", "skill:say", by="alice", reason="it misbehaves")
    out = io.StringIO()
    call_command("audit", "--tenant", quiet_workshop.tenant.slug, "--action", "freeze.", stdout=out, stderr=io.StringIO())
    assert "skill:say" in out.getvalue() and "it misbehaves" in out.getvalue()
    out = io.StringIO()
    call_command("audit", "--tenant", quiet_workshop.tenant.slug, "--jsonl", stdout=out, stderr=io.StringIO())
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))


def test_what_concerns_a_run_goes_with_its_evidence(workshop: Workshop, tmp_path: Any) -> None:
    run = driven(workshop, step("a", "say"))
    services.rerun_run(principal=workshop.alice, run_id=run.public_id)
    with zipfile.ZipFile(io.BytesIO(evidence_of(principal=workshop.alice, run_id=run.public_id))) as bundle:
        told = [json.loads(line) for line in bundle.read("audit.jsonl").splitlines()]
    assert [(entry["action"], entry["actor"]) for entry in told] == [("run.again", "alice")]


def test_doors_that_write_are_audited() -> None:
    for module in (freezes, circuits, entries, marking):
        assert "audit" in vars(module), module.__name__
