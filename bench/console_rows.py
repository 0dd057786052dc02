"""A month of an installation, in rows: tenants and agents through the services, a million runs and what belongs to them by statement.

Everything is made of a run's number, so that two databases of one size are alike; constraints and triggers are asked as always.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import NOT_PROVIDED

if TYPE_CHECKING:
    from django.db.models import Model

    from agents.models import Tenant

TENANTS = (("acme", 60), ("globex", 25), ("initech", 10), ("umbrella", 5))
"""Who there is, and what share of the runs each has, in percent."""
AGENTS = 12
DAYS = 30
SKILLS = ("http_call", "json_transform", "llm_invoke", "web_search")
MODELS = ("claude-sonnet-4-5", "gpt-5-mini")
CODES = (("TIMEOUT", "transient"), ("HTTP_5XX", "transient"), ("RATE_LIMITED", "resource"), ("NOT_FOUND", "permanent"))
RARE_CODES = (("PERMISSION_DENIED", "permanent"), ("BUDGET_EXCEEDED", "resource"), ("SCHEMA_MISMATCH", "permanent"))
WAITS = ("timer", "budget", "paused", "input", "child")
AT_ONCE = 250_000
YOUNG = 0.02
"""What part of the runs is young enough to be under way."""

# OFFSET 0: what is worked out here is worked out once a run, and not anew in each column that is made of it.
_FACTS = """
    SELECT n, mixed, mixed %% 100 AS a, mixed / 128 %% 1000 AS b, mixed / 65536 %% 1000 AS c,
        now() - make_interval(secs => {days} * 86400.0 * ({count} - n) / {count}) AS at, n > {count} * (1 - {young}) AS is_young
    FROM (
        SELECT n, ('x' || substr(md5(n::text), 1, 8))::bit(32)::bigint AS mixed FROM generate_series(%s::bigint, %s) AS n OFFSET 0
    ) numbers
"""
_RUNS = """
    SELECT f.*, t.id AS tenant, (t.agents)[1 + b %% {agents}] AS agent, CASE
        WHEN is_young AND b < 50 THEN 'queued' WHEN is_young AND b < 60 THEN 'running' WHEN is_young AND b < 280 THEN 'waiting'
        WHEN b < 2 THEN 'waiting' WHEN c < 905 THEN 'succeeded' WHEN c < 965 THEN 'failed' WHEN c < 980 THEN 'partial'
        WHEN c < 995 THEN 'cancelled' ELSE 'dead_lettered' END AS status
    FROM ({facts}) f JOIN bench_tenant t ON f.a >= t.low AND f.a < t.high OFFSET 0
"""


def seed_rows(count: int) -> list[Tenant]:
    """Store so many runs with all that stands beside them, and return their tenants, who has the most first."""
    tenants = _cast()
    for begin in range(1, count + 1, AT_ONCE):
        _store_runs(count, begin, min(count, begin + AT_ONCE - 1))
    _store_beside()
    return tenants


def _cast() -> list[Tenant]:
    """Make tenants and agents, and a table of them for this connection, by which runs find theirs."""
    from agents.models import Tenant  # noqa: PLC0415 - settings come first
    from agents.services import create_agent  # noqa: PLC0415

    tenants, low = [], 0
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE bench_tenant (id bigint, agents bigint[], low int, high int)")
        for slug, share in TENANTS:
            tenant = Tenant.objects.create(slug=slug, name=slug.capitalize(), max_queued_runs=1_000_000)
            agents = [create_agent(tenant=tenant, name=f"agent-{n}").pk for n in range(AGENTS)]
            cursor.execute("INSERT INTO bench_tenant VALUES (%s, %s, %s, %s)", (tenant.pk, agents, low, low + share))
            tenants.append(tenant)
            low += share
    return tenants


def _store_runs(count: int, begin: int, end: int) -> None:
    from runs.models import Run  # noqa: PLC0415

    facts = _FACTS.format(count=count, days=DAYS, young=YOUNG)
    codes = _pick("a", [code for code, _ in (*CODES, *CODES, *RARE_CODES)])
    ended = "status IN ('succeeded', 'failed', 'partial', 'cancelled', 'dead_lettered')"
    waits = f"CASE WHEN status = 'waiting' THEN {_pick('c', WAITS)} ELSE '' END"
    bad = "status IN ('failed', 'dead_lettered', 'partial')"
    values = {
        "public_id": "'run_' || md5('run' || n)",
        "tenant_id": "tenant",
        "agent_id": "agent",
        "goal": "'Fetch the orders of day ' || n || ' and say what they come to'",
        "status": "status",
        "waiting_for": waits,
        "summary": f"CASE WHEN {ended} THEN initcap(status) || ' after ' || (c + 20) || ' ms; nothing in doubt.' ELSE '' END",
        "failure_code": f"CASE WHEN {bad} THEN {codes} ELSE '' END",
        "planner": "'stub'",
        "plan_hash": "md5('plan' || a) || md5('plan' || b)",
        "trace_id": "md5('trace' || n)",
        "created_by": "'ada'",
        "steps_total": "3",
        "steps_done": "CASE WHEN status = 'succeeded' THEN 3 ELSE c %% 3 END",
        "retries": "CASE WHEN b %% 10 = 0 THEN 1 + c %% 3 ELSE 0 END",
        "spent_micro_usd": f"CASE WHEN {ended} THEN {_COST} ELSE 0 END",
        "limit_micro_usd": "2000000",
        "journal_head": "md5('head' || n) || md5('tail' || n)",
        "last_seq": "9",
        "blocked_by": f"CASE WHEN {waits} = 'budget' THEN 'run:run_' || md5('run' || n) ELSE '' END",
        "wake_at_ms": f"CASE WHEN {waits} = 'timer' THEN (EXTRACT(EPOCH FROM now() + interval '1 day') * 1000)::bigint + c END",
        "created_at": "at",
        "started_at": "CASE WHEN status <> 'queued' THEN at + interval '15 ms' END",
        "finished_at": f"CASE WHEN {ended} THEN at + make_interval(secs => (c + 20) / 1000.0) END",
    }
    _insert(Run, values, _RUNS.format(facts=facts, agents=AGENTS), (begin, end))


_COST = "(CASE WHEN c %% 3 = 0 THEN 0 ELSE 100 + mixed %% 9000 END)"


def _store_beside() -> None:
    """Store steps, charges, failures and scopes of those runs, what was told of the youngest of them, and the sums of charges."""
    from agents.models import LedgerScope  # noqa: PLC0415
    from catalog.models import FailureMatch  # noqa: PLC0415
    from runs.models import Charge, ChargeSum, Outbox, StepSummary  # noqa: PLC0415

    skill, model = _pick("id", SKILLS), _pick("id", MODELS)
    at_ms = "(EXTRACT(EPOCH FROM created_at) * 1000)::bigint"
    begun = {"started_at_ms": at_ms, "finished_at_ms": f"{at_ms} + 20"}
    step = {"run_id": "id", "position": "place", "skill": skill, "status": "'succeeded'", "attempts": "1", **begun}
    _insert(StepSummary, {**step, "key": "'step-' || place"}, "SELECT r.*, place FROM runs_run r, generate_series(1, 2) AS place")
    _insert(LedgerScope, {"tenant_id": "tenant_id", "kind": "'run'", "key": "public_id", "is_closed": "true"}, "SELECT * FROM runs_run")
    charge = {
        "tenant_id": "r.tenant_id", "agent_public_id": "agent_public_id", "run_public_id": "public_id", "seq": "5", "step": "'step-1'",
        "skill": "'llm_invoke'", "provider": "'anthropic'", "model": model, "day": "created_at::date", "at_ms": at_ms,
        "cost_micro_usd": "spent_micro_usd", "input_tokens": "900", "output_tokens": "100", "attempt": "1",
        "waste": "CASE WHEN retries > 0 AND id %% 3 = 0 THEN 'retry' ELSE '' END",
    }  # fmt: skip
    of_agent = "SELECT r.*, a.public_id AS agent_public_id FROM runs_run r JOIN agents_agent a ON a.id = r.agent_id"
    _insert(Charge, charge, f"{of_agent} WHERE spent_micro_usd > 0 ORDER BY r.id")
    _insert(FailureMatch, _failure(), "SELECT * FROM runs_run WHERE failure_code <> '' OR retries > 1 ORDER BY id")
    news = {"tenant_id": "tenant_id", "run_id": "id", "topic": "'run.' || status", "data": "'{}'", "delivered_at": "now()"}
    _insert(Outbox, {**news, "created_at": "created_at"}, "SELECT * FROM runs_run WHERE created_at > now() - interval '2 days' ORDER BY id")
    kind = ("tenant_id", "day", "agent_public_id", "skill", "model", "pricing_status", "waste")
    sums = ("cost_micro_usd", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
    added = ", ".join(f"sum({name}) AS {name}" for name in sums)
    totals = {name: name for name in (*kind, *sums, "calls")}
    by = ", ".join(kind)
    _insert(ChargeSum, totals, f"SELECT {by}, count(*) AS calls, {added} FROM runs_charge GROUP BY {by}")  # noqa: S608 - names of columns
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO runs_tallymark (name, up_to, noted, noted_at_ms)"
            " SELECT 'charges', COALESCE(max(id), 0), COALESCE(max(id), 0), 0 FROM runs_charge"
        )


def _failure() -> dict[str, str]:
    """Return what the failure of a run says: few signatures have many, many have few."""
    kind = "(('x' || substr(md5('kind' || id), 1, 8))::bit(32)::bigint / 4294967296.0) ^ 3 * 2000"
    code = f"CASE WHEN failure_code = '' THEN {_pick('id', [code for code, _ in CODES])} ELSE failure_code END"
    category = " ".join(f"WHEN '{code}' THEN '{category}'" for code, category in (*CODES, *RARE_CODES))
    return {
        "public_id": "'fmt_' || md5('match' || id)", "tenant_id": "tenant_id", "run_id": "id", "run_public_id": "public_id",
        "agent_id": "agent_id", "seq": "4", "step_id": "'step-1'", "attempt": "1", "skill": "'http_call'", "skill_version": "'1.0.0'",
        "code": code, "category": f"CASE {code} {category} END", "message": "'it timed out'", "effect": "'read'", "phase": "'not_sent'",
        "host": "'host-' || id %% 50 || '.example'", "cause": f"'cause ' || ({kind})::int", "cost_micro_usd": "id %% 900",
        "signature": f"md5('a' || ({kind})::int) || md5('b' || ({kind})::int)",
        "match_type": "CASE WHEN id %% 7 = 0 THEN 'miss' ELSE 'code' END",
        "decision": "'retry'", "mode": "'RETRY_WITH_JITTER'", "recovery_attempted": "retries > 0",
        "recovery_succeeded": "CASE WHEN retries > 0 THEN status = 'succeeded' END",
        "resolved_at": "created_at + make_interval(secs => id * 7919 %% 60000 / 1000.0)", "created_at": "created_at",
    }  # fmt: skip


def _pick(number: str, texts: Any) -> str:
    """Return the SQL that takes one of some texts by a number."""
    return f"(ARRAY[{', '.join(repr(text) for text in texts)}])[1 + {number} %% {len(texts)}]"


def _insert(model: type[Model], values: dict[str, str], source: str, parameters: tuple[Any, ...] = ()) -> None:
    """Store a row for each of the source's; what is not given has the model's own default."""
    columns, told, defaults = [], [], []
    for field in model._meta.concrete_fields:
        if field.generated or field.primary_key:
            continue
        name = str(field.column)
        if name not in values and field.db_default is not NOT_PROVIDED:
            continue
        columns.append(f'"{name}"')
        told.append(values.get(name, "%s"))
        if name not in values:
            defaults.append(field.get_db_prep_save(field.get_default(), connection))
    statement = f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) SELECT {', '.join(told)} FROM ({source}) r"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, (*defaults, *parameters))
