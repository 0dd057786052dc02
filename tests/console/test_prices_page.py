"""Prices on the console: who runs the installation sees what is in force and what was, adds prices, and changes none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from agents.models import Role
from skills import prices
from skills.adapters.prices import today
from skills.models import PriceRow
from skills.services import add_price
from tests.console.conftest import Cast, SignIn

LIST, ADD = reverse("admin:skills_pricerow_changelist"), reverse("admin:skills_pricerow_add")


@pytest.fixture(autouse=True)
def _own_table() -> Iterator[None]:
    yield
    prices.forget()


def form(**changed: Any) -> dict[str, Any]:
    asked = {
        "provider": "openai_compatible",
        "model": "llama3",
        "valid_from": today().isoformat(),
        "input": "500000",
        "output": "1500000",
        "note": "ours",
    }
    return {**asked, **changed}


def page_of(row: PriceRow) -> str:
    return reverse("admin:skills_pricerow_change", args=[row.pk])


def withdraw_url(row: PriceRow) -> str:
    return reverse("admin:skills_pricerow_withdraw", args=[row.pk])


def add(**more: Any) -> PriceRow:
    return add_price(by="root", provider="openai_compatible", model="llama3", tiers=[{"input": 1_000_000, "output": 2_000_000}], **more)


def own() -> PriceRow:
    return PriceRow.objects.get(origin="operator")


def test_it_adds_a_price(cast: Cast) -> None:
    assert SignIn("root").get(ADD).status_code == 200
    answer = SignIn("root").post(ADD, form())
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    row = own()
    assert (row.created_by, row.note, row.valid_from.isoformat()) == ("root", "ours", today().isoformat())
    assert row.tiers == [{"above_input_tokens": 0, "input": 500_000, "output": 1_500_000, "cache_read": 500_000, "cache_write": 500_000}]
    assert row.match == [{"equals": "llama3"}]


def test_it_adds_tiers_names_and_prices_of_calls(cast: Cast) -> None:
    browser = SignIn("root")
    browser.post(
        ADD, form(above_input_tokens="100", long_input="9", long_output="8", cache_read="0", names="llama3\nstarts_with llama-3\n")
    )
    row = own()
    assert [(tier["above_input_tokens"], tier["input"], tier["cache_read"]) for tier in row.tiers] == [(0, 500_000, 0), (100, 9, 9)]
    assert row.match == [{"equals": "llama3"}, {"starts_with": "llama-3"}]
    called = {"provider": "skill", "model": "http_call", "valid_from": today().isoformat(), "per_call_micro_usd": "70"}
    assert browser.post(ADD, called).status_code == 302
    assert PriceRow.objects.get(provider="skill").per_call_micro_usd == 70


BAD = {
    "a negative": ({"input": "-1"}, "input"),
    "a fraction": ({"output": "0.5"}, "output"),
    "a word": ({"input": "cheap"}, "input"),
    "an enormous one": ({"output": "9" * 400}, "output"),
    "half a price": ({"input": ""}, "input"),
    "no price": ({"input": "", "output": ""}, "above_input_tokens"),
    "yesterday": ({"valid_from": "2020-01-01"}, "valid_from"),
    "no day": ({"valid_from": "soon"}, "valid_from"),
    "half a tier": ({"above_input_tokens": "5", "long_input": "1"}, "long_output"),
    "a tier from nothing on": ({"long_input": "1", "long_output": "1"}, "above_input_tokens"),
    "a provider nobody speaks to": ({"provider": "oracle"}, "provider"),
    "no name": ({"model": ""}, "model"),
    "a model by the call": ({"per_call_micro_usd": "5"}, "per_call_micro_usd"),
    "a skill nobody knows": ({"provider": "skill", "model": "fly", "input": "", "output": "", "per_call_micro_usd": "5"}, "model"),
    "a skill by nothing": ({"provider": "skill", "model": "http_call", "input": "", "output": ""}, "per_call_micro_usd"),
    "a skill for less than nothing": (
        {"provider": "skill", "model": "http_call", "input": "", "output": "", "per_call_micro_usd": "-5"},
        "per_call_micro_usd",
    ),
    "a way to name there is not": ({"names": "sounds_like llama"}, "names"),
    "a pattern": ({"names": "regex (a+)+$"}, "names"),
}


@pytest.mark.parametrize(("changed", "field"), BAD.values(), ids=BAD)
def test_it_says_at_the_field_what_makes_no_sense(changed: dict[str, str], field: str, cast: Cast) -> None:
    answer = SignIn("root").post(ADD, form(**changed))
    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert not PriceRow.objects.filter(origin="operator").exists()


def test_it_marks_what_is_in_force(cast: Cast) -> None:
    add()
    add(valid_from=today() + timedelta(days=1))
    page = SignIn("root").get(f"{LIST}?q=llama3").content.decode()
    assert page.index("coming</span>") < page.index("in force</span>")
    assert "in $1.00, out $2.00 a million tokens" in page
    known = SignIn("root").get(f"{LIST}?q=gpt-5.6-sol").content.decode()
    assert "in force</span>" in known and "past</span>" in known
    assert "else above 272,000 input tokens" in known


def test_it_asks_few_questions_for_a_list(cast: Cast, django_assert_max_num_queries: Any) -> None:
    browser = SignIn("root")
    with django_assert_max_num_queries(12):
        browser.get(LIST)


def test_it_shows_a_price_with_its_history(cast: Cast) -> None:
    older = PriceRow.objects.get(version="genai-prices-0.2.3/gpt-5.6-sol/start")
    page = SignIn("root").get(page_of(older)).content.decode()
    assert "genai-prices-0.2.3/gpt-5.6-sol/2026-08-21" in page and "Came with AOS" in page
    assert "past" in page and 'name="_save"' not in page
    assert f"{ADD}?provider=openai_compatible&amp;model=gpt-5.6-sol" in page
    filled = SignIn("root").get(f"{ADD}?provider=openai_compatible&model=gpt-5.6-sol").content.decode()
    assert 'value="gpt-5.6-sol"' in filled


def test_it_escapes_what_was_entered(cast: Cast) -> None:
    row = add(note="<script>alert(1)</script>", match=[{"how": "contains", "text": "<b>"}])
    page = SignIn("root").get(page_of(row)).content.decode()
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page and "<b>" not in page


def test_it_changes_and_deletes_nothing(cast: Cast) -> None:
    browser, row = SignIn("root"), add()
    before = list(PriceRow.objects.values())
    assert browser.post(page_of(row), form(input="1")).status_code == 200
    assert browser.post(reverse("admin:skills_pricerow_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    browser.post(LIST, {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"})
    assert list(PriceRow.objects.values()) == before


def test_it_withdraws_what_is_to_come_and_offers_it_for_nothing_else(cast: Cast) -> None:
    browser, now, coming = SignIn("root"), add(), add(valid_from=today() + timedelta(days=1))
    assert withdraw_url(now) not in browser.get(page_of(now)).content.decode()
    assert withdraw_url(coming) in browser.get(page_of(coming)).content.decode()
    assert browser.get(withdraw_url(coming)).status_code == 405
    for row in (now, coming):
        assert browser.post(withdraw_url(row)).status_code == 302
        row.refresh_from_db()
    assert (now.withdrawn_at, coming.withdrawn_by) == (None, "root")
    assert "Withdrawn by root" in browser.get(page_of(coming)).content.decode()


@pytest.mark.parametrize("role", [*Role.values, "stranger"])
def test_it_is_the_platforms_alone(role: str, cast: Cast) -> None:
    browser, coming = SignIn(role), add(valid_from=today() + timedelta(days=1))
    for answer in (browser.get(LIST), browser.get(ADD), browser.post(ADD, form())):
        assert answer.status_code == 403
    assert browser.get(page_of(coming)).status_code == browser.post(withdraw_url(coming)).status_code == 404
    assert PriceRow.objects.get(pk=coming.pk).withdrawn_at is None
    assert PriceRow.objects.filter(origin="operator").count() == 1
    assert LIST not in browser.get(reverse("admin:index")).content.decode()
    assert LIST in SignIn("root").get(reverse("admin:index")).content.decode()
