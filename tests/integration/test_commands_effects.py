"""`manage.py in_doubt`, `undo` and `dead_letter`: what the API does about effects, where no web server answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings

from runs.models import Run, UndoneEffect
from skills import plugins
from skills.registry import registry
from tests.fakes.raw_server import RawServer, answer
from tests.integration.test_commands_on_runs import told
from tests.integration.test_dead_letters import given_up, slow
from tests.integration.workshop import Workshop, a_worker, over, parked, step, step_of

MADE = answer(b'{"id": 7}', content_type="application/json")


@pytest.fixture
def server(workshop: Workshop, settings: LazySettings) -> Iterator[RawServer]:
    plugins.load(registry, with_plugins=False, modules=["skills.library.http_call"])
    with RawServer(lambda connection: connection.recv(1), MADE) as server:
        settings.ALLOW_LOCAL_TARGETS = frozenset({server.authority})
        yield server


def order(server: RawServer) -> dict[str, object]:
    undo = {"url": server.url + "/{result.id}"}
    return step("order", "http_call", url=server.url, method="POST", undo=undo, timeout_ms=250)


def test_it_lists_shows_and_settles_what_is_in_doubt(workshop: Workshop, server: RawServer) -> None:
    assert "nothing is in doubt" in told("in_doubt", "list")[0]
    with a_worker():
        run = parked(workshop.submit(order(server)), "in_doubt")
        assert run.public_id in told("in_doubt", "list")[0]
        shown = told("in_doubt", "show", run.public_id, "order")[0]
        assert f"POST {server.url}" in shown
        assert "did_not_happen: The call is made again" in shown
        assert json.loads(told("in_doubt", "show", run.public_id, "order", "--json")[0])["status"] == "in_doubt"
        decide = ("in_doubt", "verdict", run.public_id, "order", "happened", "--reason")
        _, errors = told(*decide, "sure", expect=2)
        assert "/reason" in errors
        _, errors = told(*decide, "found in their list", "--result", "{", expect=2)
        assert "--result" in errors
        assert "counts as done" in told(*decide, "found in their list", "--result", '{"id": 9}')[0]
        run = over(run)
    assert step_of(run, "order")["result"] == {"id": 9}
    _, errors = told(*decide, "found in their list", expect=5)
    assert "already decided by shell:" in errors


def test_it_undoes_a_step_once(workshop: Workshop, server: RawServer) -> None:
    with a_worker():
        run = parked(workshop.submit(order(server)), "in_doubt")
        told("in_doubt", "verdict", run.public_id, "order", "happened", "--reason", "found in their list", "--result", '{"id": 9}')
        over(run)
        assert "takes order back" in told("undo", run.public_id, "order", "--reason", "by mistake")[0]
        row = UndoneEffect.objects.select_related("child").get()
        assert (row.reason, over(row.child).status) == ("by mistake", "succeeded")
    assert "was begun for that before; it is succeeded" in told("undo", run.public_id, "order")[0]
    assert server.requests[1].startswith(b"DELETE /9 ")
    _, errors = told("undo", run.public_id, "no_such", expect=3)
    assert "no such step" in errors


def test_it_lists_and_requeues_dead_letters(workshop: Workshop, settings: LazySettings, tmp_path: Path) -> None:
    assert "no run was given up" in told("dead_letter", "list")[0]
    harmless = given_up(workshop, settings, slow(ms=600), at="slow")
    write = step("write", "append_line", witness=str(tmp_path / "witness"), after_ms=900)
    doubtful = given_up(workshop, settings, write, at="write")
    listed = told("dead_letter", "list")[0]
    assert harmless.public_id in listed
    assert "write (in doubt)" in listed
    requeued = told("dead_letter", "requeue", harmless.public_id, "--reason", "mended")[0].strip()
    assert Run.objects.get(public_id=requeued).parent == harmless
    assert "was queued for that before" in told("dead_letter", "requeue", harmless.public_id, "--reason", "mended")[0]
    _, errors = told("dead_letter", "requeue", doubtful.public_id, "--reason", "mended", expect=8)
    assert "in doubt" in errors
    answered = told("dead_letter", "requeue", doubtful.public_id, "--reason", "mended", "--accept-doubt", "--json")[0]
    assert json.loads(answered)["relation"] == "requeue"


def test_a_skill_tells_key_probe_and_undo(workshop: Workshop, server: RawServer) -> None:
    shown = " ".join(told("describe_skill", "http_call")[0].split())
    assert "key of run, step and parameters" in shown
    assert "probe Where `probe` is given" in shown
    assert "undone by http_call" in shown
