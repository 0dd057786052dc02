"""What models and calls cost, over the API: who may read skills may read prices, and who runs the installation is not named."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from skills import prices
from skills.adapters.prices import today
from skills.models import PriceRow
from skills.services import add_price, withdraw_price

pytestmark = pytest.mark.django_db

TOMORROW = today() + timedelta(days=1)


@pytest.fixture(autouse=True)
def _own_table() -> Any:
    yield
    prices.forget()


def add(**more: Any) -> PriceRow:
    asked = {"provider": "openai_compatible", "model": "llama3", "tiers": [{"input": 1, "output": 2}], "note": "the rebate of Globex"}
    return add_price(by="root-of-the-installation", **{**asked, **more})


def listed(caller: Any, query: str = "") -> list[dict[str, Any]]:
    answer = caller.get(f"/api/v1/prices{query}")
    assert answer.status_code == 200, answer.json()
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


def test_it_lists_what_is_in_force(bob: Any) -> None:
    add()
    told = listed(bob, "?state=in_force&provider=openai_compatible")
    by_model = {price["model"]: price for price in told}
    assert {price["state"] for price in told} == {"in_force"}
    assert (by_model["llama3"]["origin"], by_model["gpt-5.6-sol"]["origin"]) == ("operator", "shipped")
    assert by_model["llama3"]["tiers"] == [{"above_input_tokens": 0, "input": 1, "output": 2, "cache_read": 1, "cache_write": 1}]


def test_it_finds_what_a_name_leads_to_on_a_day(bob: Any) -> None:
    then = listed(bob, "?model=gpt-5.6&on=2026-08-20&state=in_force")
    now = listed(bob, "?model=gpt-5.6&on=2026-08-21&state=in_force")
    assert [price["tiers"][0]["output"] for price in (*then, *now)] == [30_000_000, 20_000_000]


def test_it_explains_a_charge_by_its_version_for_good(bob: Any) -> None:
    row, coming = add(), add(valid_from=TOMORROW)
    withdraw_price(price_id=coming.public_id, by="root-of-the-installation")
    for price in (row, coming):
        by_version = bob.get(f"/api/v1/prices/{price.version}").json()
        assert by_version == bob.get(f"/api/v1/prices/{price.public_id}").json()
    assert (by_version["state"], by_version["withdrawn_at"] is not None) == ("withdrawn", True)
    assert bob.get("/api/v1/prices/genai-prices-0.2.3/gpt-5.6-sol/2026-08-21").json()["valid_from"] == "2026-08-21"


def test_it_names_nobody_who_runs_the_installation(bob: Any) -> None:
    add()
    for path in ("/api/v1/prices", f"/api/v1/prices/operator/openai_compatible/llama3/{today()}"):
        answer = bob.get(path).content.decode()
        assert "llama3" in answer
        assert "root-of-the-installation" not in answer
        assert "Globex" not in answer


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("provider=oracle", "/provider"),
        ("state=sold", "/state"),
        ("on=yesterday", "/on"),
        ("on=1767225600", "/on"),
        ("on=2026-02-30", "/on"),
        ("model=", "/model"),
        ("model=" + "x" * 129, "/model"),
        ("currency=EUR", "/currency"),
    ],
)
def test_it_refuses_a_question_that_makes_no_sense(bob: Any, assert_problem: Any, query: str, pointer: str) -> None:
    problem = assert_problem(bob.get(f"/api/v1/prices?{query}"), 400, "INVALID_INPUT")
    assert problem["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("price_id", ["none", "%00", "prc_" + "0" * 32, "a/b/c", "x" * 3_000])
def test_it_knows_no_other_price(bob: Any, assert_problem: Any, price_id: str) -> None:
    assert_problem(bob.get(f"/api/v1/prices/{price_id}"), 404, "NOT_FOUND")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_it_only_reads(alice: Any, assert_problem: Any, method: str) -> None:
    assert alice.send(method, "/api/v1/prices", {}).status_code in (403, 405)
