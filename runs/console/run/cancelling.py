"""What a cancel leads to, in words: what stops now, what is in flight, which effects may still land. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from skills.contracts import HARMLESS_EFFECTS

Json = Mapping[str, Any]
NAMED = 8
"""How many steps are named; of more it is said how many."""


def foreseen(steps: Sequence[Json]) -> list[tuple[str, str]]:
    """Return the three answers for a run whose steps stand like this, as (question, answer)."""
    in_flight = [step for step in steps if step["status"] == "running"]
    doubts = [f"{step['step_id']} (in doubt already)" for step in steps if step["status"] == "in_doubt"]
    landing = [step["step_id"] for step in in_flight if (step["effect"] or "none") not in HARMLESS_EFFECTS]
    return answers(
        [step["step_id"] for step in steps if step["status"] in ("pending", "waiting")],
        [f"{step['step_id']} ({step['skill']})" if step["skill"] else step["step_id"] for step in in_flight],
        [*landing, *doubts],
    )


def told(done: Json) -> str:
    """Return what the service answered, as one sentence for each question."""
    three = answers(done["stopped"], [call["step_id"] for call in done["in_flight"]], done["may_still_land"])
    return " ".join(f"{question}: {answer}." for question, answer in three)


def answers(stopped: Sequence[str], in_flight: Sequence[str], may_land: Sequence[str]) -> list[tuple[str, str]]:
    """Return each question with the steps it names."""
    return [
        ("Stops now", _named(stopped) or "nothing else was to begin"),
        ("In flight", f"{_named(in_flight)}, told to stop" if in_flight else "no call is under way"),
        ("May still land", _named(may_land) or "nothing that changes anything outside"),
    ]


def _named(steps: Sequence[str]) -> str:
    # What the machine does itself, as planning, reads as a word.
    names = [step[1:] if step.startswith("$") else step for step in steps]
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
