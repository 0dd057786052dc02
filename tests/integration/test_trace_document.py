"""The trace document is what its published schema says, whatever became of the run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from pydantic import ValidationError

from agents.models import Tenant
from agents.services import create_agent
from runs.api.schemas import schema_of
from runs.effects.undo import undo_step
from runs.faults.contracts import Fault
from runs.faults.kinds import FaultKind
from runs.housekeeping.retention import remove_due
from runs.models import Kept, Run
from runs.shell.reading.otlp import Source, spans_of_run
from runs.tracing.contracts import Trace
from skills import plugins
from skills.registry import registry
from tests.fakes.collector import official
from tests.fakes.raw_server import RawServer, answer
from tests.integration.workshop import Workshop, a_worker, chain, driven, now, over, parked, step, trace

Way = Callable[[Workshop, Path, Any], Run]
CALLERS = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


def retried(workshop: Workshop, tmp: Path, settings: Any) -> Run:
    retry = {"max_attempts": 3, "backoff_ms": 1}
    return driven(workshop, step("flaky", "fails", code="TIMEOUT", until_attempt=3, retry=retry), caller_trace=CALLERS)


def fell_back(workshop: Workshop, tmp: Path, settings: Any) -> Run:
    other: dict[str, Any] = {"on_error": "fallback", "fallback_skill": "say", "fallback_params": {"said": 2}}
    return driven(workshop, step("first", "fails", code="NOT_FOUND", **other))


def looped(workshop: Workshop, tmp: Path, settings: Any) -> Run:
    return driven(workshop, step("all", "say", said="${item}", for_each="${inputs.them}"), inputs={"them": [1, 2, 3]})


def failed(workshop: Workshop, tmp: Path, settings: Any) -> Run:
    return driven(workshop, *chain(step("broken", "fails", code="NOT_FOUND"), step("never", "say")))


def refused(workshop: Workshop, tmp: Path, settings: Any) -> Run:
    return driven(workshop, goal="Make me happy")


def approved(workshop: Workshop, tmp: Path, settings: Any) -> Run:
    run = workshop.submit(step("write", "append_line", witness=str(tmp / "w"), approval="always"))
    with a_worker():
        parked(run, "approval")
        workshop.decide(run, "write", "approve", action_hash=trace(run)["steps"][-1]["action_hash"])
        return over(run)


def waiting(workshop: Workshop, tmp: Path, settings: Any) -> Run:
    run = workshop.submit(step("ask", "asks", question="Which?"))
    with a_worker():
        return parked(run, "input")


def queued(workshop: Workshop, tmp: Path, settings: Any) -> Run:
    return workshop.submit(step("one", "say", said=1))


def faulted(workshop: Workshop, tmp: Path, settings: Any) -> Run:
    Tenant.objects.filter(pk=workshop.tenant.pk).update(allow_faults=True)
    return driven(workshop, step("one", "say", said=1, on_error="continue"), faults=[Fault(kind=FaultKind.SERVER_ERROR)])


def taken_back(workshop: Workshop, tmp: Path, settings: Any) -> Run:
    plugins.load(registry, with_plugins=False, modules=["skills.library.http_call"])
    with RawServer(answer(b'{"id": 7}', status="201 Created", content_type="application/json"), answer(b"")) as server:
        settings.ALLOW_LOCAL_TARGETS = frozenset({server.authority})
        undo = {"url": server.url + "/{result.body.id}"}
        run = driven(workshop, step("order", "http_call", url=server.url + "/", method="POST", body={}, undo=undo))
        child, _ = undo_step(principal=workshop.bob, run_id=run.public_id, step_id="order", reason="a mistake")
        with a_worker():
            over(child)
    assert_conforms(trace(child))
    assert trace(child)["undoes"]["run_id"] == run.public_id
    return run


def removed(workshop: Workshop, tmp: Path, settings: Any) -> Run:
    run = failed(workshop, tmp, settings)
    Run.objects.filter(pk=run.pk).update(finished_at=datetime.now(UTC) - timedelta(days=91))
    remove_due()
    assert now(run).kept == Kept.EVENTS
    return now(run)


WAYS = [retried, fell_back, looped, failed, refused, approved, waiting, queued, faulted, taken_back, removed]


def assert_conforms(document: dict[str, Any]) -> None:
    """Check a trace against its model and its schema, and that the official OpenTelemetry messages take what is made of it."""
    Trace.model_validate(document)
    spans = spans_of_run(document, Source("aos", "1", "test", "acme"))
    assert official({"resourceSpans": [spans]}).resource_spans[0].scope_spans[0].spans[0].name == "invoke_agent " + document["run"]["agent"]
    jsonschema_rs.validate(schema_of("Trace"), document)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_it_is_what_its_schema_says(workshop: Workshop, tmp_path: Path, settings: Any, way: Way) -> None:
    document = trace(way(workshop, tmp_path, settings))
    assert_conforms(document)
    assert (document["removed"] is not None) == (way is removed)
    assert (document["caller_trace"] == CALLERS) == (way is retried)


@pytest.mark.parametrize("place", [(), ("run",), ("steps", 0), ("steps", 0, "attempts", 0), ("events", 0), ("decisions", 0)], ids=str)
def test_a_key_nobody_knows_is_no_trace(workshop: Workshop, place: tuple[Any, ...]) -> None:
    document = trace(driven(workshop, step("one", "say", said=1)))
    assert document["steps"][0]["attempts"], "the first step was called"
    inner: Any = document
    for part in place:
        inner = inner[part]
    inner["unknown"] = 1
    with pytest.raises(ValidationError, match="unknown"):
        Trace.model_validate(document)
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(schema_of("Trace"), document)


def test_an_agents_planner_is_a_step_of_the_trace(workshop: Workshop) -> None:
    agent = create_agent(tenant=workshop.tenant, name="thinker", profile={"planner": {"name": "claude"}})
    run = workshop.submit(goal="anything", agent=agent)
    with a_worker():
        over(run)
    document = trace(run)
    assert_conforms(document)
    assert document["steps"][0]["step_id"] == "$plan"
