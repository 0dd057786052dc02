"""A journal somebody touched: each replay says which event cannot be trusted, by every door, and leaves it as it is."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command

from runs.models import Run, RunEvent
from runs.proof.replaying import replay_of
from runs.shell.chain import link, link_of
from runs.shell.journal import Row, read_rows
from skills.refusal import Refusal
from tests.integration.workshop import Workshop, driven, now, step

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(workshop: Workshop) -> Run:
    """A run of two steps that ended: accepted, admitted, and a result each."""
    return driven(workshop, step("one", "say", said="kept"), step("two", "say", "one", said=2))


def written(run: Run, rows: list[Row]) -> None:
    """Put these rows in the place of a run's journal."""
    RunEvent.objects.filter(run_id=run.pk).delete()
    RunEvent.objects.bulk_create(
        RunEvent(run_id=run.pk, seq=r.seq, kind=r.kind, step=r.step, attempt=r.attempt, at_ms=r.at_ms, data=r.data) for r in rows
    )


def edited(rows: list[Row], seq: int, edit: Callable[[dict[str, Any]], None]) -> list[Row]:
    """Return the rows with one event's text edited, and no other."""
    event = json.loads(rows[seq - 1].data)
    edit(event)
    return [*rows[: seq - 1], rows[seq - 1]._replace(data=json.dumps(event)), *rows[seq:]]


def chained(rows: list[Row]) -> list[Row]:
    """Return the rows with their chain made anew, as somebody would who wants an edit not to show."""
    made: list[Row] = []
    for row in rows:
        event = json.loads(row.data) | {"prev": link_of(made[-1]) if made else ""}
        made.append(row._replace(data=json.dumps(event)))
    return made


def place(rows: list[Row], kind: str) -> int:
    return next(row.seq for row in rows if row.kind == kind)


def with_other_result(rows: list[Row]) -> list[Row]:
    return edited(rows, place(rows, "step_succeeded"), lambda event: event["fact"].update(result="forged"))


HARMS: dict[str, tuple[Callable[[list[Row]], list[Row]], int, str]] = {
    "a gap": (lambda rows: [*rows[:2], *rows[3:]], 3, "event 3 is missing"),
    "no beginning": (lambda rows: rows[1:], 1, "event 1 is missing"),
    "no events": (lambda rows: [], 1, "empty"),
    "an unknown event": (lambda rows: edited(rows, 3, lambda e: e["fact"].update(kind="step_dreamt")), 3, "event 3 cannot be read"),
    "an unknown decision": (lambda rows: edited(rows, 2, lambda e: e["decisions"][0].update(kind="wish")), 2, "event 2 cannot be read"),
    "a future format": (lambda rows: edited(rows, 2, lambda e: e.update(v=9)), 2, "format 9; this version reads 1"),
    "a future format with other fields": (lambda rows: edited(rows, 2, lambda e: (e.update(v=9), e.pop("fact"))), 2, "format 9"),
    "no JSON": (lambda rows: [rows[0], rows[1]._replace(data="{"), *rows[2:]], 2, "event 2 cannot be read"),
    "another result": (with_other_result, 4, "event 4 does not follow"),
    "a swap": (lambda rows: [rows[0], rows[2]._replace(seq=2), rows[1]._replace(seq=3), *rows[3:]], 2, "event 2 does not follow"),
    "another end": (
        lambda rows: edited(rows, len(rows), lambda e: e["fact"].update(latency_ms=7)),
        4,
        "does not end as the run's row says",
    ),
    "no end": (lambda rows: rows[:-1], 3, "does not end as the run's row says"),
    "another result, chained anew": (lambda rows: chained(with_other_result(rows)), 4, "does not end as the run's row says"),
}


@pytest.mark.parametrize(("harm", "seq", "words"), HARMS.values(), ids=HARMS.keys())
def test_it_names_the_event_that_cannot_be_trusted(
    run: Run, workshop: Workshop, harm: Callable[[list[Row]], list[Row]], seq: int, words: str
) -> None:
    written(run, harm(read_rows(run.pk)))
    before = read_rows(run.pk)
    for mode in ("verify", "tape"):
        with pytest.raises(Refusal, match=words) as refused:
            workshop.replay(run, mode)
        assert refused.value.code == "REPLAY_DIVERGED"
        assert [fault["pointer"] for fault in refused.value.errors] == [f"/events/{seq}"]
    assert read_rows(run.pk) == before, "a replay writes nothing"


def test_it_finds_a_forger_who_changes_the_row_too_by_what_came_out(run: Run, workshop: Workshop) -> None:
    rows = chained(with_other_result(read_rows(run.pk)))
    written(run, rows)
    Run.objects.filter(pk=run.pk).update(journal_head=link(rows[-1].data))
    report = workshop.replay(run, "verify")
    assert not report["matched"]
    assert [each["name"] for each in report["invariants"] if not each["held"]] == ["hashes"]


def test_it_finds_a_decision_that_was_forged_by_deciding_again(run: Run, workshop: Workshop) -> None:
    rows = read_rows(run.pk)
    seq = place(rows, "run_admitted")
    rows = chained(edited(rows, seq, lambda event: event["decisions"][0].update(timeout_ms=1)))
    written(run, rows)
    Run.objects.filter(pk=run.pk).update(journal_head=link(rows[-1].data))
    report = workshop.replay(run, "verify")
    assert (report["matched"], report["divergence"]["seq"], report["divergence"]["step_id"]) == (False, seq, "one")


def test_it_goes_on_with_the_other_runs(run: Run, workshop: Workshop) -> None:
    sound = driven(workshop, step("one", "say"))
    written(run, with_other_result(read_rows(run.pk)))
    out, errors = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("replay", "--all", "--mode", "tape", "--json", "--tenant", workshop.tenant.slug, stdout=out, stderr=errors)
    told = json.loads(out.getvalue())
    assert (stopped.value.code, told["replayed"], told["matched"], told["diverged"]) == (1, 2, 1, 1)
    assert [(each["run_id"], each["seq"]) for each in told["runs"]] == [(run.public_id, 4)]
    assert replay_of(now(sound), read_rows(sound.pk), "tape").matched
