"""The stub planner's rules: which goal gives which plan, and which goals it refuses."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agents.plan.references import render, walk
from agents.plan.validation import validate_plan
from agents.planners.interface import PlannerFailure, PlannerMeans, PlanRequest, Proposal
from agents.planners.registry import propose
from skills import plugins
from skills.contracts import FaultDetail
from skills.execution import run_skill
from skills.ports import SkillContext
from skills.registry import Registry

REGISTRY = Registry()
plugins.load(REGISTRY, with_plugins=False)

MEANS = PlannerMeans(http=None, secrets=None, providers={})  # type: ignore[arg-type]
COINBASE = "https://api.coinbase.com/v2/prices/{}-USD/spot"
PRICE = ["http_call", "json_transform", "llm_invoke"]


def ask(goal: str, *, allowed: list[str] | None = None, **more: Any) -> Proposal | PlannerFailure:
    skills = [REGISTRY.metadata(name) for name in REGISTRY.names() if allowed is None or name in allowed]
    request = PlanRequest(
        goal=goal,
        inputs=more.pop("inputs", {}),
        skills=[skill for skill in skills if skill is not None],
        options=more.pop("options", {}),
        timeout_ms=1_000,
        **more,
    )
    return asyncio.run(propose("stub", request, MEANS))


def plan_for(goal: str, **more: Any) -> dict[str, Any]:
    answer = ask(goal, **more)
    assert isinstance(answer, Proposal), answer
    validate_plan(answer.plan, REGISTRY.metadata)
    return dict(answer.plan)


GOALS: dict[str, tuple[str, list[str], str]] = {
    "fetch_only": ("fetch https://example.com", ["http_call"], "https://example.com"),
    "upper_case_and_full_stop": ("FETCH HTTPS://Example.com/a.", ["http_call"], "HTTPS://Example.com/a"),
    "bare_host": ("Get example.com/docs and summarise it", ["http_call", "llm_invoke"], "https://example.com/docs"),
    "headings": ("Fetch https://example.com, extract headings, summarize them", PRICE, "https://example.com"),
    "headings_only": (
        "read https://example.com/x?y=1&z=2; extract the headings!",
        ["http_call", "json_transform"],
        "https://example.com/x?y=1&z=2",
    ),
    "quoted": ('Please fetch "https://example.com/a" and give me a summary', ["http_call", "llm_invoke"], "https://example.com/a"),
    "parenthesis_around": ("Summarize the page (https://example.com/a).", ["http_call", "llm_invoke"], "https://example.com/a"),
    "parenthesis_inside": (
        "fetch https://en.wikipedia.org/wiki/Plan_(drawing), summarise",
        ["http_call", "llm_invoke"],
        "https://en.wikipedia.org/wiki/Plan_(drawing)",
    ),
    "local_port": ("fetch http://127.0.0.1:8099/page and extract text and summarize", PRICE, "http://127.0.0.1:8099/page"),
    "ipv6": ("fetch http://[::1]:8099/page", ["http_call"], "http://[::1]:8099/page"),
    "json_path": ("fetch https://example.com/a.json, extract $.items[0].name and summarize", PRICE, "https://example.com/a.json"),
    "words_in_the_address": (
        "fetch https://example.com/price/summary-headings",
        ["http_call"],
        "https://example.com/price/summary-headings",
    ),
    "bitcoin": ("Fetch Bitcoin price and summarize", PRICE, COINBASE.format("BTC")),
    "price_of": ("What is the price of ethereum?", ["http_call", "json_transform"], COINBASE.format("ETH")),
    "price_of_symbol": ("get the current price of sol, then summarise it", PRICE, COINBASE.format("SOL")),
    "price_with_url": ("Fetch the Bitcoin price from http://127.0.0.1:9/spot and summarize", PRICE, "http://127.0.0.1:9/spot"),
}


@pytest.mark.parametrize("case", GOALS)
def test_it_plans_what_it_knows(case: str) -> None:
    goal, skills, url = GOALS[case]
    plan = plan_for(goal)
    assert [step["skill"] for step in plan["steps"]] == skills
    assert plan["steps"][0]["params"]["url"] == url
    assert (plan["planner"], plan["goal"]) == ("stub", goal)


def test_it_chains_the_steps_by_references() -> None:
    steps = plan_for("Fetch https://example.com, extract headings, summarize them")["steps"]
    assert steps[1]["params"] == {"input": "${steps.fetch.result.body}", "operations": [{"op": "headings"}]}
    assert steps[2]["params"]["input"] == "${steps.extract.result.value}"


def test_it_asks_the_exchange_the_run_or_the_agent_names() -> None:
    goal = "Fetch Bitcoin price and summarize"
    of_run = plan_for(goal, inputs={"url": "http://127.0.0.1:8099/spot"})
    assert of_run["steps"][0]["params"]["url"] == "${inputs.url}"
    of_agent = plan_for(goal, options={"price_url": "http://127.0.0.1:8099/{pair}", "price_path": "$.amount"})
    assert of_agent["steps"][0]["params"]["url"] == "http://127.0.0.1:8099/BTC-USD"
    assert of_agent["steps"][1]["params"]["path"] == "$.amount"


def test_it_reads_the_page_the_run_names() -> None:
    plan = plan_for("Fetch the page, extract headings, summarize them", inputs={"url": "https://example.com"})
    assert plan["steps"][0]["params"]["url"] == "${inputs.url}"


def test_it_summarizes_a_text_of_its_own() -> None:
    plan = plan_for("Summarize: the quick brown fox jumps over the lazy dog twice ${inputs.x}")
    assert plan["steps"][0]["params"]["input"].endswith("twice $${inputs.x}")
    assert plan_for("Summarize the text", inputs={"text": "Long."})["steps"][0]["params"]["input"] == "${inputs.text}"


def test_it_takes_what_looks_like_a_reference_in_an_address_as_text() -> None:
    assert plan_for("fetch https://example.com/${secrets.KEY}")["steps"][0]["params"]["url"] == "https://example.com/$${secrets.KEY}"


@pytest.mark.parametrize("goal", ["Make me rich", "", "summarize", "https", "delete everything", "fetch"])
def test_it_refuses_what_it_does_not_know_and_says_what_it_knows(goal: str) -> None:
    answer = ask(goal)
    assert isinstance(answer, PlannerFailure)
    assert answer.failure.code == "PLAN_INVALID"
    assert any("Fetch <URL>" in suggestion for suggestion in answer.failure.suggestions)


def test_it_refuses_a_goal_that_needs_a_skill_the_agent_may_not_use() -> None:
    answer = ask("fetch https://example.com and summarize", allowed=["http_call"])
    assert isinstance(answer, PlannerFailure)
    assert answer.failure.code == "SKILL_NOT_ALLOWED" and "llm_invoke" in answer.failure.message


def test_it_does_not_propose_a_refused_plan_again() -> None:
    fault = FaultDetail(pointer="/steps/0/params/url", code="SCHEMA_VALIDATION_FAILED", detail="too long")
    answer = ask("fetch https://example.com", rejected={"steps": []}, faults=[fault])
    assert isinstance(answer, PlannerFailure)
    assert answer.failure.code == "PLAN_INVALID" and answer.failure.details.errors == [fault]


def test_it_refuses_an_option_it_cannot_use() -> None:
    answer = ask("price of bitcoin", options={"price_url": 7})
    assert isinstance(answer, PlannerFailure) and answer.failure.code == "INVALID_INPUT"


def test_it_gives_the_same_plan_every_time() -> None:
    goal = "Fetch https://example.com, extract headings, summarize them"
    assert plan_for(goal) == plan_for(goal)


def test_it_costs_nothing() -> None:
    answer = ask("fetch https://example.com")
    assert answer.spent.cost_micro_usd == 0


CARRIED_OUT: dict[str, tuple[str, Any, str]] = {
    "bitcoin": (
        "Fetch Bitcoin price and summarize",
        {"data": {"base": "BTC", "currency": "USD", "amount": "67000.12"}},
        "The price of BTC is 67000.12 USD.",
    ),
    "headings": (
        "Fetch https://example.com, extract headings, summarize them",
        "<html><body><h1>AOS</h1><p>x</p><h2>Install</h2></body></html>",
        "There are 2 headings: AOS; Install.",
    ),
    "page": ("Fetch https://example.com and summarize", "<html><body><p>All is well.</p></body></html>", "All is well."),
}


@pytest.mark.parametrize("case", CARRIED_OUT)
def test_it_refers_to_results_the_skills_really_give(case: str) -> None:
    goal, body, summary = CARRIED_OUT[case]
    results: dict[str, Any] = {"fetch": {"result": {"body": body}}}
    for step in plan_for(goal)["steps"][1:]:
        params = render(step["params"], lambda reference: walk(results, reference.path, reference.text))
        skill = REGISTRY.resolve(step["skill"])
        assert skill is not None
        # Neither of the two leaves the process, so no way out is handed in.
        context = SkillContext(http=None, secrets=None, config={}, idempotency_key="k", timeout_ms=5_000)  # type: ignore[arg-type]
        outcome = asyncio.run(run_skill(skill, params, context))
        assert outcome.success, outcome.failure
        results[step["step_id"]] = {"result": outcome.result}
    assert results["summarize"]["result"]["text"] == summary
