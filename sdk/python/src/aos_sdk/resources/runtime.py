"""The six runtime interfaces by their flat names, and what the server can do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aos_sdk._errors import RunFailedError
from aos_sdk._operation import Group, M, Procedure, operation, procedure
from aos_sdk._request import Request, create, get, post
from aos_sdk.types import (
    CallerCapabilities,
    CatalogView,
    ExecutedOutcome,
    QuestionAnswer,
    ResourceContract,
    RuntimeSimulation,
    RuntimeSkills,
    SkillMetadata,
    WhoamiView,
)


class FlatNames(Group[M]):
    """The six names an agent needs, and who one is."""

    @operation("runtime_execute")
    def execute(
        self,
        skill: str,
        params: Mapping[str, Any] | None = None,
        *,
        version: str | None = None,
        agent: str | None = None,
        idempotency_key: str | None = None,
    ) -> Request[ExecutedOutcome]:
        """Call one skill. A failed call is an outcome with `success` false, and raises nothing."""
        body = {"skill": skill, "params": params or {}, "version": version, "agent": agent}
        return create(ExecutedOutcome, "runtime", "execute", body=body, key=idempotency_key)

    @operation("runtime_skill")
    def describe_skill(self, name: str, *, version: str | None = None) -> Request[SkillMetadata]:
        """Return all that is known of a skill."""
        return get(SkillMetadata, "runtime", "skills", name, query={"version": version})

    @operation("runtime_query")
    def query(self, what: str, filters: Mapping[str, Any] | None = None) -> Request[QuestionAnswer]:
        """Answer a named question; an unknown name is refused with the known ones as suggestions."""
        return post(QuestionAnswer, "runtime", "query", body={"what": what, "filters": filters or {}})

    @operation("runtime_simulate")
    def simulate(
        self,
        *,
        plan: Mapping[str, Any] | None = None,
        goal: str | None = None,
        agent: str | None = None,
        inputs: Mapping[str, Any] | None = None,
        budget_micro_usd: int | None = None,
        budget_cents: str | None = None,
        deadline_ms: int | None = None,
    ) -> Request[RuntimeSimulation]:
        """Return what a plan, or the plan of a goal, would cost and take, and all that would stop it."""
        what = {"plan": plan, "goal": goal, "agent": agent, "inputs": inputs}
        money = {"budget_micro_usd": budget_micro_usd, "budget_cents": budget_cents}
        return post(RuntimeSimulation, "runtime", "simulate", body={**what, **money, "deadline_ms": deadline_ms})

    @operation("runtime_resource_contract")
    def get_resource_contract(self, run_id: str) -> Request[ResourceContract]:
        """Return what a run may still use."""
        return get(ResourceContract, "runtime", "resource-contract", run_id)

    @operation("runtime_failure_catalog")
    def failure_catalog(self, *, code: str | None = None, skill: str | None = None) -> Request[CatalogView]:
        """Return what is known about failures and what is done about them."""
        return get(CatalogView, "runtime", "failure-catalog", query={"code": code, "skill": skill})

    @operation("whoami")
    def whoami(self) -> Request[WhoamiView]:
        """Return whose key this is, what it may do, and within which limits."""
        return get(WhoamiView, "whoami")

    @procedure
    def call(
        self,
        skill: str,
        params: Mapping[str, Any] | None = None,
        *,
        version: str | None = None,
        agent: str | None = None,
        idempotency_key: str | None = None,
    ) -> Procedure[Any]:
        """Call one skill and return its result. Raises RunFailedError for a failed call."""
        options = {"version": version, "agent": agent, "idempotency_key": idempotency_key}
        outcome = yield FlatNames.execute.made(None, skill, params, **options)
        if not outcome.success:
            raise RunFailedError(outcome)
        return outcome.result


class Runtime(Group[M]):
    """What the server can do."""

    @operation("runtime_capabilities")
    def capabilities(self) -> Request[CallerCapabilities]:
        """Return interfaces, skills, planners, codes and limits."""
        return get(CallerCapabilities, "runtime", "capabilities")

    @operation("runtime_skills")
    def skills(self) -> Request[RuntimeSkills]:
        """Return all that is known of every skill."""
        return get(RuntimeSkills, "runtime", "skills")
