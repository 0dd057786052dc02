"""The run page says how a run stands in words, shows what the role may read, and runs no one's markup."""

from __future__ import annotations

from typing import Any

import pytest
from django.template.loader import render_to_string

from runs.console.run.run_page import EVENTS_SHOWN, four_numbers, run_page
from runs.console.run.sentence import sentence
from skills.wording import duration, look_of, money
from tests.console.traces import T0, a_trace

NOW = T0 + 12_000
EVIL = '<script>alert("x")</script>'


def shown(trace: dict[str, Any], *, payloads: bool = True, costs: bool = True) -> str:
    context = run_page(trace, NOW, shows_payloads=payloads, shows_costs=costs, shows_targets=True)
    _, _, page = render_to_string("console/run.html", {"title": "run_1", **context}).partition('<div class="aos-page">')
    return page


SENTENCES = [
    pytest.param({}, "Failed after 10.0 s with PERMISSION_DENIED; 1 of 4 steps done; 1 retry; nothing in doubt.", id="failed"),
    pytest.param(
        {"status": "waiting", "waiting_for": "budget", "finished_at": None, "retries": 0},
        "Waiting for money: needs $0.4015 more than the $2.00 limit; 1 of 4 steps done; nothing in doubt.",
        id="waiting for money",
    ),
    pytest.param(
        {"status": "waiting", "waiting_for": "approval", "finished_at": None, "retries": 3},
        "Waiting for a person to approve a step; 1 of 4 steps done; 3 retries; nothing in doubt.",
        id="waiting for a person",
    ),
    pytest.param(
        {"status": "queued", "started_at": None, "finished_at": None, "retries": 0},
        "Queued for 12.0 s; 1 of 4 steps done; nothing in doubt.",
        id="queued",
    ),
    pytest.param(
        {"status": "succeeded", "failure_code": "", "retries": 0},
        "Succeeded after 10.0 s; 1 of 4 steps done; nothing in doubt.",
        id="succeeded",
    ),
]


@pytest.mark.parametrize(("run", "said"), SENTENCES)
def test_it_says_how_the_run_stands(run: dict[str, Any], said: str) -> None:
    assert sentence(a_trace(**run), NOW, shows_costs=True) == said


def test_it_says_for_how_long_a_run_waits() -> None:
    trace = a_trace(status="waiting", waiting_for="approval", finished_at=None, retries=0)
    trace["steps"][1]["waits"] = [{"for": "approval", "from_ms": T0, "until_ms": None}]
    assert sentence(trace, T0 + 723_000, shows_costs=True).startswith("Waiting 12 m 3 s for a person to approve a step; ")


def test_a_row_of_the_waterfall_leads_to_what_the_step_was_given_and_did() -> None:
    trace = a_trace()
    trace["steps"][1]["status"] = "in_doubt"
    trace["side_effects"] = [{**trace["side_effects"][0], "step_id": step_id} for step_id in ("fetch", "notify")]
    inputs = {"fetch": {"url": EVIL, "api_key": "s3cret-s3cret"}}
    context = run_page(trace, NOW, shows_payloads=True, shows_costs=True, shows_targets=True, inputs=inputs)
    page = render_to_string("console/run.html", {"title": "run_1", **context})
    assert '<a href="#step-fetch">fetch</a>' in page and '<td id="step-fetch">' in page
    assert "&lt;script&gt;" in page.partition("<summary>Input</summary>")[2].partition("</details>")[0]
    assert "s3cret-s3cret" not in page and EVIL not in page
    assert [effect["step_id"] for effect in context["aos_effects"]] == ["notify", "fetch"], "what is in doubt comes first"
    hidden = run_page(trace, NOW, shows_payloads=False, shows_costs=True, shows_targets=True, inputs={"fetch": {"url": "canary"}})
    assert "canary" not in render_to_string("console/run.html", {"title": "run_1", **hidden})


def test_it_tells_of_what_kind_and_how_large_what_it_masks_is() -> None:
    trace = a_trace()
    trace["steps"][1]["result"] = {"canary": "canary", "other": [1]}
    step_id = trace["steps"][1]["step_id"]
    given = {"url": "canary", "headers": {"canary": "x"}, "tries": 3, "body": None, "parts": ["canary"], "fast": True}
    seen = {"shows_payloads": False, "shows_costs": True, "shows_targets": True, "inputs": {step_id: given}}
    (row,) = [each for each in run_page(trace, NOW, shows_masks=True, **seen)["aos_steps"] if each["step_id"] == step_id]
    assert row["input"].splitlines() == [
        "url: a text of 6 characters",
        "headers: an object of 1 field",
        "tries: a number",
        "body: nothing",
        "parts: a list of 1 item",
        "fast: yes or no",
    ]
    assert row["result"] == "an object of 2 fields"
    page = render_to_string("console/run.html", {"title": "run_1", **run_page(trace, NOW, shows_masks=True, **seen)})
    assert "canary" not in page and "masked" in page
    (bare,) = [each for each in run_page(trace, NOW, **seen)["aos_steps"] if each["step_id"] == step_id]
    assert (bare["input"], bare["result"]) == ("", ""), "a viewer is told nothing of them"


def test_it_counts_what_is_in_doubt() -> None:
    trace = a_trace()
    trace["steps"][0]["status"] = "in_doubt"
    assert sentence(trace, NOW, shows_costs=True).endswith("; 1 in doubt.")


def test_it_says_no_sums_to_who_may_not_see_them() -> None:
    waiting = a_trace(status="waiting", waiting_for="budget", finished_at=None)
    assert "$" not in sentence(waiting, NOW, shows_costs=False)
    assert "$" not in shown(waiting, costs=False)


def test_it_shows_four_numbers_and_what_is_too_much() -> None:
    values = four_numbers(a_trace()["run"]["cost"])
    assert [(name, value) for name, value, _ in values] == [
        ("Spent", "$0.0015"),
        ("Reserved", "$0.0020"),
        ("Limit", "$2.00"),
        ("Worst case to finish", "$2.40"),
    ]
    assert values[3][2] == "$0.4015 too much"


def test_it_knows_an_unlimited_budget_and_an_unknown_price() -> None:
    cost = {"spent_micro_usd": 0, "reserved_micro_usd": 0, "limit_micro_usd": None, "worst_to_finish_micro_usd": None}
    assert [value for _, value, _ in four_numbers(cost)] == ["$0.0000", "$0.0000", "unlimited", "—"]


def test_it_draws_the_waterfall() -> None:
    page = shown(a_trace())
    assert page.count('<svg class="aos-bar"') == 9
    assert 'class="aos-backoff" x="26.00%" y="2" width="4.00%"' in page
    assert 'aria-label="Waiting for an approval: 5.0 s"' in page


def ways_of(trace: dict[str, Any], **again: Any) -> str:
    """Return the links from the failures of a run to doing it again."""
    context = run_page(trace, NOW, shows_payloads=True, shows_costs=True, shows_targets=True)
    page = render_to_string("console/run.html", {"title": "run_1", "aos_again": again or None, **context})
    return "".join(line for line in page.splitlines() if "aos-ways" in line)


def test_a_failure_leads_to_doing_the_run_again_from_there() -> None:
    trace = a_trace()
    assert ways_of(trace) == "", "nobody may, or it goes on"
    ways = ways_of(trace, link="/again/", has_planner=True)
    assert ways.count('href="/again/?from_step=notify"') == ways.count('href="/again/?from_step=%24plan"') == 1
    assert "fetch" not in ways, "what is made good is not done again"
    assert "%24plan" not in ways_of(trace, link="/again/", has_planner=False)
    trace["steps"][1]["step_id"] = "$plan"
    assert "Rerun from" not in ways_of(trace, link="/again/", has_planner=True), "before the first step there is none to begin at"


def test_it_shows_what_the_catalog_says_about_a_failure() -> None:
    page = shown(a_trace())
    assert "The catalog says: <strong>abort</strong>" in page
    assert "Check the secret." in page


def everywhere(value: Any, text: str) -> Any:
    """Return the trace with the text in the place of every string that a plan, a page or a model may have chosen."""
    if isinstance(value, dict):
        return {key: each if key in KEPT else everywhere(each, text) for key, each in value.items()}
    if isinstance(value, list):
        return [everywhere(each, text) for each in value]
    return text if isinstance(value, str) else value


KEPT = {"created_at", "started_at", "finished_at", "status", "waiting_for"}


@pytest.mark.parametrize("text", [EVIL, "'\"><img src=x onerror=alert(1)>"], ids=["element", "attribute"])
def test_it_shows_markup_in_names_as_text(text: str) -> None:
    page = shown(everywhere(a_trace(), text))
    assert "<script>" not in page
    assert "<img" not in page
    assert page.count("&lt;") > 20


def test_it_never_reads_a_name_as_a_template() -> None:
    assert "{{ 7|add:7 }}" in shown(everywhere(a_trace(), "{{ 7|add:7 }}"))


def test_it_leaves_payloads_out_of_the_page_for_other_roles() -> None:
    page = shown(everywhere(a_trace(), "canary-text"), payloads=False)
    # What stays is structure: names of steps and skills, codes, rules, targets of effects.
    hidden = shown({**a_trace(goal="canary-text", summary="canary-text", result={"a": "canary-text"})}, payloads=False)
    assert "canary-text" not in hidden
    assert "hidden from your role" in page


@pytest.mark.parametrize("field", ["goal", "summary", "result"])
def test_it_shows_payloads_to_who_may_read_them(field: str) -> None:
    assert "canary-text" in shown(a_trace(**{field: "canary-text"}))


def test_it_hides_messages_data_and_reasons_from_other_roles() -> None:
    trace = a_trace()
    trace["steps"][1]["failure"]["message"] = trace["steps"][0]["reason"] = trace["decisions"][0]["detail"]["x"] = "canary-text"
    trace["events"][0]["data"] = trace["plan"]["goal"] = trace["steps"][0]["result"] = "canary-text"
    assert shown(trace).count("canary-text") >= 6
    assert "canary-text" not in shown(trace, payloads=False)


def test_it_cuts_a_very_long_journal() -> None:
    trace = a_trace()
    trace["events"] *= EVENTS_SHOWN
    assert f"{2 * EVENTS_SHOWN} more events" in shown(trace)


@pytest.mark.parametrize(
    ("micro_usd", "said"),
    [
        (None, "—"),
        (0, "$0.0000"),
        (1, "<$0.0001"),
        (100, "$0.0001"),
        (999_999, "$1.0000"),
        (1_000_000, "$1.00"),
        (1_234_567_890, "$1,234.57"),
        (-5_000, "-$0.0050"),
    ],
)
def test_it_says_money(micro_usd: int | None, said: str) -> None:
    assert money(micro_usd) == said


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [
        (None, "—"),
        (0, "0 ms"),
        (-3, "0 ms"),
        (635, "635 ms"),
        (12_400, "12.4 s"),
        (270_000, "4 m 30 s"),
        (7_500_000, "2 h 5 m"),
        (90_000_000, "1 d 1 h"),
        (10**10, "115 d"),
    ],
)
def test_it_says_durations(milliseconds: int | None, said: str) -> None:
    assert duration(milliseconds) == said


def test_it_shows_a_status_it_does_not_know_by_its_name() -> None:
    assert look_of("half_baked").word == "half baked"


@pytest.mark.parametrize(("subtree", "shows_costs", "shown"), [(9_000, True, True), (9_000, False, False), (None, True, False)])
def test_it_tells_apart_what_called_runs_spent(subtree: int | None, shows_costs: bool, shown: bool) -> None:
    trace = a_trace()
    trace["run"]["cost"]["subtree_spent_micro_usd"] = trace["run"]["cost"]["spent_micro_usd"] if subtree is None else subtree
    facts = dict(run_page(trace, 0, shows_payloads=True, shows_costs=shows_costs, shows_targets=True)["aos_run"]["facts"])
    assert ("Spent with the runs it called" in facts) == shown
