"""Recoveries: what is suggested for a failure, and candidates that have to earn their confidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from aos_sdk._operation import Group, M, operation, paged
from aos_sdk._pages import Page, paging
from aos_sdk._request import Request, create, get, post
from aos_sdk.types import CandidateDetail, CandidateDocuments, CandidateView, ImportedView, SuggestionView


class Candidates(Group[M]):
    """Recoveries that were found in what happened, and how far they are trusted."""

    @paged("recovery_candidates_list")
    def list(
        self,
        *,
        state: str | None = None,
        policy: str | None = None,
        code: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Request[Page[CandidateView]]:
        """Return candidates."""
        query = {"state": state, "policy": policy, "code": code, "limit": limit, "cursor": cursor}
        return paging(CandidateView, "recovery", "candidates", query=query)

    @operation("recovery_candidates_get")
    def get(self, candidate_id: str) -> Request[CandidateDetail]:
        """Return a candidate with its evidence."""
        return get(CandidateDetail, "recovery", "candidates", candidate_id)

    @operation("recovery_candidates_approve")
    def approve(self, candidate_id: str, *, reason: str | None = None) -> Request[CandidateDetail]:
        """Let it be tried in shadow."""
        return _decided(candidate_id, "approve", reason)

    @operation("recovery_candidates_activate")
    def activate(self, candidate_id: str, *, reason: str | None = None) -> Request[CandidateDetail]:
        """Let it act."""
        return _decided(candidate_id, "activate", reason)

    @operation("recovery_candidates_reject")
    def reject(self, candidate_id: str, reason: str) -> Request[CandidateDetail]:
        """Refuse it."""
        return _decided(candidate_id, "reject", reason)

    @operation("recovery_candidates_reopen")
    def reopen(self, candidate_id: str, *, reason: str | None = None) -> Request[CandidateDetail]:
        """Look at it again."""
        return _decided(candidate_id, "reopen", reason)

    @operation("recovery_candidates_withdraw")
    def withdraw(self, candidate_id: str, reason: str) -> Request[CandidateDetail]:
        """Take it back."""
        return _decided(candidate_id, "withdraw", reason)

    @operation("recovery_candidates_export")
    def export(self, *, state: str | None = None) -> Request[CandidateDocuments]:
        """Return candidates as documents for another installation."""
        return get(CandidateDocuments, "recovery", "candidates:export", query={"state": state})

    @operation("recovery_candidates_import")
    def import_(self, data: Sequence[Any], *, idempotency_key: str | None = None) -> Request[ImportedView]:
        """Take documents of another installation over."""
        return create(ImportedView, "recovery", "candidates:import", body={"data": [*data]}, key=idempotency_key)


def _decided(candidate_id: str, verb: str, reason: str | None) -> Request[CandidateDetail]:
    return post(CandidateDetail, "recovery", "candidates", candidate_id, verb, body={"reason": reason})


class Recovery(Group[M]):
    """What is suggested for a failure."""

    @cached_property
    def candidates(self) -> Candidates[M]:
        """Recoveries that have to earn their confidence."""
        return Candidates(self._client)

    @operation("recovery_suggest")
    def suggest(
        self, *, code: str | None = None, match_id: str | None = None, context: Mapping[str, Any] | None = None
    ) -> Request[SuggestionView]:
        """Return what would be done about a code, or about one failure, and why."""
        return post(SuggestionView, "recovery", "suggest", body={"code": code, "match_id": match_id, "context": context})
