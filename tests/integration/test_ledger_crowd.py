"""Sixteen at once draw on one scope: exactly as many are let through as fit, whoever is killed in the midst of it."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from agents.ledger import Amounts, Drawn
from agents.models import LedgerScope
from tests.conftest import PROJECT
from tests.integration.mortal_purses import AMOUNT, COMMAND, spent_by
from tests.integration.purses import House, a_house, assert_the_books_add_up

WORKERS, ATTEMPTS, FITTING = 16, 2_000, 1_234
CAP = AMOUNT * FITTING + AMOUNT - 1
"""Fits so many, and a last one but for one micro-dollar."""

pytestmark = pytest.mark.slow


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """Let sixteen threads, each with a connection of its own, act side by side; return what came of it, in any order."""

    def acted(place: int) -> list[Any]:
        try:
            return [act(number) for number in range(place, count, WORKERS)]
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        return [answer for answers in pool.map(acted, range(WORKERS)) for answer in answers]


def sums(house: House) -> set[tuple[int, int]]:
    """Return what the scopes of tenant, agents and models hold and have spent, agents and models added up."""
    told: Counter[Any] = Counter()
    for row in LedgerScope.objects.filter(tenant=house.tenant).exclude(kind="run"):
        told[row.kind, row.day, "reserved"] += row.reserved_micro_usd
        told[row.kind, row.day, "spent"] += row.spent_micro_usd
    return {(told[kind, day, "reserved"], told[kind, day, "spent"]) for kind, day, _ in told}


BUDGETS: dict[str, dict[str, Any]] = {
    "tenant": {"kind": "tenant"},
    "tenant's day": {"kind": "tenant", "period": "day"},
    "model": {"kind": "model", "key": "m"},
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scope", [*BUDGETS, "unlimited"])
def test_it_lets_through_exactly_what_fits(scope: str) -> None:
    house = a_house(agents=3)
    if scope in BUDGETS:
        house.budget(limit=CAP, **BUDGETS[scope])

    def draw(number: int) -> type:
        return type(house.purse(f"run_{number}", agent=number % 3).draw(Amounts(AMOUNT, {"m": AMOUNT}), "admit"))

    fitting = FITTING if scope in BUDGETS else ATTEMPTS
    assert Counter(at_once(ATTEMPTS, draw))[Drawn] == fitting
    assert sums(house) == {(fitting * AMOUNT, 0)}
    assert_the_books_add_up()


@pytest.mark.django_db(transaction=True)
def test_it_lets_through_exactly_what_fits_one_run() -> None:
    house = a_house()
    answers = at_once(400, lambda number: type(house.purse("run_1", AMOUNT * 124 - 1).draw(Amounts(AMOUNT), f"draw:{number}")))
    assert Counter(answers)[Drawn] == 123
    assert house.says("run:run_1") == (AMOUNT * 124 - 1, AMOUNT * 123, 0)
    assert_the_books_add_up()


@pytest.mark.django_db(transaction=True)
def test_it_draws_once_for_one_reference_of_many_at_once() -> None:
    house = a_house()
    answers = at_once(200, lambda number: house.purse("run_1", 100).draw(Amounts(10), f"draw:{number % 4}"))
    assert {answer.held.total for answer in answers} <= {10, 20, 30, 40}
    assert house.says("run:run_1") == (100, 40, 0)
    assert at_once(16, lambda _: house.purse("run_1", 100).raise_limit(5, "top").limit_micro_usd) == [105] * 16
    at_once(16, lambda number: house.purse("run_1", 100).close(Amounts(25)))
    assert house.says("run:run_1") == (105, 0, 25)
    assert_the_books_add_up()


@pytest.mark.django_db(transaction=True)
def test_it_keeps_to_a_limit_that_is_changed_meanwhile() -> None:
    house = a_house()

    def act(number: int) -> bool:
        if number % 50 < WORKERS:
            return isinstance(house.purse(f"run_{number}").draw(Amounts(1, {"m": 1}), "a"), Drawn)
        if number % 50 < 40:
            house.purse(f"run_{number % 50}").close(Amounts(1, {"m": number % 2}))
        else:
            house.budget("model", number % 3 * 10, "day", "m")
        return False

    assert any(at_once(600, act))
    # Every entry was let through by the limit there was at its instant.
    assert_the_books_add_up()


@pytest.mark.parametrize(("attempts", "fitting"), [(ATTEMPTS, FITTING), (600, None)], ids=["limited", "unlimited"])
def test_it_loses_and_makes_no_money_where_workers_are_killed(
    attempts: int, fitting: int | None, live_environment: dict[str, str], tmp_path: Path
) -> None:
    house = a_house(agents=2)
    if fitting is not None:
        house.budget("tenant", CAP)
    drawn = attempts if fitting is None else fitting
    told = _crowd(house, attempts, live_environment, tmp_path, "reserve")
    assert told["answers"].get("drawn") == drawn
    assert told["answers"].get("short", 0) == attempts - drawn
    assert sums(house) == {(drawn * AMOUNT, 0)}
    assert_the_books_add_up()
    killed = told["killed"]
    told = _crowd(house, attempts, live_environment, tmp_path, "spend")
    assert killed + told["killed"] > WORKERS
    assert sums(house) == {(0, sum(spent_by(number) for number in told["drawn"]))}
    assert_the_books_add_up()


def _crowd(house: House, attempts: int, environment: dict[str, str], folder: Path, what: str) -> dict[str, Any]:
    """Let sixteen processes draw, or spend what they drew, and be killed by turns; return what they wrote down."""
    agents = [agent.pk for agent in house.agents]
    order = {"tenant": house.tenant.pk, "agents": agents, "attempts": attempts, "workers": WORKERS, "folder": str(folder), "what": what}
    done = subprocess.run(
        [*COMMAND, json.dumps(order)], cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
