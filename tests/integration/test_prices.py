"""The price rows: filled with what a release ships, added to by who runs the installation, never changed once they were in force."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from skills import prices
from skills.adapters import price_table as tables
from skills.adapters.price_table import BUCKETS, DatedPrice, Tier, shipped_rows, shipped_table
from skills.adapters.prices import price_of, price_table, today
from skills.adapters.providers import DEFAULT_MODELS
from skills.costs import worst_case_of
from skills.library.http_call import HttpCall
from skills.library.llm_invoke import LlmInvoke
from skills.models import PriceOrigin, PriceRow
from skills.refusal import Refusal
from skills.selectors import get_price, list_prices
from skills.services import LONGEST_VERSION, PRICED_BY, add_price, take_over_shipped_prices, withdraw_price

pytestmark = pytest.mark.django_db

ONE = [{"input": 1_000_000, "output": 2_000_000}]


@pytest.fixture(autouse=True)
def _own_table() -> Iterator[None]:
    prices.forget()
    yield
    prices.forget()


def tomorrow() -> date:
    """Return the next day; asked for when it is needed, as a day may end between the reading of this file and a test."""
    return today() + timedelta(days=1)


def add(model: str = "llama3", provider: str = "openai_compatible", **more: Any) -> PriceRow:
    asked = {"tiers": ONE} if provider != "skill" else {"per_call_micro_usd": 70}
    return add_price(by="root", provider=provider, model=model, **{**asked, **more})


def input_price(model: str, provider: str = "openai_compatible", on: date | None = None) -> int | None:
    prices.refresh()
    price = price_of(provider, model, on or today())
    return None if price is None else price.tiers[0].input


# What a release ships


def test_the_rows_are_those_aos_comes_with_and_so_is_the_table() -> None:
    assert {row.version for row in shipped_rows()} == set(PriceRow.objects.values_list("version", flat=True))
    prices.refresh()
    assert price_table().rows == shipped_table().rows
    assert max(len(row.version) for row in shipped_rows()) <= LONGEST_VERSION


def test_without_rows_the_table_is_the_one_aos_comes_with() -> None:
    assert price_table() is shipped_table()


def test_migrating_again_adds_nothing() -> None:
    before = list(PriceRow.objects.values())
    call_command("migrate", verbosity=0)
    assert list(PriceRow.objects.values()) == before


def shipping(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *changed: DatedPrice) -> None:
    """Let this release ship what the last one shipped, but for these models."""
    names = {row.model for row in changed}
    rows = [*(row for row in shipped_rows() if row.model not in names), *changed]
    written = [
        {
            "provider": row.provider,
            "model": row.model,
            "match": [{clause.how: clause.text} for clause in row.match],
            "from": row.valid_from and row.valid_from.isoformat(),
            "tiers": [vars(tier) for tier in row.tiers],
        }
        for row in rows
    ]
    file = tmp_path / "prices.json"
    file.write_text(json.dumps({"version": "next-1.0", "rows": written}))
    monkeypatch.setattr(tables, "ROWS_FILE", file)


def haiku(price: int = 7, begins: date | None = None) -> DatedPrice:
    row = next(row for row in shipped_rows() if row.model == "claude-haiku-5-5")
    return replace(row, valid_from=begins, tiers=(Tier(0, price, price, price, price),))


def test_a_release_brings_its_prices_as_new_rows_from_the_day_it_comes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = list(PriceRow.objects.values())
    newcomer = DatedPrice("anthropic", "claude-next", (tables.Clause("equals", "claude-next"),), None, "", (Tier(0, 1, 2, 3, 4),))
    shipping(monkeypatch, tmp_path, haiku(7), haiku(9, tomorrow()), newcomer)
    call_command("migrate", verbosity=0)
    fresh = PriceRow.objects.exclude(pk__in=[row["id"] for row in before])
    assert [(row.version, row.valid_from, row.origin) for row in fresh] == [
        (f"next-1.0/claude-haiku-5-5/{today()}", today(), "shipped"),
        (f"next-1.0/claude-haiku-5-5/{tomorrow()}", tomorrow(), "shipped"),
        (f"next-1.0/claude-next/{today()}", today(), "shipped"),
    ]
    assert list(PriceRow.objects.filter(pk__in=[row["id"] for row in before]).values()) == before
    assert [input_price("claude-haiku-5-5", "anthropic", day) for day in (today() - timedelta(days=1), today(), tomorrow())] == [
        100_000,
        7,
        9,
    ]
    assert take_over_shipped_prices() == 0


def test_a_release_leaves_what_the_operator_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    row = add("claude-haiku-5-5", "anthropic")
    shipping(monkeypatch, tmp_path, haiku(7))
    assert take_over_shipped_prices() == 1
    for name in ("claude-haiku-5-5", "claude-haiku-5-5-20261001"):
        assert input_price(name, "anthropic") == 1_000_000
    assert PriceRow.objects.get(pk=row.pk).version == f"operator/anthropic/claude-haiku-5-5/{today()}"


# What an operator adds


def test_it_prices_a_model_nobody_knew() -> None:
    row = add(note=" our own   hardware ")
    assert (row.note, row.created_by, row.origin, row.valid_from) == ("our own hardware", "root", "operator", today())
    assert row.tiers == [
        {"above_input_tokens": 0, "input": 1_000_000, "output": 2_000_000, "cache_read": 1_000_000, "cache_write": 1_000_000}
    ]
    assert (input_price("llama3"), input_price("llama3.1"), input_price("llama3", "anthropic")) == (1_000_000, None, None)
    assert price_table().price_of("openai_compatible", "llama3", today() - timedelta(days=1)) is None
    config = {"provider": "openai_compatible", "model": "llama3"}
    assert worst_case_of(LlmInvoke(), {"prompt": "x", "max_tokens": 10}, config) == 1 + 1_024 + 20


def test_it_prices_a_known_model_by_all_its_names() -> None:
    add("gpt-5.6-sol")
    assert [input_price(name) for name in ("gpt-5.6", "gpt-5.6-sol", "gpt-5.6-sol-2026-08-01")] == [1_000_000] * 3


def test_it_prices_one_name_of_a_model_alone() -> None:
    add("gpt-5.6", match=[{"how": "equals", "text": "gpt-5.6"}])
    assert [input_price(name) for name in ("gpt-5.6", "gpt-5.6-sol")] == [1_000_000, 4_000_000]


def test_it_takes_the_last_price_of_a_day_and_names_each_apart() -> None:
    versions = [add(tiers=[{"input": price, "output": 0}]).version for price in (1, 2, 3)]
    assert versions == [f"operator/openai_compatible/llama3/{today()}{end}" for end in ("", "/2", "/3")]
    assert input_price("llama3") == 3


def test_it_names_a_price_by_its_id_where_its_name_would_be_too_long() -> None:
    row = add("m" * 128)
    assert row.version == f"operator/{row.public_id}"
    assert get_price(row.version) == get_price(row.public_id) == row


def test_it_begins_on_its_day() -> None:
    add(valid_from=tomorrow().isoformat())
    assert (input_price("llama3"), input_price("llama3", on=tomorrow())) == (None, 1_000_000)


def test_it_prices_calls_of_a_skill() -> None:
    assert worst_case_of(HttpCall(), {}, {}) == 0
    row = add("http_call", "skill")
    prices.refresh()
    assert price_table().per_call("http_call", today()) == (row.version, 70)
    assert worst_case_of(HttpCall(), {}, {}) == 70


TOO_MUCH = 10**12 + 1
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "yesterday": ({"valid_from": today() - timedelta(days=1)}, "/valid_from"),
    "no day": ({"valid_from": "soon"}, "/valid_from"),
    "a number for a day": ({"valid_from": "1767225600"}, "/valid_from"),
    "an instant for a day": ({"valid_from": f"{tomorrow()}T00:00:00Z"}, "/valid_from"),
    "a day that is none": ({"valid_from": "2030-02-30"}, "/valid_from"),
    "a negative": ({"tiers": [{"input": -1, "output": 1}]}, "/tiers/0/input"),
    "a fraction": ({"tiers": [{"input": 0.5, "output": 1}]}, "/tiers/0/input"),
    "a text": ({"tiers": [{"input": "1", "output": 1}]}, "/tiers/0/input"),
    "true": ({"tiers": [{"input": True, "output": 1}]}, "/tiers/0/input"),
    "an enormous one": ({"tiers": [{"input": 1, "output": TOO_MUCH}]}, "/tiers/0/output"),
    "half a tier": ({"tiers": [{"input": 1}]}, "/tiers/0/output"),
    "a bucket there is not": ({"tiers": [{"input": 1, "output": 1, "thinking": 1}]}, "/tiers/0/thinking"),
    "no tier": ({"tiers": []}, "/tiers"),
    "tiers that do not begin": ({"tiers": [{"above_input_tokens": 5, "input": 1, "output": 1}]}, "/tiers"),
    "tiers out of order": ({"tiers": [*ONE, {**ONE[0], "above_input_tokens": 9}, {**ONE[0], "above_input_tokens": 5}]}, "/tiers"),
    "a tier twice": ({"tiers": [*ONE, *ONE]}, "/tiers"),
    "a model by the call": ({"per_call_micro_usd": 5}, "/per_call_micro_usd"),
    "a skill by the token": ({"provider": "skill", "model": "http_call", "per_call_micro_usd": 5, "tiers": ONE}, "/tiers"),
    "a skill for nothing said": ({"provider": "skill", "model": "http_call", "tiers": []}, "/per_call_micro_usd"),
    "a negative call": ({"provider": "skill", "model": "http_call", "tiers": [], "per_call_micro_usd": -5}, "/per_call_micro_usd"),
    "a skill nobody knows": ({"provider": "skill", "model": "fly", "tiers": [], "per_call_micro_usd": 5}, "/model"),
    "no name": ({"model": ""}, "/model"),
    "a name of spaces": ({"model": " llama3"}, "/model"),
    "a name with a line end": ({"model": "llama3\n"}, "/model"),
    "a NUL": ({"model": "llama\0"}, "/model"),
    "a long name": ({"model": "m" * 129}, "/model"),
    "a provider nobody speaks to": ({"provider": "oracle"}, "/provider"),
    "a pattern of one's own": ({"match": [{"how": "regex", "text": "(a+)+$"}]}, "/match/0/how"),
    "a way to name there is not": ({"match": [{"how": "sounds_like", "text": "x"}]}, "/match/0/how"),
    "no way to name it": ({"match": []}, "/match"),
    "a field there is not": ({"currency": "EUR"}, "/currency"),
    "a long note": ({"note": "x" * 501}, "/note"),
}


@pytest.mark.parametrize(("wrong", "pointer"), BAD.values(), ids=BAD)
def test_it_refuses(wrong: dict[str, Any], pointer: str) -> None:
    before = PriceRow.objects.count()
    with pytest.raises(Refusal) as refused:
        add_price(by="root", **{"provider": "openai_compatible", "model": "llama3", "tiers": ONE, **wrong})
    assert pointer in [fault["pointer"] for fault in refused.value.errors]
    assert refused.value.status == 422
    assert PriceRow.objects.count() == before


def test_it_knows_the_providers_models_are_asked_of() -> None:
    assert set(PRICED_BY) == {*DEFAULT_MODELS, "skill"}
    assert {row.provider for row in shipped_rows()} <= set(PRICED_BY)


# What stands


def test_it_withdraws_what_is_to_come_and_keeps_who_did_it() -> None:
    row = add(valid_from=tomorrow())
    withdrawn = withdraw_price(price_id=row.public_id, by="root")
    assert (withdrawn.withdrawn_by, input_price("llama3", on=tomorrow())) == ("root", None)
    again = withdraw_price(price_id=row.version, by="somebody else")
    assert (again.withdrawn_by, again.withdrawn_at) == ("root", withdrawn.withdrawn_at)


def test_it_withdraws_nothing_that_is_in_force() -> None:
    row = add()
    with pytest.raises(Refusal) as refused:
        withdraw_price(price_id=row.public_id, by="root")
    assert refused.value.status == 409
    assert input_price("llama3") == 1_000_000


def test_it_withdraws_nothing_that_came_with_aos(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shipping(monkeypatch, tmp_path, haiku(9, tomorrow()))
    take_over_shipped_prices()
    with pytest.raises(Refusal, match="came with AOS"):
        withdraw_price(price_id=f"next-1.0/claude-haiku-5-5/{tomorrow()}", by="root")


@pytest.mark.parametrize("price_id", ["prc_" + "0" * 32, "nonsense", "", "\0", "prc_\0", "x" * 5_000])
def test_it_finds_no_other_price(price_id: str) -> None:
    with pytest.raises(Refusal) as refused:
        withdraw_price(price_id=price_id, by="root")
    assert refused.value.code == "NOT_FOUND"


CHANGES: dict[str, dict[str, Any]] = {
    "its price": {"tiers": [{"above_input_tokens": 0} | dict.fromkeys(BUCKETS, 1)]},
    "its day": {"valid_from": tomorrow()},
    "its names": {"match": [{"equals": "other"}]},
    "its version": {"version": "other"},
    "who added it": {"created_by": "nobody"},
    "its note": {"note": "other"},
    "its withdrawal": {"withdrawn_by": "nobody", "withdrawn_at": "2026-01-01T00:00:00Z"},
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES)
def test_the_database_lets_nobody_change_a_price_in_force(changed: dict[str, Any]) -> None:
    for row in (add(), PriceRow.objects.filter(origin=PriceOrigin.SHIPPED)[0]):
        with pytest.raises(IntegrityError, match="prices_stand"), transaction.atomic():
            PriceRow.objects.filter(pk=row.pk).update(**changed)


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES)
def test_of_a_price_to_come_it_lets_nothing_be_changed_but_its_withdrawal(changed: dict[str, Any]) -> None:
    row = add(valid_from=tomorrow() + timedelta(days=1))
    with transaction.atomic():
        if "withdrawn_at" in changed:
            assert PriceRow.objects.filter(pk=row.pk).update(**changed) == 1
        else:
            with pytest.raises(IntegrityError, match="prices_stand"), transaction.atomic():
                PriceRow.objects.filter(pk=row.pk).update(**changed, withdrawn_at="2026-01-01T00:00:00Z")
    if "withdrawn_at" in changed:
        with pytest.raises(IntegrityError, match="prices_stand"), transaction.atomic():
            PriceRow.objects.filter(pk=row.pk).update(withdrawn_at=None)


def test_the_database_lets_nobody_delete_a_price() -> None:
    row = add(valid_from=tomorrow())
    if connection.vendor == "postgresql":
        with pytest.raises(IntegrityError, match="prices_stand"), transaction.atomic():
            PriceRow.objects.filter(pk=row.pk).delete()
    else:
        PriceRow.objects.filter(pk=row.pk).delete()
    assert PriceRow.objects.filter(pk=row.pk).exists()


def test_the_database_lets_nobody_add_a_price_of_yesterday() -> None:
    row = add()
    row.pk, row.public_id, row.version, row.valid_from = None, "prc_x", "x", today() - timedelta(days=1)
    with pytest.raises(IntegrityError, match="price_not_backdated"), transaction.atomic():
        row.save(force_insert=True)


# What a process knows


def test_it_reads_the_rows_again_only_when_some_were_added_or_withdrawn(django_assert_num_queries: Any) -> None:
    prices.refresh()
    known = price_table()
    with django_assert_num_queries(1):
        prices.refresh()
    assert price_table() is known
    coming = add(valid_from=tomorrow())
    with django_assert_num_queries(2):
        prices.refresh()
    assert price_table() is not known
    withdraw_price(price_id=coming.public_id, by="root")
    prices.refresh()
    assert price_table().rows == known.rows


def test_it_reads_them_when_they_are_old(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        prices.refresh_if_old()
    with django_assert_num_queries(0):
        prices.refresh_if_old()
        price_of("openai_compatible", "gpt-5.6", today())
    with django_assert_num_queries(1):
        prices.refresh_if_old(0)


def test_it_lists_them_with_their_states() -> None:
    add(valid_from=tomorrow()), add(), withdraw_price(price_id=add(valid_from=tomorrow()).public_id, by="root")
    told = list_prices(provider="openai_compatible", model="llama3")
    assert [(price["valid_from"], price["state"]) for price in told] == [
        (tomorrow().isoformat(), "withdrawn"),
        (tomorrow().isoformat(), "coming"),
        (today().isoformat(), "in_force"),
    ]
    assert [price["state"] for price in list_prices(model="llama3", on=tomorrow())] == ["withdrawn", "in_force", "past"]
    assert [(price["model"], price["state"]) for price in list_prices(model="gpt-5.6")] == [
        ("gpt-5.6-sol", "in_force"),
        ("gpt-5.6-sol", "past"),
    ]
