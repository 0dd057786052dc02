"""Runs that were given up: what they leave behind is shown, and another chance is a child run that does nothing twice unasked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import transaction

from agents.models import Tenant
from agents.tenancy import SCOPES
from runs.effects.dead_letters import dead_letter, requeue
from runs.models import Run, Session
from runs.shell import sessions
from runs.shell.reading.history import read_history
from skills.refusal import Refusal
from tests.api.cast import NO_RUN, Caller, make_caller
from tests.api.described import described
from tests.fakes.skills import witnessed
from tests.integration.workshop import Workshop, a_worker, as_person, chain, over, started, step

ENDED_LONG_AGO = 1


def given_up(workshop: Workshop, settings: LazySettings, *steps: dict[str, Any], at: str, **options: Any) -> Run:
    """Return a run whose worker died once too often while a step of it was in flight."""
    with a_worker():
        run = workshop.submit(*steps, **options)
        started(run, at)
        with transaction.atomic():
            Session.objects.filter(state="live").update(lease_until_ms=ENDED_LONG_AGO)
            sessions.reap()
            Run.objects.filter(pk=run.pk).update(crash_count=settings.MAX_CRASHES + 1)
    with a_worker():
        run = over(run)
    assert run.status == "dead_lettered"
    return run


def again(workshop: Workshop, run: Run, **more: Any) -> tuple[Run, bool]:
    return requeue(principal=workshop.bob, run_id=run.public_id, reason="the bug is mended", **more)


def slow(step_id: str = "slow", ms: int = 2_500) -> dict[str, Any]:
    return step(step_id, "sleepy", ms=ms)


@pytest.fixture
def alice(workshop: Workshop) -> Caller:
    return make_caller(workshop.tenant, "alice", SCOPES)


def test_it_shows_what_is_left_behind(workshop: Workshop, settings: LazySettings, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    wrote = step("wrote", "append_line", witness=str(witness))
    hung = step("hung", "append_line", witness=str(witness), after_ms=2_500)
    found = dead_letter(tenant=workshop.tenant, run_id=given_up(workshop, settings, *chain(wrote, hung), at="hung").public_id)
    assert (found["code"], found["crash_count"], found["journal_readable"]) == ("LEASE_LOST", settings.MAX_CRASHES + 1, True)
    assert (found["last_in_flight"]["step_id"], found["last_in_flight"]["attempt"]) == ("hung", 1)
    assert [(effect["step_id"], effect["state"]) for effect in found["effects"]] == [("wrote", "happened"), ("hung", "in_doubt")]
    assert found["last_workers"][0]["host"] == settings.HOST_NAME
    assert found["requeued_as"] is None


def test_another_chance_is_a_child_with_the_same_plan_inputs_and_limit(workshop: Workshop, settings: LazySettings) -> None:
    said = step("said", "say", said="${inputs.word}")
    run = given_up(workshop, settings, *chain(said, slow(ms=900)), at="slow", inputs={"word": "hello"}, budget_micro_usd=4_000)
    before = len(read_history(run))
    with a_worker():
        child, is_new = again(workshop, run)
        child = over(child)
    assert (is_new, child.status, child.relation, child.parent, child.limit_micro_usd) == (True, "succeeded", "requeue", run, 4_000)
    accepted: Any = read_history(child)[0].fact
    assert (accepted.inputs, accepted.means["because"]) == ({"word": "hello"}, "the bug is mended")
    assert len(read_history(run)) == before
    assert dead_letter(tenant=workshop.tenant, run_id=run.public_id)["requeued_as"] == {"run_id": child.public_id, "status": "succeeded"}


def test_asked_again_it_answers_the_first_child_unless_that_ended_in_vain(workshop: Workshop, settings: LazySettings) -> None:
    run = given_up(workshop, settings, slow(ms=600), at="slow")
    child, _ = again(workshop, run)
    assert again(workshop, run) == (child, False)
    Run.objects.filter(pk=child.pk).update(status="failed")
    second, is_new = again(workshop, run)
    assert (is_new, second.pk != child.pk) == (True, True)


def test_it_makes_no_effect_again_unasked(workshop: Workshop, settings: LazySettings, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    run = given_up(workshop, settings, step("order", "append_line", witness=str(witness), after_ms=1_500), at="order")
    with pytest.raises(Refusal, match="whether order happened is in doubt") as caught:
        again(workshop, run)
    assert (caught.value.status, caught.value.code) == (409, "OUTCOME_UNKNOWN")
    assert [(fault["pointer"], fault["code"]) for fault in caught.value.errors] == [("/accept_doubt", "IN_DOUBT")]
    assert not Run.objects.filter(parent=run).exists()
    with a_worker():
        assert over(again(workshop, run, accept_doubt=True)[0]).status == "succeeded"
    assert witnessed(witness) == ["order 1", "order 1"]


def test_what_happened_for_sure_is_asked_about_too(workshop: Workshop, settings: LazySettings, tmp_path: Path) -> None:
    run = given_up(workshop, settings, *chain(step("order", "append_line", witness=str(tmp_path / "w")), slow()), at="slow")
    with pytest.raises(Refusal, match="order happened, and the run would do it again"):
        again(workshop, run)


@pytest.mark.parametrize("act", ["show", "requeue"])
def test_a_run_that_was_not_given_up_is_none(act: str, workshop: Workshop) -> None:
    run = workshop.submit(step("one", "say"))
    with pytest.raises(Refusal, match="the run is queued") as caught:
        again(workshop, run) if act == "requeue" else dead_letter(tenant=workshop.tenant, run_id=run.public_id)
    assert caught.value.status == 409


# By REST


def test_it_lists_and_requeues_by_rest(workshop: Workshop, settings: LazySettings, alice: Caller) -> None:
    run = given_up(workshop, settings, slow(ms=600), at="slow")
    over_there = make_caller(Tenant.objects.create(slug="rival", name="Rival"), "eve", SCOPES)
    [listed] = described("dead_letters_list", alice.get("/api/v1/dead-letters"))["data"]
    assert (listed["run_id"], listed["last_in_flight"]["step_id"]) == (run.public_id, "slow")
    assert described("dead_letters_get", alice.get(f"/api/v1/dead-letters/{run.public_id}")) == listed
    path, body = f"/api/v1/dead-letters/{run.public_id}/requeue", {"reason": "mended"}
    answered = alice.post(path, body, Idempotency_Key="once")
    assert (answered.status_code, described("dead_letters_requeue", answered)["relation"]) == (202, "requeue")
    assert answered.headers["Location"] == f"/api/v1/runs/{answered.json()['run_id']}"
    repeated = alice.post(path, body, Idempotency_Key="once")
    assert (repeated.json()["run_id"], repeated.headers["Idempotency-Replayed"]) == (answered.json()["run_id"], "true")
    assert over_there.get("/api/v1/dead-letters").json()["data"] == []
    for run_id in (run.public_id, NO_RUN):
        assert over_there.get(f"/api/v1/dead-letters/{run_id}").status_code == 404
        assert over_there.post(f"/api/v1/dead-letters/{run_id}/requeue", body).status_code == 404


@pytest.mark.parametrize(("body", "pointer"), [({}, "/reason"), ({"reason": "mended", "accept_doubt": "yes"}, "/accept_doubt")])
def test_it_refuses_a_body_that_breaks_its_schema(body: Any, pointer: str, alice: Caller) -> None:
    refused = alice.post(f"/api/v1/dead-letters/{NO_RUN}/requeue", body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)


def test_a_person_of_another_tenant_requeues_nothing(workshop: Workshop, settings: LazySettings) -> None:
    run = given_up(workshop, settings, slow(ms=600), at="slow")
    eve = as_person(Tenant.objects.create(slug="rival", name="Rival"), "eve")
    with pytest.raises(Refusal) as caught:
        requeue(principal=eve, run_id=run.public_id, reason="mine now")
    assert caught.value.status == 404
