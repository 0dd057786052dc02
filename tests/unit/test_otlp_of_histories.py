"""Every golden history, whatever kind of run it is, makes spans the official messages take, and loses no decision on the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runs.engine.virtual import Entry
from runs.shell.codec import decode
from runs.shell.reading.otlp import Source, spans_of_run
from runs.shell.reading.trace import trace_of
from runs.tracing.contracts import TracedEvent, TracedStep
from tests.conftest import PROJECT
from tests.fakes.collector import official, spans_in

HISTORIES = sorted((PROJECT / "tests/histories").glob("*.json"))
# What of a run's row its spans are made of.
NOTHING = ("waiting_for", "failure_code", "started_at", "finished_at", "parent_run_id", "relation", "trace_id")
ROW = {"agent": "worker", "planner": "manual", "goal": "", "summary": "", "created_at": "2026-01-01T00:00:00.000Z"}


def trace_in(history: Path) -> dict[str, Any]:
    told = json.loads(history.read_text(encoding="utf-8"))
    records = [decode(text, seq=seq) for seq, text in enumerate(told["events"], start=1)]
    row = dict.fromkeys(NOTHING) | ROW | {"run_id": told["run_id"], "status": told["status"], "cost": {"spent_micro_usd": 0}}
    return trace_of(row, [Entry(record.fact, record.decisions) for record in records])


@pytest.mark.parametrize("history", HISTORIES, ids=lambda path: path.stem)
def test_it_is_a_tree_of_spans_with_every_decision_on_one(history: Path) -> None:
    trace = trace_in(history)
    document = {"resourceSpans": [spans_of_run(trace, Source("aos", "1", "test", "acme"))]}
    official(document)
    spans = spans_in(document)
    assert len({span["spanId"] for span in spans}) == len(spans)
    assert {span.get("parentSpanId", spans[0]["spanId"]) for span in spans} <= {span["spanId"] for span in spans}
    assert sum(len(span["events"]) for span in spans) == len(trace["decisions"])
    assert all(int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"]) for span in spans)


@pytest.mark.parametrize("history", HISTORIES, ids=lambda path: path.stem)
def test_its_steps_and_events_are_as_published(history: Path) -> None:
    trace = trace_in(history)
    for step in trace["steps"]:
        TracedStep.model_validate(step | {"reversed_by": None})
    for event in trace["events"]:
        TracedEvent.model_validate(event)
