"""The list of runs as a file: the rows of its filter, the columns of the role, and nothing without an entry in the audit log."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents import audit
from agents.models import Agent, Role
from runs.console.runs import runs_export
from runs.console.runs.runs_list import PRESERVED
from runs.models import Run
from skills.table_files import CUT_OFF
from tests.console.conftest import CANARY, Cast, SignIn, a_run

URL = "/admin/runs-export/"
COSTS = ("developer", "operator", "tenant_admin", "auditor")
PAYLOADS = ("developer", "tenant_admin")
NAUGHTY = ["=1+1", "@SUM(A1)", '<script>alert(1)</script>,"x"', "\u202eright", "🐘\nsecond line", "x" * 10_000]


def taken(role: str, kind: str = "csv", **filters: str) -> Any:
    return SignIn(role).post(URL, {"format": kind, PRESERVED: urlencode(filters)})


def rows_in(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode(), newline="")))


@pytest.mark.parametrize("role", [*Role.values, "root"])
def test_each_role_gets_the_columns_it_may_read(role: str, cast: Cast) -> None:
    Run.objects.filter(tenant=cast.acme).update(spent_micro_usd=4_321_987)
    answer = taken(role, stage="failed")
    text = b"".join(answer.streaming_content).decode()
    row = next(row for row in csv.DictReader(io.StringIO(text)) if row["run_id"] == cast.run_of(cast.acme).public_id)
    assert (row["status"], row["failure_code"], row["steps_total"]) == ("failed", "TIMEOUT", "3")
    assert ("spent_micro_usd" in row, "4321987" in text) == ((role in COSTS),) * 2
    assert ("goal" in row, row.get("goal") == "of-acme") == ((role in PAYLOADS),) * 2
    assert (f"agent-{CANARY}" in text, f",{CANARY}" in text) == (role == "root", False), "rows of all tenants, and no payload"
    assert answer["Content-Disposition"].startswith('attachment; filename="runs-2')
    assert CUT_OFF not in answer


def test_a_stranger_and_who_is_not_signed_in_get_nothing(cast: Cast, client: Any) -> None:
    assert taken("stranger").status_code == 403
    assert client.post(URL, {"format": "csv"}).status_code == 302
    assert SignIn("operator").get(URL).status_code == 405


def test_it_is_the_rows_of_the_filter_newest_first(cast: Cast) -> None:
    agent, first = Agent.objects.get(tenant=cast.acme), cast.run_of(cast.acme)
    second = a_run(cast.acme, agent, "second")
    third = a_run(cast.acme, agent, "third")
    Run.objects.filter(pk=second.pk).update(status="succeeded")
    found = [row["run_id"] for row in rows_in(taken("viewer", stage="failed"))]
    assert found == [third.public_id, first.public_id]
    assert [row["run_id"] for row in rows_in(taken("viewer", q=second.public_id))] == [second.public_id]
    assert len(rows_in(taken("viewer"))) == 3


@pytest.mark.parametrize(
    ("kind", "filters"), [("xlsx", ""), ("", ""), ("csv", "goal__regex=("), ("csv", "id__in=abc"), ("csv", "created_at__year=0")]
)
def test_what_makes_no_sense_is_not_there(kind: str, filters: str, cast: Cast) -> None:
    assert SignIn("operator").post(URL, {"format": kind, PRESERVED: filters}).status_code == 404
    assert not audit.entries_of(cast.acme, action="run.export").exists()


def test_it_is_written_down_who_took_which_and_how_many(cast: Cast) -> None:
    taken("auditor", "jsonl", stage="failed", q="TIMEOUT")
    entry = audit.entries_of(cast.acme, action="run.export").get()
    assert (entry.actor, entry.via) == ("auditor", "console")
    assert json.loads(entry.after) == {"cut_off": False, "filter": {"q": "TIMEOUT", "stage": "failed"}, "format": "jsonl", "rows": 1}
    assert not audit.entries_of(cast.rival, action="run.export").exists()
    taken("root", stage="failed")
    assert audit.entries_of(cast.rival, action="run.export").get().actor == "root"


def test_nothing_found_is_written_down_too(cast: Cast) -> None:
    assert rows_in(taken("viewer", stage="dead_letter")) == []
    assert '"rows": 0' in audit.entries_of(cast.acme, action="run.export").get().after


def test_what_is_cut_off_is_told(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = Agent.objects.get(tenant=cast.acme)
    for number in range(4):
        a_run(cast.acme, agent, f"more-{number}")
    monkeypatch.setattr(runs_export, "MOST_ROWS", 3)
    monkeypatch.setattr(runs_export, "AT_ONCE", 2)
    answer = taken("developer")
    assert [row["goal"] for row in rows_in(answer)] == ["more-3", "more-2", "more-1"]
    assert answer[CUT_OFF] == "after 3 rows"
    assert "runs-first-3-" in answer["Content-Disposition"]
    assert '"cut_off": true' in audit.entries_of(cast.acme, action="run.export").get().after


def test_naughty_texts_are_cells_and_no_formulas(cast: Cast) -> None:
    agent = Agent.objects.get(tenant=cast.acme)
    for text in NAUGHTY:
        Run.objects.create(tenant=cast.acme, agent=agent, goal=text, status="queued")
    goals = {row["goal"] for row in rows_in(taken("developer", status__exact="queued"))}
    assert goals == {f"'{text}" if text.startswith(("=", "@")) else text for text in NAUGHTY}
    lines = b"".join(taken("developer", "jsonl", status__exact="queued").streaming_content).decode().splitlines()
    assert {json.loads(line)["goal"] for line in lines} == set(NAUGHTY)


def test_it_asks_once_for_some_hundred_rows(cast: Cast) -> None:
    agent = Agent.objects.get(tenant=cast.acme)
    browser = SignIn("operator")
    counts = []
    for more in (1, 60):
        Run.objects.bulk_create(Run(tenant=cast.acme, agent=agent, status="queued") for _ in range(more))
        with CaptureQueriesContext(connection) as asked:
            b"".join(browser.post(URL, {"format": "csv", PRESERVED: "status__exact=queued"}).streaming_content)
        counts.append(len(asked))
    assert counts[0] == counts[1]
