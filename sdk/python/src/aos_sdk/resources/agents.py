"""Agents: who acts, within which limits."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from aos_sdk._operation import Group, M, operation, paged
from aos_sdk._pages import Page, paging
from aos_sdk._request import Request, change, create, get, remove
from aos_sdk.types import AgentVersionView, AgentView


class AgentVersions(Group[M]):
    """What an agent's profile said, version by version: who saved it, when and why."""

    @paged("agent_versions_list")
    def list(self, agent_id: str, *, limit: int | None = None, cursor: str | None = None) -> Request[Page[AgentVersionView]]:
        """Return the versions of an agent's profile, newest first."""
        return paging(AgentVersionView, "agents", agent_id, "versions", query={"limit": limit, "cursor": cursor})

    @operation("agent_versions_get")
    def get(self, agent_id: str, version: int | str) -> Request[AgentVersionView]:
        """Return one version of an agent's profile."""
        return get(AgentVersionView, "agents", agent_id, "versions", str(version))


class Agents(Group[M]):
    """Who acts, within which limits."""

    @cached_property
    def versions(self) -> AgentVersions[M]:
        """What their profiles said, version by version."""
        return AgentVersions(self._client)

    @paged("agents_list")
    def list(self, *, status: str | None = None, limit: int | None = None, cursor: str | None = None) -> Request[Page[AgentView]]:
        """Return the tenant's agents."""
        return paging(AgentView, "agents", query={"status": status, "limit": limit, "cursor": cursor})

    @operation("agents_create")
    def create(
        self,
        name: str,
        *,
        description: str | None = None,
        status: str | None = None,
        profile: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Request[AgentView]:
        """Make an agent."""
        body = {"name": name, "description": description, "status": status, "profile": profile}
        return create(AgentView, "agents", body=body, key=idempotency_key)

    @operation("agents_get")
    def get(self, agent_id: str) -> Request[AgentView]:
        """Return an agent, by id or name."""
        return get(AgentView, "agents", agent_id)

    @operation("agents_update")
    def update(
        self,
        agent_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        status: str | None = None,
        profile: Mapping[str, Any] | None = None,
        owner: str | None = None,
        expected_version: int | None = None,
        reason: str | None = None,
    ) -> Request[AgentView]:
        """Change what is given; a profile is given whole. Where the agent is no more at `expected_version`, nothing is changed.

        `owner` is a member by user name, or `account:NAME`; "" is nobody. It takes a tenant admin.
        """
        what = {"name": name, "description": description, "status": status, "profile": profile, "owner": owner}
        body = what | {"expected_version": expected_version, "reason": reason}
        return change("PATCH", AgentView, "agents", agent_id, body=body)

    @operation("agents_delete")
    def delete(self, agent_id: str) -> Request[None]:
        """Delete an agent."""
        return remove("agents", agent_id)
