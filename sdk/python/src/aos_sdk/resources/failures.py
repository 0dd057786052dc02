"""What failed, by cause."""

from __future__ import annotations

from functools import cached_property

from aos_sdk._operation import Group, M, operation, paged
from aos_sdk._pages import Page, paging
from aos_sdk._request import Request, get, post
from aos_sdk.types import AnalyticsView, GroupView, MarkedView, MatchView, OneGroupView, StatsView


class FailureGroups(Group[M]):
    """Failures of one cause, whatever their messages name."""

    @paged("failure_groups_list")
    def list(
        self,
        *,
        agent: str | None = None,
        code: str | None = None,
        host: str | None = None,
        skill: str | None = None,
        since: str | None = None,
        sort: str | None = None,
        state: str | None = None,
        limit: int | None = None,
    ) -> Request[Page[GroupView]]:
        """Return the groups, the most important first."""
        query = {"agent": agent, "code": code, "host": host, "skill": skill, "since": since, "sort": sort, "state": state, "limit": limit}
        return paging(GroupView, "failures", "groups", query=query)

    @operation("failure_groups_get")
    def get(
        self,
        signature: str,
        *,
        agent: str | None = None,
        code: str | None = None,
        host: str | None = None,
        skill: str | None = None,
        since: str | None = None,
    ) -> Request[OneGroupView]:
        """Return one group with its examples and what was tried."""
        query = {"agent": agent, "code": code, "host": host, "skill": skill, "since": since}
        return get(OneGroupView, "failures", "groups", signature, query=query)

    @operation("failure_groups_fixed")
    def fixed(self, signature: str, reason: str, *, version: str | None = None) -> Request[MarkedView]:
        """Say that the cause is fixed; the group is `regressed` when it comes again."""
        return post(MarkedView, "failures", "groups", signature, "fixed", body={"reason": reason, "version": version})

    @operation("failure_groups_mute")
    def mute(self, signature: str, reason: str, until: str) -> Request[MarkedView]:
        """Leave a group out until an instant."""
        return post(MarkedView, "failures", "groups", signature, "mute", body={"reason": reason, "until": until})

    @operation("failure_groups_unmute")
    def unmute(self, signature: str, reason: str) -> Request[MarkedView]:
        """Show a group again."""
        return post(MarkedView, "failures", "groups", signature, "unmute", body={"reason": reason})


class Failures(Group[M]):
    """What failed."""

    @cached_property
    def groups(self) -> FailureGroups[M]:
        """Failures by cause."""
        return FailureGroups(self._client)

    @paged("failures_list")
    def list(
        self,
        *,
        code: str | None = None,
        run_id: str | None = None,
        signature: str | None = None,
        skill: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Request[Page[MatchView]]:
        """Return failures with what the catalog knew and what was decided."""
        query = {"code": code, "run_id": run_id, "signature": signature, "skill": skill, "limit": limit, "cursor": cursor}
        return paging(MatchView, "failures", query=query)

    @operation("failures_stats")
    def stats(self) -> Request[StatsView]:
        """Return how often each code came, and how often recovery helped."""
        return get(StatsView, "failures", "stats")

    @operation("failures_analytics")
    def analytics(
        self,
        *,
        agent: str | None = None,
        code: str | None = None,
        host: str | None = None,
        skill: str | None = None,
        since: str | None = None,
    ) -> Request[AnalyticsView]:
        """Return what failed when, and what that cost."""
        query = {"agent": agent, "code": code, "host": host, "skill": skill, "since": since}
        return get(AnalyticsView, "failures", "analytics", query=query)
