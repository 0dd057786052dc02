"""Every operation of the description, by its example: it works as described for whose it is, and for another tenant there is nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.utils import timezone

from agents import audit, ledger
from agents.freezes import freeze
from agents.models import Tenant
from agents.tenancy import SCOPES
from aos_site.openapi_examples import BODIES, PLAN
from catalog.entries import import_entries
from catalog.models import CatalogEntry, DriftAlert, RecoveryCandidate
from runs.models import BulkOperation, Run
from tests.api.cast import Caller, make_caller
from tests.api.described import COMMITTED, faults_in
from tests.integration.recovering import fail
from tests.integration.workshop import a_worker, over

CANARY = "canary-of-acme"
# What these need is a run, or a suggestion, in a state that takes more to bring about; other tests do. They say which.
ANOTHER_STATE = {
    "agents_delete": (409,),
    "approvals_approve": (404,),
    "approvals_edit": (404,),
    "approvals_get": (404,),
    "approvals_link": (404,),
    "approvals_note": (404,),
    "approvals_reject": (404,),
    "approvals_revoke_link": (404,),
    "bulk_begin": (422,),
    "bulk_preview": (422,),
    "circuits_reset": (404,),
    "dead_letters_get": (409,),
    "dead_letters_requeue": (404, 409),
    "in_doubt_get": (404,),
    "in_doubt_verdict": (404, 409),
    "questions_answer": (404,),
    "questions_get": (404,),
    "recovery_candidates_activate": (409,),
    "recovery_candidates_reject": (409,),
    "recovery_candidates_reopen": (409,),
    "recovery_candidates_withdraw": (409,),
    "runs_cancel": (409,),
    "runs_decide": (409,),
    "runs_pause": (409,),
    "runs_resume": (409,),
    "runs_top_up": (409,),
    "runs_undo_step": (409,),
    "runs_replays_get": (404,),
    "webhooks_answer": (401,),
}


class Operation(NamedTuple):
    """An operation as the description has it."""

    name: str
    method: str
    path: str
    says: dict[str, Any]

    @property
    def is_about_one(self) -> bool:
        """Tell whether its path names something a tenant owns."""
        return "{" in self.path and not any(place in self.path for place in ("{name}", "{price_id}"))


OPERATIONS = [
    Operation(says["operationId"], method.upper(), path, says)
    for path, methods in COMMITTED["paths"].items()
    for method, says in methods.items()
]
_ORDER = {"GET": 0, "POST": 1, "PUT": 1, "PATCH": 1, "DELETE": 2}


class World(NamedTuple):
    """A tenant with one of everything and what stands for each place in a path, and somebody of another one."""

    alice: Caller
    charlie: Caller
    places: dict[str, str]


@pytest.fixture
def world(transactional_db: None, settings: Any) -> World:
    settings.RECOVERY_FOUR_EYES = False
    audit.begin()  # whoever acted in the test before this one
    charlie = make_caller(Tenant.objects.create(slug="rival", name="Rival"), "charlie", SCOPES)
    acme = Tenant.objects.create(slug="acme", name=CANARY)
    alice = make_caller(acme, CANARY, SCOPES)
    agent = alice.post("/api/v1/agents", {"name": "assistant", "description": CANARY}).json()["agent_id"]
    run = alice.post("/api/v1/runs", {"agent": "assistant", "plan": PLAN | {"goal": CANARY}}).json()["run_id"]
    with a_worker():
        over(Run.objects.get(public_id=run))
    hook = alice.post("/api/v1/webhooks", {"url": "https://hooks.example.com/", "description": CANARY}).json()["webhook_id"]
    alert = {"baseline": {"n": 2, "value": 0.1, "of": "itself"}, "recent": {"n": 4, "value": 0.5, "days": 1}}
    alert |= {"subject_kind": "skill", "measure": "failure_rate", "score": 7.5, "threshold": 5.0}
    alert |= {"first_seen_at": timezone.now(), "last_seen_at": timezone.now()}
    match = fail(acme, None, message=CANARY)[0]
    import_entries(acme, [{"code": "TIMEOUT", "suggestions": [CANARY]}], by=CANARY, reason=CANARY)
    frozen, _ = freeze(tenant=acme, kind="skill", key="http_call", reason=CANARY, by=CANARY)
    ledger.set_budget(tenant=acme, kind="tenant", key=None, period="total", limit_micro_usd=1_000_000_000)
    wanted = {"skill": "json_transform", "max_uses": 1, "reason": f"{CANARY}, for a while"}
    grant = alice.post("/api/v1/approvals/grants", wanted).json()["grant_id"]
    candidate = RecoveryCandidate.objects.create(
        tenant=acme, signature=match.signature, code="TIMEOUT", mode="RETRY_WITH_JITTER", origin="nightly", cause=CANARY
    )
    places = {
        "agent_id": agent,
        "run_id": run,
        "other_id": run,
        "child_id": run,
        "step_id": "price",
        "webhook_id": hook,
        "delivery_id": alice.post(f"/api/v1/webhooks/{hook}/test").json()["delivery_id"],
        "key_id": make_caller(acme, f"{CANARY}-2", ("runs:read",)).row.public_id,  # type: ignore[union-attr]
        "account_id": alice.post("/api/v1/service-accounts", {"name": "svc", "role": "developer", "description": CANARY}).json()[
            "service_account_id"
        ],
        "freeze_id": frozen.public_id,
        "budget_id": alice.get("/api/v1/budgets").json()["data"][0]["budget_id"],
        "entry_id": str(CatalogEntry.objects.get(tenant=acme).pk),
        "drift_id": DriftAlert.objects.create(tenant=acme, subject=CANARY, **alert).public_id,
        "candidate_id": str(candidate.public_id),
        "signature": match.signature,
        "price_id": next(iter(row["price_id"] for row in alice.get("/api/v1/prices").json()["data"]), "none"),
        "name": "json_transform",
        "version": "1",
        "grant_id": grant,
        "bulk_id": an_operation(acme).public_id,
        "link_id": "lnk_" + "0" * 32,
    }
    return World(alice, charlie, places)


def an_operation(tenant: Tenant) -> BulkOperation:
    """Return work over many runs that was begun and is not worked off yet."""
    return BulkOperation.objects.create(
        tenant=tenant, action="cancel", filter={"status": "waiting"}, run_ids=[], total=0, reason=CANARY, created_by=CANARY
    )


def asked(operation: Operation, caller: Caller, places: dict[str, str]) -> Any:
    """Send the example of an operation."""
    path = operation.path.format(**places | ({"name": "Plan"} if operation.name == "schemas_get" else {}))
    required = {p["name"]: p for p in operation.says.get("parameters", []) if p["in"] == "query" and p.get("required")}
    if required:
        given = {"kind": "tenant", "period": "total", "version": "1", "reason": "of no use"}
        path += "?" + "&".join(f"{name}={given[name]}" for name in required)
    body = BODIES.get(operation.name)
    if operation.name == "failure_groups_mute":
        body = body | {"until": (timezone.now() + timedelta(days=3)).isoformat()}  # no date in a file stays near
    return caller.send(operation.method, path, body)


def in_order() -> Iterator[Operation]:
    """Yield what reads, then what writes, then what takes away."""
    yield from sorted(OPERATIONS, key=lambda operation: (_ORDER[operation.method], operation.name in ("freezes_create",)))


def faults_of(operation: Operation, response: Any) -> Iterator[str]:
    """Yield in what an answer is not as described."""
    if response.status_code in ANOTHER_STATE.get(operation.name, ()):
        if response.status_code >= 400 and response.headers["Content-Type"] != "application/problem+json":
            yield "not a problem"
        return
    yield from faults_in(operation.says, response)


@pytest.mark.django_db(transaction=True)
def test_every_example_is_answered_as_described(world: World) -> None:
    with a_worker():  # `execute` waits for one
        found = {operation.name: list(faults_of(operation, asked(operation, world.alice, world.places))) for operation in in_order()}
    assert [(name, fault[:400]) for name, faults in found.items() for fault in faults] == []


@pytest.mark.django_db(transaction=True)
def test_another_tenant_finds_nothing_and_hears_nothing_of_it(world: World) -> None:
    charlie = world.charlie
    charlie.post("/api/v1/agents", {"name": "assistant"})
    before = state_of(world.alice.tenant)
    found: dict[str, str] = {}
    with a_worker():
        for operation in in_order():
            response = asked(operation, charlie, world.places)
            said = response.content if not response.streaming else b"".join(response.streaming_content)
            if CANARY.encode() in said:
                found[operation.name] = f"it tells of acme: {said[:200]!r}"
            if operation.is_about_one and response.status_code != (401 if operation.name == "webhooks_answer" else 404):
                found[operation.name] = f"{response.status_code}: {said[:200]!r}"
    assert found == {}
    assert state_of(world.alice.tenant) == before, "nothing of acme was changed"


def state_of(tenant: Tenant) -> dict[str, Any]:
    """Return all a tenant has, as far as one of its own sees it."""
    own = make_caller(tenant, "looker", SCOPES)
    lists = [o for o in OPERATIONS if o.method == "GET" and "{" not in o.path and o.name not in VOLATILE]
    told = {o.name: own.get(o.path).json() for o in lists if not any(p.get("required") for p in o.says.get("parameters", []))}
    own.row.delete()  # type: ignore[union-attr]
    return told


# What is counted over all tenants, changes with the clock, or names who asks.
VOLATILE = {
    *("whoami", "api_keys_list", "audit_list", "audit_verify", "runtime_capabilities", "runtime_skills", "skills_list"),
    *("failures_analytics", "usage_forecast", "failure_groups_list"),
}


@pytest.mark.django_db
def test_every_operation_that_takes_a_body_has_an_example() -> None:
    takes = {operation.name for operation in OPERATIONS if "requestBody" in operation.says}
    assert takes == set(BODIES)
