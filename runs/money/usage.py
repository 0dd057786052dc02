"""Reads what runs have used: by tenant, agent, run, skill, model and day, waste apart; and what the month will come to.

Days are those of the tenant's time zone, and what a call cost belongs to the day on which it was told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from agents.days import day_of
from agents.ledger import model_key
from agents.selectors import agent_names, get_agent
from runs.money.forecast import first_day_needed, forecast, month_of
from runs.requests import AgentRef
from runs.shell.clock import now_ms
from runs.shell.reading.usage_sql import GUESSES, WASTES, Sums, Wanted, first_days, read_usage
from skills.contracts import cents
from skills.ids import is_id
from skills.refusal import Refusal
from skills.requests import RequestModel

if TYPE_CHECKING:
    from agents.models import Tenant

Json = dict[str, Any]
Group = Literal["tenant", "agent", "run", "skill", "model", "day"]
GROUPS: tuple[Group, ...] = ("tenant", "agent", "run", "skill", "model", "day")
MOST_KEYS = 2
MOST_ROWS = 1_000


class UsageQuery(RequestModel):
    """What to count, and by what to group it. Without dates: this month so far, where the tenant is."""

    group_by: Annotated[
        tuple[Group, ...],
        Field(description=f"One or two of {', '.join(GROUPS)}, with a comma.", json_schema_extra={"type": "string"}),
    ] = ("day",)
    since: Annotated[date | None, Field(alias="from", description="First day, as 2026-11-01.")] = None
    until: Annotated[date | None, Field(alias="to", description="Last day, as 2026-11-30.")] = None
    agent: AgentRef | None = None
    run: Annotated[str, Field(pattern=r"^run_[0-9a-f]{32}$")] | None = None
    skill: Annotated[str, Field(pattern=r"^(planner:)?[a-z0-9_-]{1,64}$")] | None = None
    model: Annotated[str, Field(min_length=1, max_length=160)] | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_ROWS, description="Rows at most, those that cost most.")] = 200

    @field_validator("group_by", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        keys = value.split(",") if isinstance(value, str) else value
        if isinstance(keys, list | tuple) and (len(set(keys)) != len(keys) or not 0 < len(keys) <= MOST_KEYS):
            raise PydanticCustomError("keys", "give one key or two different ones, of {known}", {"known": ", ".join(GROUPS)})
        return keys

    @field_validator("since", "until", mode="before")
    @classmethod
    def _plain_date(cls, value: Any) -> Any:
        # Pydantic would read a number as seconds since 1970, and an instant as its day in UTC.
        if isinstance(value, str) and (len(value) != len("2026-11-01") or value[4] != "-"):
            raise PydanticCustomError("date", "give a day as 2026-11-01")
        return value


def usage(*, tenants: Sequence[Tenant], query: UsageQuery) -> Json:
    """Return what calls of these tenants used, grouped, with the totals of all groups. Raises Refusal."""
    since, until = _period(tenants, query)
    wanted = Wanted([tenant.pk for tenant in tenants], since, until, _only(tenants, query))
    groups, in_all = read_usage(wanted, query.group_by, query.limit)
    ((_, totals),) = read_usage(wanted)[0]
    name_of = _Names(query.group_by, [key for key, _ in groups], tenants)
    return {
        "from": since.isoformat(),
        "to": until.isoformat(),
        "time_zone": _zone_of(tenants),
        "group_by": list(query.group_by),
        "data": [{**name_of(key), **sums_json(sums)} for key, sums in groups],
        "totals": sums_json(totals),
        "left_off": max(0, in_all - len(groups)),
    }


def sums_json(sums: Sums) -> Json:
    """Return sums as answers show them. What nobody knew the price of, or the outcome, is in the cost at its worst case."""
    parts = {name: {"calls": calls, "cost_micro_usd": cost} for name, (calls, cost) in sums.parts.items()}
    return {
        "calls": sums.calls,
        "cost_micro_usd": sums.cost_micro_usd,
        "cost_cents": cents(sums.cost_micro_usd),
        "tokens": sums.tokens,
        **{f"{waste}_waste": parts[waste] for waste in WASTES},
        **{guess: parts[guess] for guess in GUESSES},
    }


def today_of(tenants: Sequence[Tenant]) -> date:
    """Return the date where the tenants are; of several the latest one."""
    return max(day_of(now_ms(), tenant.time_zone) for tenant in tenants)


def _zone_of(tenants: Sequence[Tenant]) -> str | None:
    zones = {tenant.time_zone for tenant in tenants}
    return zones.pop() if len(zones) == 1 else None


def _period(tenants: Sequence[Tenant], query: UsageQuery) -> tuple[date, date]:
    until = query.until or today_of(tenants)
    since = query.since or min(until, today_of(tenants)).replace(day=1)
    if since > until:
        fault = {"pointer": "/to", "code": "INVALID_INPUT", "detail": f"{until} is before {since}, where it begins"}
        raise Refusal("INVALID_INPUT", "the time ends before it begins", errors=[fault])
    return since, until


def _only(tenants: Sequence[Tenant], query: UsageQuery) -> dict[str, str]:
    agent = None if query.agent is None else _agent_id(tenants, query.agent)
    model = None if query.model is None else model_key(query.model)
    found = {"agent": agent, "run": query.run, "skill": query.skill, "model": model}
    return {name: value for name, value in found.items() if value is not None}


def _agent_id(tenants: Sequence[Tenant], ref: str) -> str:
    """Return the id of an agent. One that is gone has left its charges, so an id need not be anybody's."""
    return ref if is_id("agt", ref) else get_agent(tenant=tenants[0], ref=ref).public_id


class _Names:
    """Says a group's key in words: what the reader calls the agent, the tenant, the day."""

    def __init__(self, by: Sequence[str], keys: Sequence[tuple[Any, ...]], tenants: Sequence[Tenant]) -> None:
        self._by = by
        self._agents = agent_names(key[by.index("agent")] for key in keys) if "agent" in by else {}
        self._tenants = {tenant.pk: tenant.slug for tenant in tenants}

    def __call__(self, key: tuple[Any, ...]) -> Json:
        said: Json = {}
        for name, value in zip(self._by, key, strict=True):
            said |= self._said(name, value)
        return said

    def _said(self, name: str, value: Any) -> Json:
        if name == "agent":
            return {"agent": self._agents.get(value), "agent_id": value}
        if name == "tenant":
            return {"tenant": self._tenants.get(value)}
        if name == "run":
            return {"run_id": value}
        return {name: value.isoformat() if name == "day" else value or None}


def usage_forecast(*, tenant: Tenant) -> Json:
    """Return what the tenant and each of its agents have spent this month, and are expected to have spent when it is over."""
    today = today_of([tenant])
    groups, _ = read_usage(Wanted([tenant.pk], first_day_needed(today), today), ("agent", "day"))
    first = {agent: day for (_, agent), day in first_days([tenant.pk]).items()}
    costs: dict[str, dict[date, int]] = {agent: {} for agent in first}
    whole: dict[date, int] = {}
    for (agent, day), sums in groups:
        costs[agent][day] = sums.cost_micro_usd
        whole[day] = whole.get(day, 0) + sums.cost_micro_usd
    begin, end = month_of(today)
    names = agent_names(costs)
    agents = [_forecast_json("agent", names.get(agent), agent, costs[agent], today, first[agent]) for agent in costs]
    return {
        "from": begin.isoformat(),
        "to": end.isoformat(),
        "today": today.isoformat(),
        "time_zone": tenant.time_zone,
        "data": [
            _forecast_json("tenant", None, None, whole, today, min(first.values(), default=None)),
            *sorted(agents, key=lambda row: (-row["spent_micro_usd"], row["agent"] or "", row["agent_id"])),
        ],
    }


def _forecast_json(scope: str, name: str | None, agent_id: str | None, costs: Mapping[date, int], today: date, first: date | None) -> Json:
    return {"scope": scope, "agent": name, "agent_id": agent_id, **asdict(forecast(costs, today, first))}
