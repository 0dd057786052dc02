"""Runs that wait for a person, and long ones: played in the script world, each with its journal, since their pages read it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bench.long_run import store_long_run, store_wide_run, stored_run

if TYPE_CHECKING:
    from agents.models import Agent, Tenant
    from runs.models import Run

MONTH_MS = 30 * 86_400_000
ORDER = {"url": "https://shop.example/orders", "method": "POST", "body": {"sku": "tea", "n": 2}}


def park_runs(tenants: Sequence[Tenant], count: int) -> dict[str, Run]:
    """Store runs that wait for an approval and ones in doubt, as many as an installation of so many runs may have.

    Return the youngest of each, which is of the tenant who has the most runs.
    """
    agents = _agents(tenants)
    approvals = [_parked(agents[place % len(agents)], place, is_doubt=False) for place in range(max(40, count // 500))]
    doubts = [_parked(agents[place % len(agents)], place, is_doubt=True) for place in range(max(20, count // 2_000))]
    return {"approval": approvals[0], "doubt": doubts[0]}


def _agents(tenants: Sequence[Tenant]) -> list[Agent]:
    from agents.models import Agent  # noqa: PLC0415 - settings come first

    return list(Agent.objects.filter(tenant__in=tenants).select_related("tenant").order_by("tenant_id", "pk"))


def _parked(agent: Agent, place: int, *, is_doubt: bool) -> Run:
    """Store a run whose order waits for somebody's yes, or for somebody's word on whether it happened."""
    from django.utils import timezone  # noqa: PLC0415

    from agents.plan.contracts import Plan  # noqa: PLC0415
    from runs.engine.events import Pin, RunAccepted, Terms  # noqa: PLC0415
    from runs.engine.script import Fail, Ok, ScriptWorld  # noqa: PLC0415
    from runs.engine.virtual import drive  # noqa: PLC0415
    from skills.ids import new_id  # noqa: PLC0415
    from skills.registry import registry  # noqa: PLC0415

    begun, run_id = timezone.now() - timedelta(minutes=7 * place + 3), new_id("run")
    steps = [
        {"step_id": "fetch", "skill": "http_call", "params": {"url": "https://shop.example/prices"}},
        {"step_id": "order", "skill": "http_call", "params": ORDER, "depends_on": ["fetch"], "approval": "never" if is_doubt else "always"},
    ]
    found = registry.resolve("http_call")
    assert found is not None
    world = ScriptWorld(
        outcomes={"fetch": Ok({"price": 4}), "order": Fail("TIMEOUT", phase="maybe_sent", message="no answer in 30 s")},
        pins={"http_call": Pin("http_call", found.version, effect="write")},
    )
    plan = Plan.model_validate({"goal": f"Order tea for floor {place}", "steps": steps}).model_dump(mode="json")
    terms = Terms(approval_ttl_ms=MONTH_MS, limit_micro_usd=2_000_000)
    first = RunAccepted(_ms(begun), run_id, terms, seed=run_id, goal=plan["goal"], plan=plan)
    state, journal = drive(first, world, has_timers=False)
    assert state.waiting_for == ("in_doubt" if is_doubt else "approval"), (state.status, state.waiting_for)
    return stored_run(agent, run_id, begun, state, journal)


def _ms(instant: datetime) -> int:
    return round(instant.timestamp() * 1_000)


def store_long_runs(tenant: Tenant) -> dict[str, Run]:
    """Store two runs of two thousand spans: steps that needed ten tries each, and loops over many items."""
    agent = _agents([tenant])[0]
    return {"200 steps, 10 tries": store_long_run(agent, 200, 10), "10 loops of 200": store_wide_run(agent, 10, 200)}
