"""Charges as tests write them, without runs: what was used on which day, by whom, on what."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from agents.models import Agent
from runs.models import Charge
from skills.ids import new_id


def a_charge(agent: Agent, cost: int, *, day: str | date = "2026-11-10", **fields: Any) -> Charge:
    """Store a charge of a call that cost so much."""
    on = date.fromisoformat(day) if isinstance(day, str) else day
    at_ms = int(datetime(on.year, on.month, on.day, 12, tzinfo=UTC).timestamp() * 1_000)
    values = {"run_public_id": new_id("run"), "seq": 5, "step": "a", "attempt": 1, "skill": "llm_invoke"}
    return Charge.objects.create(
        tenant=agent.tenant, agent_public_id=agent.public_id, day=on, at_ms=at_ms, cost_micro_usd=cost, **{**values, **fields}
    )
