"""Steps that wait for a person's yes, or for an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from aos_sdk._operation import Group, M, operation, paged
from aos_sdk._pages import Page, paging
from aos_sdk._request import Request, create, get, post
from aos_sdk.types import (
    ApprovalView,
    Decided,
    DecisionResults,
    EditedCall,
    LinkView,
    MadeLink,
    MadeLinks,
    NoteList,
    NoteView,
    QuestionView,
)


class Approvals(Group[M]):
    """Steps that wait for a person's yes. A decision names, by `action_hash`, exactly what was looked at."""

    @paged("approvals_list")
    def list(self, *, limit: int | None = None, cursor: str | None = None) -> Request[Page[ApprovalView]]:
        """Return what waits to be approved. The `body` of a page names runs whose journals are damaged: `unreadable`."""
        return paging(ApprovalView, "approvals", query={"limit": limit, "cursor": cursor})

    @operation("approvals_get")
    def get(self, run_id: str, step_id: str) -> Request[ApprovalView]:
        """Return what a step would do, with the `action_hash` that binds a decision to it."""
        return get(ApprovalView, "approvals", run_id, step_id)

    @operation("approvals_edit")
    def edit(self, run_id: str, step_id: str, *, action_hash: str, params: Mapping[str, Any]) -> Request[EditedCall]:
        """Return what the call would be with other parameters: checked, simulated, with its own `action_hash`. Decides nothing."""
        return post(EditedCall, "approvals", run_id, step_id, "edit", body={"action_hash": action_hash, "params": params})

    @operation("approvals_approve")
    def approve(
        self,
        run_id: str,
        step_id: str,
        *,
        action_hash: str,
        reason: str | None = None,
        params: Mapping[str, Any] | None = None,
        edited_hash: str | None = None,
    ) -> Request[Decided]:
        """Let the step do what was shown; with `params` that instead, where `edited_hash` is the one `edit` showed for them.

        An edited call, and one that says `needs_reason`, takes a `reason` of 10 characters at least.
        """
        edited = {"params": None if params is None else dict(params), "edited_hash": edited_hash}
        return post(Decided, "approvals", run_id, step_id, "approve", body={"action_hash": action_hash, "reason": reason, **edited})

    @operation("approvals_reject")
    def reject(self, run_id: str, step_id: str, *, action_hash: str, reason: str) -> Request[Decided]:
        """Refuse the step. The `reason`, 10 characters at least, is what a planner is told."""
        return post(Decided, "approvals", run_id, step_id, "reject", body={"action_hash": action_hash, "reason": reason})

    @operation("approvals_decide")
    def decide(self, decisions: Sequence[Mapping[str, str]], verdict: str, *, reason: str) -> Request[DecisionResults]:
        """Say one word on many calls, each `{"run_id", "step_id", "action_hash"}`, and why; every one says what became of it."""
        body = {"decisions": decisions, "verdict": verdict, "reason": reason}
        return post(DecisionResults, "approvals", "decide", body=body)

    @operation("approvals_notes")
    def notes(self, run_id: str, step_id: str) -> Request[NoteList]:
        """Return what was said about a call, the first first."""
        return get(NoteList, "approvals", run_id, step_id, "notes")

    @operation("approvals_note")
    def note(
        self,
        run_id: str,
        step_id: str,
        kind: str,
        text: str | None = None,
        *,
        to: str | None = None,
        idempotency_key: str | None = None,
    ) -> Request[NoteView]:
        """Hand a decision on (`assign`, `to` whom), `ask` who asked for the run, or `reply` as that one."""
        body = {"kind": kind, "text": text, "to": to}
        return create(NoteView, "approvals", run_id, step_id, "notes", body=body, key=idempotency_key)

    @operation("approvals_link")
    def link(
        self, run_id: str, step_id: str, for_: str, *, ttl_s: int | None = None, idempotency_key: str | None = None
    ) -> Request[LinkView]:
        """Make a link by which one person decides the call once. Its `url` is told this once."""
        return create(LinkView, "approvals", run_id, step_id, "links", body={"for": for_, "ttl_s": ttl_s}, key=idempotency_key)

    @operation("approvals_links")
    def links(self, run_id: str, step_id: str) -> Request[MadeLinks]:
        """Return the links that were made for the call, and how each stands."""
        return get(MadeLinks, "approvals", run_id, step_id, "links")

    @operation("approvals_revoke_link")
    def revoke_link(self, run_id: str, step_id: str, link_id: str, *, reason: str | None = None) -> Request[MadeLink]:
        """Take a link back before it is used."""
        return post(MadeLink, "approvals", run_id, step_id, "links", link_id, "revoke", body={"reason": reason})


class Questions(Group[M]):
    """Steps that wait for a person's answer."""

    @paged("questions_list")
    def list(self, *, limit: int | None = None, cursor: str | None = None) -> Request[Page[QuestionView]]:
        """Return what is asked. The `body` of a page names runs whose journals are damaged: `unreadable`."""
        return paging(QuestionView, "questions", query={"limit": limit, "cursor": cursor})

    @operation("questions_get")
    def get(self, run_id: str, step_id: str) -> Request[QuestionView]:
        """Return one question, with the JSON Schema of its answer (`form`)."""
        return get(QuestionView, "questions", run_id, step_id)

    @operation("questions_answer")
    def answer(self, run_id: str, step_id: str, value: Any) -> Request[Decided]:
        """Answer a question; what becomes of a failure is an answer too: `{"action": "retry"}`."""
        return replace(post(Decided, "questions", run_id, step_id, "answer"), body={"value": value})
