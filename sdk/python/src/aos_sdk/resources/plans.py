"""Plans before they run, and the schemas they follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aos_sdk._operation import Group, M, operation
from aos_sdk._record import Record
from aos_sdk._request import Request, get, post
from aos_sdk.types import ChaosReport, PlanVerdict, SchemaNames


class Plans(Group[M]):
    """Plans before they run."""

    @operation("plans_validate")
    def validate(self, plan: Mapping[str, Any]) -> Request[PlanVerdict]:
        """Check a plan; one that is invalid is an UnprocessableEntityError with every fault in `errors`."""
        return post(PlanVerdict, "plans:validate", body={"plan": plan})

    @operation("chaos")
    def chaos(
        self,
        *,
        plan: Mapping[str, Any] | None = None,
        goal: str | None = None,
        agent: str | None = None,
        inputs: Mapping[str, Any] | None = None,
        budget_micro_usd: int | None = None,
        budget_cents: str | None = None,
        deadline_ms: int | None = None,
        faults: Sequence[str] | None = None,
        pairs: bool | None = None,
        step: str | None = None,
        ignoring_keys: Sequence[str] | None = None,
        seed: str | None = None,
    ) -> Request[ChaosReport]:
        """Play every fault on every step, without any network, and tell whether an effect would happen twice."""
        what = {"plan": plan, "goal": goal, "agent": agent, "inputs": inputs, "deadline_ms": deadline_ms}
        money = {"budget_micro_usd": budget_micro_usd, "budget_cents": budget_cents}
        how = {"faults": faults, "pairs": pairs, "step": step, "ignoring_keys": ignoring_keys, "seed": seed}
        return post(ChaosReport, "chaos", body={**what, **money, **how})


class Schemas(Group[M]):
    """JSON Schemas of what the server takes and gives."""

    @operation("schemas_list")
    def list(self) -> Request[SchemaNames]:
        """Return their names."""
        return get(SchemaNames, "schemas")

    @operation("schemas_get")
    def get(self, name: str) -> Request[Record]:
        """Return one of them."""
        return get(Record, "schemas", name)
