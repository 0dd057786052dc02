"""Numbers about failures: what is counted, in which time, of whom, and what is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.models import Agent, Tenant
from agents.services import create_agent
from catalog.analytics.numbers import Failures, analytics, recovery_times, scale_of
from catalog.groups.reading import list_groups
from catalog.models import FailureMatch
from skills.refusal import Refusal
from tests.integration.failures import a_failure

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WORKED = {"recovery_attempted": True, "recovery_succeeded": True}
IN_VAIN = {"recovery_attempted": True, "recovery_succeeded": False}


@pytest.fixture
def acme() -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


@pytest.fixture
def worker(acme: Tenant) -> Agent:
    return create_agent(tenant=acme, name="worker")


def week(tenant: Tenant, **only: str) -> Failures:
    return Failures(tenant, NOW - 7 * DAY, NOW, only)


def totals(tenant: Tenant, **only: str) -> dict[str, Any]:
    found: dict[str, Any] = analytics(week(tenant, **only))["totals"]
    return found


def test_it_says_nothing_where_nothing_failed(acme: Tenant) -> None:
    found = analytics(week(acme))
    assert found["totals"]["failures"] == 0
    assert {found["totals"][name] for name in ("match_rate", "acceptance_rate", "success_rate", "trend")} == {None}
    assert found["totals"]["time_to_recovery"] == {"n": 0, "p50_ms": None, "p95_ms": None}
    assert [found[name] for name in ("by_code", "by_mode", "by_agent", "by_skill_version")] == [[], [], [], []]
    assert found["heat_map"]["cells"] == []


def test_it_counts_all_failures_whether_the_catalog_knew_them_or_not(acme: Tenant) -> None:
    for _ in range(3):
        a_failure(acme, at=NOW - HOUR)
    a_failure(acme, at=NOW - HOUR, code="INTERNAL_ERROR", match_type="miss")
    found = totals(acme)
    assert (found["failures"], found["hits"], found["misses"], found["match_rate"]) == (4, 3, 1, 0.75)


def test_it_counts_what_was_tried_and_what_worked_and_what_another_run_came_through_with(acme: Tenant) -> None:
    a_failure(acme, at=NOW - HOUR, **WORKED)
    a_failure(acme, at=NOW - HOUR, **IN_VAIN)
    a_failure(acme, at=NOW - HOUR, **IN_VAIN, recovered_by="run_" + "1" * 32)
    a_failure(acme, at=NOW - HOUR, **WORKED, match_type="miss")
    a_failure(acme, at=NOW - HOUR)
    found = totals(acme)
    assert (found["tried"], found["worked"], found["success_rate"], found["rerun"]) == (4, 2, 0.5, 1)
    assert (found["followed"], found["acceptance_rate"]) == (3, 0.75), "of four the catalog knew"


def test_it_adds_up_what_failed_attempts_cost(acme: Tenant) -> None:
    a_failure(acme, at=NOW - HOUR, cost_micro_usd=700)
    a_failure(acme, at=NOW - HOUR, cost_micro_usd=50, code="NOT_FOUND")
    assert totals(acme)["wasted_micro_usd"] == 750


def test_it_leaves_out_what_was_injected_on_purpose_and_says_how_much(acme: Tenant) -> None:
    a_failure(acme, at=NOW - HOUR)
    a_failure(acme, at=NOW - HOUR, injected=True, match_type="miss", cost_micro_usd=9)
    found = totals(acme)
    assert (found["failures"], found["match_rate"], found["wasted_micro_usd"], found["injected"]) == (1, 1.0, 0, 1)


def test_it_compares_with_the_time_before_which_is_as_long(acme: Tenant) -> None:
    for at in (NOW, NOW - 7 * DAY - HOUR, NOW - 8 * DAY, NOW - 14 * DAY - HOUR):
        a_failure(acme, at=at)
    for _ in range(3):
        a_failure(acme, at=NOW - 7 * DAY)
    found = totals(acme)
    assert (found["failures"], found["before"], found["trend"]) == (3, 2, 0.5), "the first instant belongs to it, the last does not"


def test_it_narrows_to_an_agent_a_skill_a_code_or_a_host(acme: Tenant, worker: Agent) -> None:
    a_failure(acme, at=NOW - HOUR, agent=worker)
    a_failure(acme, at=NOW - HOUR, skill="llm_invoke", code="RATE_LIMITED", host="models.example")
    for only in (
        {"agent": "worker"},
        {"agent": worker.public_id},
        {"skill": "llm_invoke"},
        {"code": "RATE_LIMITED"},
        {"host": "api.example"},
    ):
        assert totals(acme, **only)["failures"] == 1, only
    assert totals(acme, skill="llm_invoke", code="TIMEOUT")["failures"] == 0
    with pytest.raises(Refusal, match="no such agent"):
        totals(acme, agent="nobody")


def test_it_counts_nothing_of_another_tenant(acme: Tenant) -> None:
    rival = Tenant.objects.create(slug="rival", name="Rival")
    a_failure(rival, at=NOW - HOUR, injected=True)
    a_failure(rival, at=NOW - HOUR)
    assert (totals(acme)["failures"], totals(acme)["injected"]) == (0, 0)


def test_it_groups_by_code_mode_agent_and_version(acme: Tenant, worker: Agent) -> None:
    a_failure(acme, at=NOW - HOUR, agent=worker, **WORKED)
    a_failure(acme, at=NOW - 8 * DAY, agent=worker)
    a_failure(acme, at=NOW - HOUR, agent=worker, skill_version="1.1.0", **IN_VAIN)
    a_failure(acme, at=NOW - HOUR, code="NOT_FOUND", mode="ABORT", decision="finish", skill="", skill_version="")
    found = analytics(week(acme))
    assert [(row["code"], row["failures"], row["before"], row["trend"]) for row in found["by_code"]] == [
        ("TIMEOUT", 2, 1, 1.0),
        ("NOT_FOUND", 1, 0, None),
    ]
    assert [(row["mode"], row["tried"], row["worked"], row["success_rate"]) for row in found["by_mode"]] == [
        ("RETRY_WITH_JITTER", 2, 1, 0.5),
        ("ABORT", 0, 0, None),
    ]
    assert [(row["agent"], row["agent_id"], row["failures"]) for row in found["by_agent"]] == [
        ("worker", worker.public_id, 2),
        (None, None, 1),
    ]
    assert [(row["skill"], row["skill_version"], row["failures"]) for row in found["by_skill_version"]] == [
        ("http_call", "1.0.0", 1),
        ("http_call", "1.1.0", 1),
    ]


# Time to recovery


def test_it_measures_from_the_failure_to_the_end_of_what_came_through(acme: Tenant) -> None:
    for seconds in range(1, 101):
        at = NOW - DAY
        a_failure(acme, at=at, resolved_at=at + timedelta(seconds=seconds), **WORKED)
    a_failure(acme, at=NOW - DAY, resolved_at=NOW, **IN_VAIN)
    a_failure(acme, at=NOW - DAY, resolved_at=NOW)
    assert totals(acme)["time_to_recovery"] == {"n": 100, "p50_ms": 50_000, "p95_ms": 95_000}


@pytest.mark.parametrize(("n", "p50", "p95"), [(1, 1, 1), (2, 1, 2), (3, 2, 3), (20, 10, 19), (21, 11, 20)])
def test_it_takes_the_nearest_rank(acme: Tenant, n: int, p50: int, p95: int) -> None:
    at = NOW - DAY
    for ms in range(1, n + 1):
        a_failure(acme, at=at, resolved_at=at + timedelta(milliseconds=ms), **WORKED)
    assert analytics(week(acme))["by_mode"][0]["time_to_recovery"] == {"n": n, "p50_ms": p50, "p95_ms": p95}


def test_it_measures_each_mode_by_itself_and_no_time_below_zero(acme: Tenant) -> None:
    at = NOW - DAY
    a_failure(acme, at=at, resolved_at=at + 9 * HOUR, mode="FALLBACK", **WORKED)
    a_failure(acme, at=at, resolved_at=at - HOUR, **WORKED)
    times = recovery_times(week(acme).rows())
    assert {mode: (each.n, each.p50_ms) for mode, each in times.items()} == {
        "FALLBACK": (1, 9 * 3_600_000),
        "RETRY_WITH_JITTER": (1, 0),
        "*": (2, 0),
    }


# The heat map


def test_it_draws_codes_by_hour(acme: Tenant) -> None:
    for at in (NOW - HOUR, NOW - HOUR + timedelta(minutes=10), NOW - timedelta(minutes=1)):
        a_failure(acme, at=at)
    a_failure(acme, at=NOW - DAY + timedelta(minutes=1), code="NOT_FOUND")
    drawn = analytics(Failures(acme, NOW - DAY, NOW))["heat_map"]
    assert (drawn["from"], drawn["hours"], drawn["columns"]) == ("2026-11-19T12:00:00.000Z", 1, 25)
    assert [(cell["code"], cell["column"], cell["from"], cell["failures"]) for cell in drawn["cells"]] == [
        ("NOT_FOUND", 0, "2026-11-19T12:00:00.000Z", 1),
        ("TIMEOUT", 23, "2026-11-20T11:00:00.000Z", 2),
        ("TIMEOUT", 24, "2026-11-20T12:00:00.000Z", 1),
    ]


@pytest.mark.parametrize(
    ("days", "columns", "hours", "drawn"), [(1, 169, 1, 25), (7, 169, 1, 169), (7, 56, 6, 29), (30, 169, 6, 121), (90, 169, 24, 91)]
)
def test_its_columns_are_as_wide_as_they_must_be(days: int, columns: int, hours: int, drawn: int) -> None:
    found = scale_of(NOW - days * DAY, NOW, columns)
    assert (found.width, found.columns) == (hours, drawn)


# All of it, the plain way


def _many(tenant: Tenant, agents: list[Agent], dice: Random) -> None:
    for _ in range(90):
        at, tried = NOW - timedelta(minutes=dice.randrange(-60, 7 * 1_440)), dice.random() < 0.7
        took = timedelta(milliseconds=dice.choice((-5, 0, 999, 1_000, 1_001, dice.randrange(4_000), dice.randrange(9_000_000))))
        a_failure(
            tenant, at=at, code=dice.choice(("TIMEOUT", "NOT_FOUND")), cause=dice.choice("aaabc"), agent=dice.choice(agents),
            skill_version=dice.choice(("1.0.0", "")), match_type=dice.choice(("code", "miss")), mode=dice.choice(("", "FALLBACK")),
            recovery_attempted=tried, recovery_succeeded=dice.choice((True, True, False)) if tried else None,
            resolved_at=at + took if dice.random() < 0.9 else None, recovered_by=dice.choice(("", "run_x")),
            cost_micro_usd=dice.randrange(900), injected=dice.random() < 0.1,
        )  # fmt: skip


def _plain(rows: list[FailureMatch]) -> dict[str, Any]:
    hits, tried = [row for row in rows if row.match_type != "miss"], [row for row in rows if row.recovery_attempted]
    return {
        "failures": len(rows),
        "hits": len(hits),
        "followed": sum(row.recovery_attempted for row in hits),
        "tried": len(tried),
        "worked": sum(bool(row.recovery_succeeded) for row in rows),
        "rerun": sum(row.recovered_by != "" and not row.recovery_succeeded for row in rows),
        "wasted_micro_usd": sum(row.cost_micro_usd for row in rows),
    }


def _plain_times(rows: list[FailureMatch]) -> dict[str, Any]:
    ended = [(row.created_at, row.resolved_at) for row in rows if row.recovery_succeeded]
    took = sorted(max(0, round((end - at) / timedelta(milliseconds=1))) for at, end in ended if end is not None)
    return {"n": len(took), "p50_ms": took[-(-len(took) // 2) - 1], "p95_ms": took[-(-len(took) * 95 // 100) - 1]}


@pytest.mark.parametrize("seed", [1, 2])
def test_it_adds_up_to_what_a_look_at_each_failure_adds_up_to(acme: Tenant, worker: Agent, seed: int) -> None:
    _many(acme, [worker, create_agent(tenant=acme, name="other")], Random(seed))  # noqa: S311 - nothing secret
    rows = [row for row in FailureMatch.objects.all() if not row.injected and NOW - 7 * DAY <= row.created_at < NOW]
    found = analytics(week(acme))
    expected = _plain(rows)
    assert {name: found["totals"][name] for name in expected} == expected
    assert found["totals"]["time_to_recovery"] == _plain_times(rows)
    by_mode = {each["mode"] or "": each["time_to_recovery"] for each in found["by_mode"]}
    assert by_mode == {mode: _plain_times([row for row in rows if row.mode == mode]) for mode in ("", "FALLBACK")}
    drawn = {(cell["code"], cell["from"][:13]): cell["failures"] for cell in found["heat_map"]["cells"]}
    assert drawn == Counter((row.code, f"{row.created_at:%Y-%m-%dT%H}") for row in rows)
    of_group = {signature: [row for row in rows if row.signature == signature] for signature in {row.signature for row in rows}}
    for sort, much in {"failures": len, "wasted": lambda group: sum(row.cost_micro_usd for row in group)}.items():
        told = list_groups(week(acme), sort=sort, now=NOW)["data"]
        assert [each["signature"] for each in told] == sorted(of_group, key=lambda signature: (-much(of_group[signature]), signature))
        assert all({name: each[name] for name in expected} == _plain(of_group[each["signature"]]) for each in told)


@pytest.mark.parametrize("ask", [analytics, partial(list_groups, now=NOW)], ids=["numbers", "groups"])
def test_postgresql_is_told_to_read_from_the_index_and_sqlite_keeps_nobody_from_writing(acme: Tenant, ask: Callable[..., Any]) -> None:
    a_failure(acme, at=NOW - HOUR)
    with CaptureQueriesContext(connection) as asked:
        ask(week(acme))
    said = [query["sql"] for query in asked]
    first = next(place for place, sql in enumerate(said) if "catalog_failurematch" in sql)
    if connection.vendor == "postgresql":
        assert "SET LOCAL random_page_cost = 1.1" in said[:first]
    else:
        assert all(sql.startswith("SELECT") for sql in said), "no transaction, which would be IMMEDIATE"
