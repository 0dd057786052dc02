"""The measurement of the console in small: what it stores is as a worker would have left it, and every page it asks for answers."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import connection

from agents.models import Tenant
from bench.console import ask_all, main, seed, table
from bench.console_pages import Answers
from runs.models import Charge, ChargeSum, Run

pytestmark = pytest.mark.django_db
RUNS = 1_000


def test_every_page_answers_in_front_of_what_it_stores() -> None:
    if connection.vendor == "sqlite":
        with pytest.raises(SystemExit, match="postgresql"):
            main(SimpleNamespace(runs=RUNS, rounds=1, only="", limit=0))  # type: ignore[arg-type]
        return
    answers = ask_all(*seed(RUNS), rounds=0)
    assert Run.objects.count() > RUNS
    assert Tenant.objects.count() == 4
    assert set(Run.objects.values_list("status", flat=True)) >= {"waiting", "succeeded", "failed", "cancelled"}
    assert sum(ChargeSum.objects.values_list("calls", flat=True)) == Charge.objects.count() > 0
    assert len(answers) > 80
    assert max(each.queries for each in answers) < 50, "no page asks once a row"


def test_the_table_has_a_line_for_each_page() -> None:
    told = table([Answers("runs: all | root", ms=[3.0, 1.0, 2.0], own_ms=[1.0], queries=4, slowest_ms=0.5, bytes=2_000)])
    assert told.splitlines()[1].split() == ["runs:", "all", "root", "4", "2", "3", "1", "1", "0.5", "2"]
