"""One trace from the request to whom is called: over real sockets, a caller's traceparent in, ours out."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from structlog.stdlib import ProcessorFormatter

from agents.services import create_agent
from agents.tenancy import SCOPES, create_key
from aos_site.logs import dict_config, shared_processors
from runs import selectors
from runs.models import Run
from skills.trace_ids import span_id_of, trace_id_of
from tests.api.cast import Caller
from tests.fakes.llm_server import LlmServer, structured, text
from tests.fakes.raw_server import RawServer, answer
from tests.integration.workshop import Workshop, a_worker, driven, over, step, step_of, trace

CALLERS = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
OF_THE_PLAN = "00-" + "a" * 32 + "-" + "b" * 16 + "-00"
UNAVAILABLE = answer(status="503 Service Unavailable")


@pytest.fixture
def caller(workshop: Workshop) -> Caller:
    row, key = create_key(workshop.tenant, "program", SCOPES)
    return Caller(key, row, workshop.tenant)


def seen(server: RawServer) -> list[str]:
    """Return the traceparent of each request."""
    return [found.decode() for sent in server.requests for found in re.findall(rb"(?i)^traceparent: (\S+)", sent, re.MULTILINE)]


def get(server: RawServer, **more: Any) -> dict[str, Any]:
    return step("fetch", "http_call", url=server.url + "/", **more)


def sent_from(run: Run, step_id: str, attempt: int = 1) -> str:
    return f"00-{trace_id_of(run.trace_id, run.public_id)}-{span_id_of(run.public_id, step_id, attempt)}-01"


def test_whom_a_run_calls_sees_the_trace_of_the_request_that_asked_for_it(workshop: Workshop, caller: Caller, settings: Any) -> None:
    with RawServer(UNAVAILABLE, answer(b"ok")) as server:
        settings.ALLOW_LOCAL_TARGETS = frozenset({server.authority})
        plan = {"steps": [get(server, retry={"max_attempts": 2, "backoff_ms": 1})]}
        asked = caller.post("/api/v1/runs", {"agent": "worker", "plan": plan}, traceparent=CALLERS)
        run = Run.objects.get(public_id=asked.json()["run_id"])
        with a_worker():
            over(run)
    assert run.trace_id == asked.json()["trace_id"] != CALLERS.split("-")[1]
    assert seen(server) == [sent_from(run, "fetch", 1), sent_from(run, "fetch", 2)]
    assert len(set(seen(server))) == 2, "each attempt is a span of its own"
    assert caller.get(f"/api/v1/runs/{run.public_id}/trace").json()["caller_trace"] == CALLERS


def test_a_plan_that_names_a_trace_itself_is_left_alone(workshop: Workshop, settings: Any) -> None:
    with RawServer(answer(b"ok")) as server:
        settings.ALLOW_LOCAL_TARGETS = frozenset({server.authority})
        driven(workshop, get(server, headers={"TraceParent": OF_THE_PLAN}))
    assert seen(server) == [OF_THE_PLAN]


def test_a_run_without_a_trace_has_one_of_its_own(workshop: Workshop, settings: Any) -> None:
    with RawServer(answer(b"ok")) as server:
        settings.ALLOW_LOCAL_TARGETS = frozenset({server.authority})
        run = driven(workshop, get(server))
    assert run.trace_id == trace_id_of(None, run.public_id)
    assert seen(server) == [sent_from(run, "fetch")]
    assert trace(run)["caller_trace"] is None


def test_the_outcome_names_the_span_its_call_was_sent_from(workshop: Workshop, caller: Caller, settings: Any) -> None:
    with RawServer(answer(b"ok")) as server:
        settings.ALLOW_LOCAL_TARGETS = frozenset({server.authority})
        asked = {"skill": "http_call", "params": {"url": server.url + "/"}, "agent": "worker"}
        with a_worker():
            told = [caller.post("/api/v1/runtime/execute", asked, traceparent=CALLERS, Idempotency_Key="k") for _ in range(2)]
    outcome = told[0].json()
    assert told[1].json() == outcome, "the same call, made once"
    assert [each.headers.get("Idempotency-Replayed") for each in told] == [None, "true"]
    _, trace_id, span_id, _ = seen(server)[0].split("-")
    assert (outcome["execution"]["trace_id"], outcome["execution"]["span_id"]) == (trace_id, span_id)
    assert selectors.get_run(tenant=workshop.tenant, run_id=outcome["run_id"]).trace_id == trace_id


@pytest.mark.parametrize("provider", ["anthropic", "openai_compatible"])
def test_a_language_model_is_asked_from_the_span_of_its_call(workshop: Workshop, settings: Any, provider: str) -> None:
    with LlmServer() as server:
        server.script(text("Hello."))
        url = server.anthropic_url if provider == "anthropic" else server.openai_url
        settings.LLM_PROVIDERS = {provider: {"base_url": url, "api_key": "k"}}
        config = {"provider": provider, "model": "m", "max_cost_per_call_micro_usd": 100}
        agent = create_agent(tenant=workshop.tenant, name="speaker", profile={"skill_config": {"llm_invoke": config}})
        run = workshop.submit(step("say", "llm_invoke", prompt="Say hello."), agent=agent)
        with a_worker():
            over(run)
    assert step_of(run, "say")["status"] == "succeeded", step_of(run, "say")
    assert [request.headers["traceparent"] for request in server.requests] == [sent_from(run, "say")]


def test_a_planner_is_asked_from_the_span_of_its_proposal(workshop: Workshop, settings: Any) -> None:
    plan = {"steps": [{"step_id": "one", "skill": "say", "params": {"said": 1}}]}
    with LlmServer() as server:
        server.script(structured(plan))
        settings.LLM_PROVIDERS = {"openai_compatible": {"base_url": server.openai_url, "api_key": ""}}
        options = {"model": "m", "max_cost_per_call_micro_usd": 100}
        planner = {"name": "openai_compatible", "options": options}
        agent = create_agent(tenant=workshop.tenant, name="thinker", profile={"planner": planner})
        run = workshop.submit(agent=agent, goal="say one")
        with a_worker():
            over(run)
    assert server.requests[0].headers["traceparent"] == sent_from(run, "$plan")


@pytest.fixture
def logged() -> Iterator[list[dict[str, Any]]]:
    """Return each line the runtime of skills logs, as it is written."""
    lines: list[dict[str, Any]] = []
    formatter = dict_config(shared_processors(), level="INFO", as_json=True)["formatters"]["line"]

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(self.format(record)))

    listener = Listener()
    listener.setFormatter(ProcessorFormatter(**{name: value for name, value in formatter.items() if name != "()"}))
    logging.getLogger("skills").addHandler(listener)
    yield lines
    logging.getLogger("skills").removeHandler(listener)


def test_what_a_call_logs_says_which_trace_and_span_it_belongs_to(workshop: Workshop, logged: list[dict[str, Any]]) -> None:
    first, second = (driven(workshop, step("one", "raises"), trace_id=trace_id) for trace_id in ("c" * 32, "d" * 32))
    told = ("trace_id", "span_id", "run_id", "step_id", "tenant")
    found = [{name: line[name] for name in told} for line in logged if line["event"] == "skill.call.defect"]
    assert found == [
        {
            "trace_id": run.trace_id,
            "span_id": span_id_of(run.public_id, "one", 1),
            "run_id": run.public_id,
            "step_id": "one",
            "tenant": "acme",
        }
        for run in (first, second)
    ]
