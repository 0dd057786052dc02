"""A run as OpenTelemetry spans: a tree of the official messages, the same each time, with nobody's texts in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents.models import Tenant
from agents.services import create_agent
from agents.tenancy import SCOPES
from runs.models import Run
from runs.tracing.exporting import otlp_json
from skills import plugins
from skills.registry import registry
from skills.trace_ids import span_id_of, trace_id_of
from tests.api.cast import make_caller
from tests.fakes.collector import official, spans_in
from tests.fakes.llm_server import LlmServer, structured, text
from tests.integration.test_commands_on_runs import told
from tests.integration.workshop import Workshop, a_worker, driven, parked, step

CALLERS = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
CANARY = "canary-of-a-customer"
PROPOSED = {"step_id": "one", "skill": "say", "description": "", "params_json": '{"said": 1}', "depends_on": [], "condition": None}


def exported(run: Run) -> list[dict[str, Any]]:
    """Return the spans of a run, after the official messages took them."""
    document = otlp_json(tenant=run.tenant, run_id=run.public_id)
    message = official(document)
    assert len(message.resource_spans) == 1
    return spans_in(document)


def retried(workshop: Workshop, **options: Any) -> Run:
    retry = {"max_attempts": 3, "backoff_ms": 1}
    flaky = step("flaky", "fails", code="TIMEOUT", until_attempt=3, message=CANARY, retry=retry)
    return driven(workshop, flaky, step("last", "say", "flaky", said=CANARY), **options)


def test_a_run_is_a_span_and_each_attempt_one_below_it(workshop: Workshop) -> None:
    run = retried(workshop, trace_id="c" * 32, caller_trace=CALLERS)
    root, admission, *attempts = exported(run)
    assert (admission["name"], admission["parentSpanId"]) == ("admit", root["spanId"])
    assert (root["name"], root["spanId"], root["links"][0]["traceId"]) == ("invoke_agent worker", span_id_of(run.public_id), "a" * 32)
    assert [span["name"] for span in attempts] == ["execute_tool fails"] * 3 + ["execute_tool say"]
    assert {span["traceId"] for span in (root, *attempts)} == {"c" * 32}
    assert {span["parentSpanId"] for span in attempts} == {root["spanId"]}
    wanted = [("flaky", 1), ("flaky", 2), ("flaky", 3), ("last", 1)]
    assert [span["spanId"] for span in attempts] == [span_id_of(run.public_id, *each) for each in wanted]
    assert [span["attributes"].get("error.type") for span in attempts] == ["TIMEOUT", "TIMEOUT", None, None]
    assert [span["status"].get("code", 0) for span in attempts] == [2, 2, 0, 0]
    first = attempts[0]["attributes"]
    assert (first["aos.step.id"], first["aos.attempt"], first["aos.effect.class"], first["aos.outcome.code"]) == (
        "flaky",
        1,
        "read",
        "TIMEOUT",
    )
    assert [event["name"] for event in attempts[0]["events"]] == ["aos.start", "aos.retry"]
    assert "aos.finish" in [event["name"] for event in root["events"]]
    assert all(int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"]) for span in (root, *attempts))


def test_it_says_the_same_each_time(workshop: Workshop) -> None:
    run = retried(workshop)
    assert exported(run) == exported(run)
    assert exported(run)[0]["traceId"] == trace_id_of(None, run.public_id) == run.trace_id


def test_every_decision_stands_on_one_span(workshop: Workshop) -> None:
    run = retried(workshop)
    decided = [event for span in exported(run) for event in span["events"]]
    trace = make_caller(workshop.tenant, "reader", ("runs:read",)).get(f"/api/v1/runs/{run.public_id}/trace").json()
    assert sorted(event["name"] for event in decided) == sorted(f"aos.{decision['kind']}" for decision in trace["decisions"])


def test_what_people_and_skills_wrote_stays_at_home_unless_the_operator_wants_it(workshop: Workshop, settings: Any) -> None:
    run = retried(workshop, inputs={"who": CANARY})
    assert CANARY not in json.dumps(exported(run))
    settings.OTEL_CAPTURES_CONTENT = True
    shown = exported(run)
    assert next(span for span in shown if "message" in span["status"])["status"]["message"] == CANARY
    assert CANARY in shown[-1]["attributes"]["gen_ai.tool.call.result"]


def test_a_run_that_waits_is_told_as_far_as_it_is(workshop: Workshop) -> None:
    run = workshop.submit(step("one", "say", said=1), step("ask", "asks", "one", question="Which?"))
    with a_worker():
        parked(run, "input")
    root, *attempts = exported(run)
    assert (root["attributes"]["aos.run.status"], root["attributes"]["aos.run.waiting_for"]) == ("waiting", "input")
    assert "execute_tool say" in [span["name"] for span in attempts]


def test_a_model_that_is_asked_is_a_span_with_its_tokens(workshop: Workshop, settings: Any) -> None:
    plugins.load(registry, with_plugins=False, modules=["skills.library.llm_invoke"])
    with LlmServer() as server:
        server.script(text("Hello.", input_tokens=12, output_tokens=7, cached_tokens=5))
        settings.LLM_PROVIDERS = {"anthropic": {"base_url": server.anthropic_url, "api_key": "k"}}
        config = {"provider": "anthropic", "model": "m", "max_cost_per_call_micro_usd": 100}
        agent = create_agent(tenant=workshop.tenant, name="speaker", profile={"skill_config": {"llm_invoke": config}})
        run = driven(workshop, step("say", "llm_invoke", prompt="Say hello."), agent=agent)
    tool, chat = exported(run)[2:]
    assert (tool["name"], chat["name"], chat["parentSpanId"], chat["kind"]) == ("execute_tool llm_invoke", "chat m", tool["spanId"], 3)
    said = chat["attributes"]
    assert (said["gen_ai.provider.name"], said["gen_ai.request.model"]) == ("anthropic", "m")
    tokens = {name.removeprefix("gen_ai.usage."): value for name, value in said.items() if name.startswith("gen_ai.usage.")}
    assert tokens == {"input_tokens": 17, "output_tokens": 7, "cache_read.input_tokens": 5, "cache_creation.input_tokens": 0}


def test_planning_is_a_span_and_the_model_one_below_it(workshop: Workshop, settings: Any) -> None:
    profile = {"planner": {"name": "openai_compatible", "options": {"model": "local", "max_cost_per_call_micro_usd": 100}}}
    agent = create_agent(tenant=workshop.tenant, name="thinker", profile=profile)
    with LlmServer() as server:
        server.script(structured({"steps": [PROPOSED]}))
        settings.LLM_PROVIDERS = {"openai_compatible": {"base_url": server.openai_url, "api_key": "k"}}
        run = driven(workshop, goal="Say one", agent=agent)
    assert run.status == "succeeded", run.summary
    root, plan, chat, _, *tools = exported(run)
    assert (plan["name"], plan["parentSpanId"]) == ("plan openai_compatible", root["spanId"])
    assert (chat["name"], chat["parentSpanId"], chat["attributes"]["gen_ai.usage.output_tokens"]) == ("chat local", plan["spanId"], 7)
    assert server.requests[0].headers["traceparent"].split("-")[2] == plan["spanId"]
    assert [span["name"] for span in tools] == ["execute_tool say"]


def test_it_is_asked_for_by_api_and_command_alike(workshop: Workshop, assert_refused: Any) -> None:
    run = retried(workshop)
    caller = make_caller(workshop.tenant, "reader", ("runs:read",))
    path = f"/api/v1/runs/{run.public_id}/trace"
    document = caller.get(f"{path}?format=otlp").json()
    assert document == otlp_json(tenant=workshop.tenant, run_id=run.public_id)
    assert json.loads(told("trace", run.public_id, "--otlp")[0]) == document
    assert "resourceSpans" not in caller.get(f"{path}?format=json").json()
    assert_refused(caller.get(f"{path}?format=zipkin"), 400, "/format")
    stranger = make_caller(Tenant.objects.create(slug="rival", name="Rival"), "charlie", SCOPES)
    assert stranger.get(f"{path}?format=otlp").status_code == 404


@pytest.fixture
def assert_refused() -> Any:
    def check(response: Any, status: int, pointer: str) -> None:
        assert (response.status_code, response.json()["errors"][0]["pointer"]) == (status, pointer)

    return check
