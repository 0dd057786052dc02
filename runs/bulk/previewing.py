"""What an operation would do, before anybody begins it: how many runs, how they stand, what they hold, effects to mind. Writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from agents.tenancy import Principal
from runs import selectors
from runs.again import effects_again
from runs.bulk.actions import ACTIONS, Action, verdict_of
from runs.bulk.choosing import ASKED_ABOVE, Chosen, numbers_of
from runs.models import TERMINAL_STATUSES, Run, RunStatus
from runs.services import in_flight_of
from runs.shell.reading.history import read_state
from skills.contracts import HARMLESS_EFFECTS
from skills.refusal import Refusal

Json = dict[str, Any]
FIRST = 10
LOOKED_INTO = 50
"""Into how many journals a preview looks for effects; how many more runs might have some, it says."""
_TOLD = ("pk", "public_id", "status", "waiting_for", "blocked_by", "agent__name", "spent_micro_usd", "reserved_micro_usd")


@dataclass(frozen=True)
class _Effects:
    found: list[Json]
    refused: dict[int, str]
    not_looked_into: int


def preview(*, principal: Principal, action: str, chosen: Chosen) -> Json:
    """Say what an operation would do. Raises Refusal (422) for no run, and for more than one operation may be about."""
    act, numbers = ACTIONS[action], numbers_of(chosen)
    # By the filter again and not by their numbers: a thousand of those make a statement slow to read.
    rows = list(chosen.rows.order_by("created_at", "pk").values(*_TOLD)[: len(numbers)])
    verdicts = [verdict_of(act, row["status"], row["waiting_for"], row["blocked_by"]) for row in rows]
    effects = _effects(principal, act, [row["pk"] for row in rows if _may_have_effects(act, row)])
    refused = {row["pk"]: verdict.words for row, verdict in zip(rows, verdicts, strict=True) if verdict.is_refused} | effects.refused
    return {
        "action": action,
        "filter": chosen.filter,
        "total": len(rows),
        "refused": len(refused),
        "needs_expected": len(rows) > ASKED_ABOVE,
        "by_status": _counted(row["status"] for row in rows),
        "by_agent": _counted(row["agent__name"] for row in rows),
        "money": {name: sum(row[name] for row in rows) for name in ("spent_micro_usd", "reserved_micro_usd")},
        "effects": effects.found,
        "not_looked_into": effects.not_looked_into,
        "first": [
            {
                "run_id": row["public_id"],
                "status": row["status"],
                "agent": row["agent__name"],
                "is_refused": row["pk"] in refused,
                "detail": refused.get(row["pk"], verdict.words),
            }
            for row, verdict in zip(rows[:FIRST], verdicts, strict=False)
        ],
    }


def _counted(names: Iterator[str]) -> list[Json]:
    return [{"name": name, "runs": number} for name, number in Counter(names).most_common()]


def _may_have_effects(action: Action, row: Json) -> bool:
    if action.takes_ended:
        return row["status"] in TERMINAL_STATUSES
    return action.name != "resume" and row["status"] == RunStatus.RUNNING


def _effects(principal: Principal, action: Action, numbers: Sequence[int]) -> _Effects:
    """Look into journals: what is in flight and may still land, or what happened and would be made once more."""
    look = _made_again if action.takes_ended else _in_flight
    found: list[Json] = []
    refused: dict[int, str] = {}
    for run in selectors.list_runs(tenant=principal.tenant).filter(pk__in=numbers[:LOOKED_INTO]).order_by("created_at", "pk"):
        try:
            found += look(principal, run)
        except Refusal as refusal:
            # Its journal is gone or cannot be read. Told to stop it is all the same; done again it is not.
            if action.takes_ended:
                refused[run.pk] = refusal.detail
    return _Effects(found, refused, max(0, len(numbers) - LOOKED_INTO))


def _in_flight(principal: Principal, run: Run) -> Iterator[Json]:
    for call in in_flight_of(read_state(run)):
        if call["effect"] not in HARMLESS_EFFECTS:
            detail = f"attempt {call['attempt']} is under way: its {call['effect'].replace('_', ' ')} may still land"
            yield {"run_id": run.public_id, "step_id": call["step_id"], "effect": call["effect"], "detail": detail}


def _made_again(principal: Principal, run: Run) -> Iterator[Json]:
    for again in effects_again(principal=principal, run_id=run.public_id):
        yield {"run_id": run.public_id, "step_id": again.step_id, "effect": again.effect, "detail": again.detail}
