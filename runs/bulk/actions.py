"""What may be done to many runs: each by the service that does it to one, and what becomes of a run by how it stands, as data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from agents.tenancy import Principal
from runs import services
from runs.again import Wanted
from runs.models import TERMINAL_STATUSES, Run, RunStatus
from skills.refusal import Refusal

Options = dict[str, Any]


class Verdict(NamedTuple):
    """Whether it is refused for a run, by how it stands, and what would happen or why not."""

    is_refused: bool
    words: str


class Action(NamedTuple):
    """Something done to many runs; `takes_ended` are those it is for: the runs that have ended, or those that have not."""

    name: str
    title: str
    phrase: str
    consequence: str
    words: str
    takes_ended: bool
    call: Callable[[Principal, str, str, str, Options], None]


def _cancel(principal: Principal, run_id: str, reason: str, key: str, options: Options) -> None:
    services.cancel_run(principal=principal, run_id=run_id, reason=reason)


def _pause(principal: Principal, run_id: str, reason: str, key: str, options: Options) -> None:
    services.pause_run(principal=principal, run_id=run_id, reason=reason)


def _resume(principal: Principal, run_id: str, reason: str, key: str, options: Options) -> None:
    services.resume_run(principal=principal, run_id=run_id, reason=reason)


def _rerun(principal: Principal, run_id: str, reason: str, key: str, options: Options) -> None:
    wanted = Wanted(asks_about_effects=True, **options)
    # The key says which run it is done again for: whoever takes over from a worker that died makes no second one.
    services.rerun_run(principal=principal, run_id=run_id, wanted=wanted, idempotency_key=key)


ACTIONS = {
    action.name: action
    for action in (
        Action(
            "cancel",
            "Cancel",
            "Cancel {}",
            "Nothing new starts in them and running calls are told to stop; an effect that was sent may still land.",
            "stops for good",
            False,
            _cancel,
        ),
        Action(
            "pause",
            "Pause",
            "Pause {}",
            "Steps that run go on to their end; nothing new starts until somebody resumes the runs.",
            "starts no further step",
            False,
            _pause,
        ),
        Action(
            "resume",
            "Resume",
            "Resume {}",
            "Those that are paused go on where they stand; the others are as they were.",
            "goes on",
            False,
            _resume,
        ),
        Action(
            "rerun",
            "Do again",
            "Do {} again",
            "A new run does all of each once more, with its plan, inputs and limit; the runs themselves stay as they are.",
            "is done again by a new run",
            True,
            _rerun,
        ),
    )
}


def verdict_of(action: Action, status: str, waiting_for: str = "", blocked_by: str = "") -> Verdict:
    """Return what would become of a run by how its row stands. The service has the last word."""
    has_ended = status in TERMINAL_STATUSES
    if has_ended != action.takes_ended:
        why = "a run that has ended never changes" if has_ended else "only runs that have ended are done again together"
        return Verdict(True, f"the run is {status.replace('_', ' ')}; {why}")
    is_paused = status == RunStatus.WAITING and waiting_for == "paused"
    if action.name == "resume" and (not is_paused or blocked_by):
        return Verdict(
            False, "is held by a freeze, and stays so until that is lifted" if is_paused else "is not paused, and stays as it is"
        )
    if action.name == "pause" and is_paused:
        return Verdict(False, "is paused already")
    return Verdict(False, action.words)


def refuse_by_row(action: Action, run: Run) -> None:
    """Raise Refusal for a run the action is not for."""
    verdict = verdict_of(action, run.status, run.waiting_for, run.blocked_by)
    if verdict.is_refused:
        raise Refusal("INVALID_INPUT", verdict.words, status=409, run_id=run.public_id)
