"""Runs: submit, watch, steer, and look back."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from aos_sdk._errors import RunFailedError, WaitTimeoutError
from aos_sdk._events import EventCall
from aos_sdk._operation import Group, M, Procedure, operation, paged, procedure, streamed
from aos_sdk._pages import Page, paging
from aos_sdk._request import Request, create, download, get, post
from aos_sdk._transport import Sleep
from aos_sdk.types import (
    AcceptedRun,
    BomReport,
    CancelledRun,
    Decided,
    DecisionRecord,
    EventPage,
    Explanation,
    ReplayReport,
    Requested,
    RerunPreview,
    ResourceContract,
    RunDifference,
    RunEventView,
    RunView,
    ToppedUpRun,
    Trace,
)

TERMINAL = frozenset({"succeeded", "partial", "failed", "cancelled", "dead_lettered"})
LOOK_SECONDS, PATIENCE_SECONDS = 0.2, 20


def is_settled(run: Mapping[str, Any]) -> bool:
    """Tell whether a run will not go on by itself: it has ended, or waits for a person, money or a freeze to end."""
    return run["status"] in TERMINAL or (run["status"] == "waiting" and run.get("waiting_for") != "timer")


class Goals(Group[M]):
    """Runs of a goal that the agent's planner plans."""

    @operation("goals_submit")
    def submit(
        self,
        goal: str,
        agent: str,
        *,
        inputs: Mapping[str, Any] | None = None,
        budget_micro_usd: int | None = None,
        budget_cents: str | None = None,
        deadline_ms: int | None = None,
        priority: int | None = None,
        called_by: str | None = None,
        faults: Sequence[Mapping[str, Any]] | None = None,
        callback_url: str | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> Request[AcceptedRun]:
        """Have a goal planned and run. With `wait`, answer when the run settles, after so many seconds at most."""
        body = {"goal": goal, "agent": agent, "inputs": inputs, "deadline_ms": deadline_ms, "priority": priority, "faults": faults}
        money = {"budget_micro_usd": budget_micro_usd, "budget_cents": budget_cents}
        ties = {"called_by": called_by, "callback_url": callback_url}
        return create(AcceptedRun, "goals", body={**body, **money, **ties}, key=idempotency_key, wait=wait)


class Runs(Group[M]):
    """What happens, happened and will happen."""

    @operation("runs_submit")
    def submit(
        self,
        agent: str,
        *,
        plan: Mapping[str, Any] | None = None,
        goal: str | None = None,
        simulation_id: str | None = None,
        inputs: Mapping[str, Any] | None = None,
        budget_micro_usd: int | None = None,
        budget_cents: str | None = None,
        deadline_ms: int | None = None,
        priority: int | None = None,
        called_by: str | None = None,
        faults: Sequence[Mapping[str, Any]] | None = None,
        callback_url: str | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> Request[AcceptedRun]:
        """Run a plan, a goal or what was simulated. With `wait`, answer when the run settles, after so many seconds at most."""
        body = {"agent": agent, "plan": plan, "goal": goal, "simulation_id": simulation_id, "inputs": inputs, "faults": faults}
        money = {"budget_micro_usd": budget_micro_usd, "budget_cents": budget_cents}
        ties = {"deadline_ms": deadline_ms, "priority": priority, "called_by": called_by, "callback_url": callback_url}
        return create(AcceptedRun, "runs", body={**body, **money, **ties}, key=idempotency_key, wait=wait)

    @paged("runs_list")
    def list(
        self, *, status: str | None = None, agent: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> Request[Page[RunView]]:
        """Return runs, newest first."""
        return paging(RunView, "runs", query={"status": status, "agent": agent, "limit": limit, "cursor": cursor})

    @operation("runs_get")
    def get(self, run_id: str) -> Request[RunView]:
        """Return a run as it is now."""
        return get(RunView, "runs", run_id)

    @procedure
    def wait(self, run_id: str, *, timeout: float | None = None, check: bool = False) -> Procedure[RunView]:
        """Return the run once it has settled: it ended, or waits for a person or money.

        Raises WaitTimeoutError after `timeout` seconds; the run goes on. With `check`, raises RunFailedError unless it succeeded.
        """
        due = None if timeout is None else time.monotonic() + timeout
        after = 0
        while True:
            run: RunView = yield get(RunView, "runs", run_id)
            if is_settled(run):
                break
            left = PATIENCE_SECONDS if due is None else due - time.monotonic()
            if left <= 0:
                raise WaitTimeoutError(f"the run is {run.status} after {timeout} s, and goes on", run)
            after = yield from _news(run_id, after, left)
        if check and run.status != "succeeded":
            raise RunFailedError(run)
        return run

    @procedure
    def result(self, run_id: str, *, timeout: float | None = None) -> Procedure[Any]:
        """Wait for a run and return its result. Raises RunFailedError unless it succeeded."""
        yield from Runs.wait.made(None, run_id, timeout=timeout, check=True)
        trace = yield get(Trace, "runs", run_id, "trace")
        return trace.run.result

    @streamed("runs_events")
    def events(self, run_id: str, *, after: int | None = None, reconnects: int = 10) -> EventCall:
        """Follow a run event by event to its end, taking the stream up again where it breaks."""
        return EventCall(RunEventView, ("runs", run_id, "events"), after, reconnects=reconnects)

    @operation("runs_events")
    def event_page(self, run_id: str, *, after: int | None = None, limit: int | None = None, wait: int | None = None) -> Request[EventPage]:
        """Return the events after one, waiting up to `wait` seconds for the first."""
        return get(EventPage, "runs", run_id, "events", query={"after": after, "limit": limit, "wait": wait})

    @operation("runs_trace")
    def trace(self, run_id: str, *, format: str | None = None) -> Request[Trace]:
        """Return all that is known of a run; with `format="otlp"`, as OpenTelemetry spans."""
        return get(Trace, "runs", run_id, "trace", query={"format": format})

    @operation("runs_explain")
    def explain(self, run_id: str) -> Request[Explanation]:
        """Return what holds a run up, and why it failed."""
        return get(Explanation, "runs", run_id, "explain")

    @paged("runs_decisions")
    def decisions(
        self,
        run_id: str,
        *,
        kind: str | None = None,
        step: str | None = None,
        after: int | None = None,
        limit: int | None = None,
    ) -> Request[Page[DecisionRecord]]:
        """Return what was decided, and because of what."""
        query = {"kind": kind, "step": step, "after": after, "limit": limit}
        return paging(DecisionRecord, "runs", run_id, "decisions", query=query, cursor="next_after")

    @operation("runs_contract")
    def contract(self, run_id: str) -> Request[ResourceContract]:
        """Return what the run may still use."""
        return get(ResourceContract, "runs", run_id, "contract")

    @operation("runs_bom")
    def bom(self, run_id: str, *, against: str | None = None) -> Request[BomReport]:
        """Return what a run was made of; with `against`, what was otherwise in another."""
        return get(BomReport, "runs", run_id, "bom", query={"against": against})

    @operation("runs_diff")
    def diff(self, run_id: str, other_id: str) -> Request[RunDifference]:
        """Hold a run against another."""
        return get(RunDifference, "runs", run_id, "diff", other_id)

    @operation("runs_evidence")
    def evidence(self, run_id: str, *, without_payloads: bool | None = None, signed: bool | None = None) -> Request[bytes]:
        """Return a run as a ZIP file that can be checked without a server."""
        return download("runs", run_id, "evidence", query={"without_payloads": without_payloads, "signed": signed})

    @operation("runs_cancel")
    def cancel(self, run_id: str, *, reason: str | None = None) -> Request[CancelledRun]:
        """End a run; the answer says what stopped and what may still land."""
        return post(CancelledRun, "runs", run_id, "cancel", body={"reason": reason})

    @operation("runs_pause")
    def pause(self, run_id: str, *, reason: str | None = None) -> Request[Requested]:
        """Start no further step."""
        return post(Requested, "runs", run_id, "pause", body={"reason": reason})

    @operation("runs_resume")
    def resume(self, run_id: str, *, reason: str | None = None) -> Request[Requested]:
        """Let a paused run go on."""
        return post(Requested, "runs", run_id, "resume", body={"reason": reason})

    @operation("runs_decide")
    def decide(
        self, run_id: str, step_id: str, verdict: str, *, action_hash: str | None = None, value: Any = None, reason: str | None = None
    ) -> Request[Decided]:
        """Give a person's word on a step that waits. `reject`, and a yes to what cannot be taken back, take a `reason`."""
        body = {"step_id": step_id, "verdict": verdict, "action_hash": action_hash, "value": value, "reason": reason}
        return post(Decided, "runs", run_id, "decide", body=body)

    @operation("runs_top_up")
    def top_up(
        self, run_id: str, *, amount_micro_usd: int | None = None, amount_cents: str | None = None, idempotency_key: str | None = None
    ) -> Request[ToppedUpRun]:
        """Raise the run's limit; one that waits for money goes on."""
        body = {"amount_micro_usd": amount_micro_usd, "amount_cents": amount_cents}
        return create(ToppedUpRun, "runs", run_id, "top-up", body=body, key=idempotency_key)

    @operation("runs_replay")
    def replay(
        self,
        run_id: str,
        *,
        mode: str | None = None,
        allow_effects: bool | None = None,
        changes: Mapping[str, Any] | None = None,
        assume: str | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> Request[ReplayReport]:
        """Prove a run again: `verify` folds it, `tape` runs it on what was recorded, `live` really, `what_if` with changes."""
        body = {"mode": mode, "allow_effects": allow_effects, "changes": changes, "assume": assume}
        return create(ReplayReport, "runs", run_id, "replay", body=body, key=idempotency_key, wait=wait)

    @operation("runs_replays_get")
    def get_replay(self, run_id: str, child_id: str) -> Request[ReplayReport]:
        """Return what a live replay has shown by now."""
        return get(ReplayReport, "runs", run_id, "replays", child_id)

    @operation("runs_rerun")
    def rerun(
        self,
        run_id: str,
        *,
        from_step: str | None = None,
        versions: str | None = None,
        params: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
        plan_anew: bool | None = None,
        repeat_effects: bool | None = None,
        budget_micro_usd: int | None = None,
        budget_cents: str | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> Request[RunView]:
        """Do a run again, all of it or from a step on; with `plan_anew` its planner is told what failed, and makes another plan."""
        body = {"from_step": from_step, "versions": versions, "params": params, "inputs": inputs, "repeat_effects": repeat_effects}
        money = {"plan_anew": plan_anew, "budget_micro_usd": budget_micro_usd, "budget_cents": budget_cents}
        return create(RunView, "runs", run_id, "rerun", body={**body, **money}, key=idempotency_key, wait=wait)

    @operation("runs_rerun")
    def preview_rerun(
        self,
        run_id: str,
        *,
        from_step: str | None = None,
        versions: str | None = None,
        params: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
        plan_anew: bool | None = None,
        repeat_effects: bool | None = None,
        budget_micro_usd: int | None = None,
        budget_cents: str | None = None,
    ) -> Request[RerunPreview]:
        """Tell what doing a run again would mean, and do nothing."""
        body = {"from_step": from_step, "versions": versions, "params": params, "inputs": inputs, "repeat_effects": repeat_effects}
        money = {"plan_anew": plan_anew, "budget_micro_usd": budget_micro_usd, "budget_cents": budget_cents}
        return post(RerunPreview, "runs", run_id, "rerun", body={**body, **money, "dry_run": True})

    @operation("runs_undo_step")
    def undo_step(
        self, run_id: str, step_id: str, *, reason: str | None = None, wait: float | None = None, idempotency_key: str | None = None
    ) -> Request[RunView]:
        """Undo what a step did, by a run of its own."""
        return create(RunView, "runs", run_id, "steps", step_id, "undo", body={"reason": reason}, key=idempotency_key, wait=wait)


def _news(run_id: str, after: int, seconds: float) -> Procedure[int]:
    """Rest until something happened in a run, but not long; return where its journal stands."""
    started = time.monotonic()
    wait = int(min(PATIENCE_SECONDS, seconds))
    page: EventPage = yield get(EventPage, "runs", run_id, "events", query={"after": after, "limit": 1_000, "wait": wait})
    # News come in bursts: the run is looked at a few times a second, not after each of them.
    yield Sleep(max(0.0, min(seconds, LOOK_SECONDS - (time.monotonic() - started))) if not page.terminal else 0.0)
    return page.next_after
