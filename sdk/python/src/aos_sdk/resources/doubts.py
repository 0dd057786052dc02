"""What only a person can settle: steps in doubt, and runs that were given up."""

from __future__ import annotations

from typing import Any

from aos_sdk._operation import Group, M, operation, paged
from aos_sdk._pages import Page, paging
from aos_sdk._request import Request, create, get, post
from aos_sdk.types import DeadLetter, Doubt, DoubtEvidence, GivenVerdict, RunView


class InDoubt(Group[M]):
    """Steps of which nobody knows whether their effect happened."""

    @paged("in_doubt_list")
    def list(self, *, limit: int | None = None, cursor: str | None = None) -> Request[Page[Doubt]]:
        """Return the steps in doubt."""
        return paging(Doubt, "in-doubt", query={"limit": limit, "cursor": cursor})

    @operation("in_doubt_get")
    def get(self, run_id: str, step_id: str) -> Request[DoubtEvidence]:
        """Return what was sent, and what is known since."""
        return get(DoubtEvidence, "in-doubt", run_id, step_id)

    @operation("in_doubt_verdict")
    def verdict(self, run_id: str, step_id: str, verdict: str, reason: str, *, result: Any = None) -> Request[GivenVerdict]:
        """Say `happened`, `did_not_happen` or `probe_again`."""
        return post(GivenVerdict, "in-doubt", run_id, step_id, "verdict", body={"verdict": verdict, "reason": reason, "result": result})


class DeadLetters(Group[M]):
    """Runs given up after too many crashes."""

    @paged("dead_letters_list")
    def list(self, *, limit: int | None = None, cursor: str | None = None) -> Request[Page[DeadLetter]]:
        """Return the runs that were given up."""
        return paging(DeadLetter, "dead-letters", query={"limit": limit, "cursor": cursor})

    @operation("dead_letters_get")
    def get(self, run_id: str) -> Request[DeadLetter]:
        """Return why a run was given up, and what it had begun."""
        return get(DeadLetter, "dead-letters", run_id)

    @operation("dead_letters_requeue")
    def requeue(
        self,
        run_id: str,
        reason: str,
        *,
        accept_doubt: bool | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> Request[RunView]:
        """Make a new run of what is left of it."""
        body = {"reason": reason, "accept_doubt": accept_doubt}
        return create(RunView, "dead-letters", run_id, "requeue", body=body, key=idempotency_key, wait=wait)
