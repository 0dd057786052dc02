"""The built-in model: chooses sentences, reads JSON out, fills schemas by name, and says that it is no real model."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills.adapters import extractive
from skills.contracts import StructuredOutcome
from skills.execution import run_skill
from skills.library.llm_invoke import LlmInvoke
from skills.ports import SkillContext

ARTICLE = (
    "The harbour of Rotterdam handles more containers than any other harbour in Europe. Yesterday it rained. "
    "Containers arrive from Asia every hour, and cranes unload the containers without drivers. "
    "A cat sat on a wall. The harbour plans to replace its last diesel cranes by electric cranes before 2030. "
    "Critics say the harbour grows too fast for the town around it."
)
HEADINGS = [{"level": 1, "text": "AOS"}, {"level": 2, "text": "Install"}, {"level": 2, "text": "Run  a goal"}]
SPOT = {"data": {"base": "BTC", "currency": "USD", "amount": "67000.12"}}


class NoSecrets:
    """A secret store with nothing in it."""

    def reveal(self, name: str) -> str:
        raise KeyError(name)


def call(params: dict[str, Any], config: dict[str, Any] | None = None) -> StructuredOutcome:
    # The built-in model goes nowhere, so no way out is handed in.
    context = SkillContext(http=None, secrets=NoSecrets(), config=config or {}, idempotency_key="k", timeout_ms=5_000)  # type: ignore[arg-type]
    return asyncio.run(run_skill(LlmInvoke(), params, context))


def test_it_answers_without_any_configuration_free_and_marked_degraded() -> None:
    outcome = call({"prompt": "Summarize.", "input": ARTICLE})
    assert outcome.success
    assert (outcome.result["provider"], outcome.result["degraded"]) == ("extractive", True)
    execution = outcome.execution
    assert (execution.cost_micro_usd, execution.pricing_status, execution.usage) == (0, "free", None)
    assert execution.degraded and execution.degraded_reason and "extractive" in execution.degraded_reason
    assert outcome.side_effects == []
    assert LlmInvoke().worst_case_micro_usd({"prompt": "x", "input": "${steps.a.result}"}, {}) == 0


def test_it_stays_available_beside_a_configured_provider() -> None:
    config = {"provider": "anthropic", "api_key_secret": "MISSING"}
    outcome = call({"prompt": "Summarize.", "input": ARTICLE, "provider": "extractive"}, config)
    assert outcome.success and outcome.execution.cost_micro_usd == 0


def test_it_keeps_the_sentences_that_carry_the_text_in_their_order() -> None:
    summary = call({"prompt": "Summarize.", "input": ARTICLE}).result["text"]
    assert "containers" in summary and "cat" not in summary and "rained" not in summary
    places = [ARTICLE.index(sentence) for sentence in summary.split(". ") if sentence in ARTICLE]
    assert places == sorted(places)


def test_it_answers_with_the_sentence_that_shares_most_with_the_question() -> None:
    outcome = call({"prompt": "What do critics say about the town?", "input": ARTICLE, "task": "answer"})
    assert outcome.result["text"] == "Critics say the harbour grows too fast for the town around it."


READ_OUT: dict[str, tuple[Any, str, str]] = {
    "price": (SPOT, "Summarize the price.", "The price of BTC is 67000.12 USD."),
    "price_as_text": (json.dumps(SPOT), "Summarize.", "The price of BTC is 67000.12 USD."),
    "headings": (HEADINGS, "Summarize the headings.", "There are 3 headings: AOS; Install; Run a goal."),
    "one_heading": (["Only"], "Summarize the headings.", "There is 1 heading: Only."),
    "named_list": ({"authors": ["Ada", "Grace"]}, "Summarize.", "There are 2 authors: Ada; Grace."),
    "facts": ({"status": "ok", "load": {"cpu": 0.5}}, "Summarize.", "status is ok. load cpu is 0.5."),
    "lines": ({"note": "two\n\nlines"}, "Summarize.", "note is two lines."),
    "number": (7, "Summarize.", "The value is 7."),
    "page": ("<html><body><h1>Hi</h1><script>evil()</script><p>Well met.</p></body></html>", "Summarize.", "Hi Well met."),
    "prompt_only": (None, "One sentence stands here.", "One sentence stands here."),
    "broken_json": ("{not json at all}", "Summarize.", "{not json at all}"),
}


@pytest.mark.parametrize("case", READ_OUT)
def test_it_reads_out_what_it_is_given(case: str) -> None:
    material, prompt, expected = READ_OUT[case]
    assert call({"prompt": prompt, "input": material}).result["text"] == expected


def test_it_stays_within_max_tokens_and_shows_the_cut() -> None:
    outcome = call({"prompt": "Summarize.", "input": ARTICLE, "max_tokens": 20})
    assert outcome.result["text"].endswith("…") and len(outcome.result["text"].split()) <= 11


def test_it_fills_a_schema_by_name() -> None:
    schema = {
        "type": "object",
        "properties": {"base": {"type": "string"}, "amount": {"type": "number"}, "summary": {"type": "string"}},
        "required": ["base", "amount", "summary"],
    }
    outcome = call({"prompt": "Read the price.", "input": SPOT, "schema": schema})
    assert outcome.result["data"] == {"base": "BTC", "amount": 67000.12, "summary": "The price of BTC is 67000.12 USD."}
    assert json.loads(outcome.result["text"]) == outcome.result["data"]


def test_it_says_so_where_it_cannot_fill_a_schema() -> None:
    schema = {"type": "object", "properties": {"sentiment": {"enum": ["good", "bad"]}}, "required": ["sentiment"]}
    outcome = call({"prompt": "How does it feel?", "input": ARTICLE, "schema": schema})
    assert outcome.failure is not None and outcome.failure.code == "INVALID_RESPONSE"
    assert outcome.failure.suggestions and outcome.execution.degraded


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=20,
)


@given(prompt=st.text(min_size=1), material=JSON, task=st.sampled_from(["summarize", "extract", "answer"]), max_tokens=st.integers(1, 400))
def test_it_answers_anything_the_same_way_twice(prompt: str, material: Any, task: extractive.Task, max_tokens: int) -> None:
    assert extractive.answer(prompt, material, task, max_tokens) == extractive.answer(prompt, material, task, max_tokens)


def test_it_reads_deeply_nested_json_without_falling() -> None:
    assert call({"prompt": "Summarize.", "input": "[" * 500 + "]" * 500}).success


@pytest.mark.parametrize(
    "material",
    [ARTICLE * 2_000, [0] * 400_000, [{"a": 1}] * 80_000, '."' + '"' * 450_000, "word " * 180_000],
    ids=["text", "numbers", "objects", "quotes", "one_sentence"],
)
def test_it_gets_through_a_megabyte_in_reasonable_time(material: Any) -> None:
    many = {"type": "object", "properties": {f"field{place}": {"type": "string"} for place in range(300)}}
    assert call({"prompt": "Summarize.", "input": material}).success
    assert call({"prompt": "Summarize.", "input": material, "schema": many}).success
