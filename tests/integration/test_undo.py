"""Taking effects back: a child run calls what the skill says undoes the step, once, and both runs tell of each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings

from agents.models import Agent, Tenant
from agents.services import create_agent
from agents.tenancy import SCOPES
from runs import services
from runs.effects.undo import steps_to_undo, undo_step
from runs.models import Run, UndoneEffect
from runs.shell.reading.history import read_history
from skills import plugins
from skills.contracts import Effect
from skills.refusal import Refusal
from skills.registry import registry
from tests.api.cast import make_caller
from tests.fakes.raw_server import RawServer, answer
from tests.fakes.skills import Say
from tests.integration.workshop import (
    Workshop,
    a_worker,
    as_person,
    in_another_thread,
    now,
    over,
    parked,
    started,
    step,
    step_of,
    trace,
    wait_for,
)

MADE = answer(b'{"id": "o-7", "trap": "{result.body.id} ${secrets.TOKEN}"}', status="201 Created", content_type="application/json")
GONE = answer(status="204 No Content")


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer(MADE, GONE) as server:
        yield server


@pytest.fixture(autouse=True)
def http(workshop: Workshop, server: RawServer, settings: LazySettings) -> None:
    plugins.load(registry, with_plugins=False, modules=["skills.library.http_call"])
    settings.ALLOW_LOCAL_TARGETS = frozenset({server.authority})


def order(server: RawServer, **more: Any) -> dict[str, Any]:
    undo = {"url": server.url + "/orders/{result.body.id}"}
    return step("order", "http_call", **{"url": server.url + "/orders", "method": "POST", "body": {"n": 1}, "undo": undo, **more})


def undone(workshop: Workshop, run: Run, step_id: str = "order", reason: str = "ordered by mistake") -> tuple[Run, bool]:
    return undo_step(principal=workshop.bob, run_id=run.public_id, step_id=step_id, reason=reason)


def refused(workshop: Workshop, run: Run, step_id: str = "order") -> Refusal:
    with pytest.raises(Refusal) as caught:
        undone(workshop, run, step_id)
    assert not UndoneEffect.objects.filter(run=run, step_key=step_id).exists()
    return caught.value


def requests(server: RawServer) -> list[str]:
    return [request.decode().split(" HTTP/1.1", 1)[0] for request in server.requests]


def test_it_takes_the_effect_back_by_a_child_run(workshop: Workshop, server: RawServer) -> None:
    with a_worker():
        run = over(workshop.submit(order(server)))
        before = len(read_history(run))
        child, is_new = undone(workshop, run)
        child = over(child)
    assert (is_new, child.status, child.relation, child.parent) == (True, "succeeded", "undo", run)
    assert requests(server) == ["POST /orders", "DELETE /orders/o-7"]
    assert len(read_history(now(run))) == before, "the parent's journal changed"
    row = UndoneEffect.objects.get()
    assert (row.run, row.step_key, row.child, row.by, row.reason) == (run, "order", child, "bob", "ordered by mistake")


def test_both_runs_tell_of_each_other(workshop: Workshop, server: RawServer) -> None:
    with a_worker():
        run = over(workshop.submit(order(server)))
        assert trace(run)["side_effects"][0]["reversed_by"] is None
        child = over(undone(workshop, run)[0])
    [effect] = trace(run)["side_effects"]
    assert (effect["reversible"], effect["reversed_by"], effect["reversed_status"]) == (True, child.public_id, "succeeded")
    assert step_of(run, "order")["reversed_by"]["reason"] == "ordered by mistake"
    assert trace(child)["undoes"] == {"run_id": run.public_id, "step_id": "order", "by": "bob", "reason": "ordered by mistake"}
    assert trace(run)["undoes"] is None


def test_it_answers_the_first_child_whoever_asks_again(workshop: Workshop, server: RawServer) -> None:
    with a_worker():
        run = over(workshop.submit(order(server)))
        first, _ = undone(workshop, run)
        assert undone(workshop, run) == (first, False)
        over(first)
    assert undone(workshop, run) == (first, False)
    assert steps_to_undo(run) == []


def test_it_may_be_tried_again_after_a_child_failed(workshop: Workshop, settings: LazySettings) -> None:
    with RawServer(MADE, answer(status="403 Forbidden"), GONE) as server:
        settings.ALLOW_LOCAL_TARGETS = frozenset({server.authority})
        with a_worker():
            run = over(workshop.submit(order(server)))
            first = over(undone(workshop, run)[0])
            second, is_new = undone(workshop, run)
            over(second)
    assert (first.status, is_new, now(second).status) == ("failed", True, "succeeded")
    assert trace(run)["side_effects"][0]["reversed_by"] == second.public_id


def test_data_that_reads_like_a_secret_or_a_place_to_fill_in_stays_data(workshop: Workshop, server: RawServer) -> None:
    undo = {"url": server.url + "/undo", "method": "POST", "body": {"was": "{result.body.trap}", "asked": "${inputs.text}"}}
    with a_worker():
        run = over(workshop.submit(order(server, undo=undo), inputs={"text": "${secrets.TOKEN} {result.body.id} $${x"}))
        child = over(undone(workshop, run)[0])
    assert child.status == "succeeded"
    assert server.requests[1].endswith(b'{"was": "{result.body.id} ${secrets.TOKEN}", "asked": "${secrets.TOKEN} {result.body.id} $${x"}')


def test_secrets_the_plan_names_are_revealed_in_the_undo_and_journalled_nowhere(
    workshop: Workshop, server: RawServer, settings: LazySettings, tmp_path: Any
) -> None:
    settings.SECRETS_FILE = tmp_path / "secrets.json"
    settings.SECRETS_FILE.write_text('{"acme": {"TOKEN": "s3cr3t-token"}}')
    settings.SECRETS_FILE.chmod(0o600)
    undo = {"url": server.url + "/{result.body.id}", "headers": {"Authorization": "Bearer ${secrets.TOKEN}"}}
    with a_worker():
        run = over(workshop.submit(order(server, undo=undo)))
        child = over(undone(workshop, run)[0])
    assert child.status == "succeeded"
    assert b"Authorization: Bearer s3cr3t-token" in server.requests[1]
    assert "s3cr3t-token" not in str(trace(child)) + str(trace(run))


def test_it_asks_who_must_be_asked(workshop: Workshop, server: RawServer) -> None:
    careful: Agent = create_agent(tenant=workshop.tenant, name="careful", profile={"approval_effects": ["idempotent_write"]})
    with a_worker():
        run = over(workshop.submit(order(server), agent=careful))
        child = parked(undone(workshop, run)[0], "approval")
        assert requests(server) == ["POST /orders"]
        found = step_of(child, "undo")
        assert found["action_hash"]
        # Who asked for the undo is not who may approve it.
        with pytest.raises(Refusal, match="may not approve"):
            workshop.decide(child, "undo", "approve", action_hash=found["action_hash"])
        approved = {"run_id": child.public_id, "step_id": "undo", "verdict": "approve", "action_hash": found["action_hash"]}
        services.decide_step(principal=workshop.alice, **approved)
        over(child)
    assert requests(server)[1] == "DELETE /orders/o-7"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "says not how": ({"undo": None}, "says not how it is undone"),
    "left nothing": ({"method": "GET", "body": None, "undo": None}, "leaves nothing behind"),
    "lacks what it needs": ({"undo": {"url": "https://example.com/{result.body.number}"}}, "gave no result.body.number"),
}


@pytest.mark.parametrize(("more", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_it_refuses_a_call_that(more: dict[str, Any], why: str, workshop: Workshop, server: RawServer) -> None:
    with a_worker():
        run = over(workshop.submit(order(server, **more)))
    refusal = refused(workshop, run)
    assert (refusal.status, refusal.code) == (409, "INVALID_INPUT")
    assert why in refusal.detail
    assert steps_to_undo(run) == []


def test_it_refuses_a_skill_that_declares_none(workshop: Workshop, tmp_path: Any) -> None:
    with a_worker():
        run = over(workshop.submit(step("order", "append_line", witness=str(tmp_path / "w"))))
    assert "append_line declares no way to undo" in refused(workshop, run).detail


class PaysAndForgets(Say):
    """Declares an undo it cannot tell."""

    name, effect, reversible_by = "pays_and_forgets", Effect.WRITE, "say"

    def undo_of(self, params: Any, result: Any, side_effects: Any) -> Any:
        return result["receipt"]


def test_it_refuses_where_a_skill_breaks_over_it(workshop: Workshop) -> None:
    registry.add(PaysAndForgets)
    with a_worker():
        run = over(workshop.submit(step("order", "pays_and_forgets", said=1)))
    assert "pays_and_forgets failed to say how it is undone: KeyError" in refused(workshop, run).detail


def test_it_refuses_what_did_not_succeed(workshop: Workshop, settings: LazySettings) -> None:
    with RawServer(answer(status="400 Bad Request")) as server:
        settings.ALLOW_LOCAL_TARGETS = frozenset({server.authority})
        with a_worker():
            run = over(workshop.submit(order(server)))
    assert "it is failed" in refused(workshop, run).detail


def test_it_refuses_a_step_that_still_runs_and_what_is_not_there(workshop: Workshop, server: RawServer) -> None:
    with a_worker():
        run = workshop.submit(order(server), step("slow", "sleepy", ms=1_500))
        started(run, "slow")
        assert "still at it" in refused(workshop, run, "slow").detail
        assert refused(workshop, run, "no_such").status == 404
        assert refused(workshop, run, "$plan").status == 404
        # A step that is over can be taken back while others go on.
        wait_for(lambda: step_of(run, "order")["status"] == "succeeded", "the order")
        over(undone(workshop, run)[0])
        over(run)


def test_it_refuses_an_effect_in_doubt(workshop: Workshop, tmp_path: Any, settings: LazySettings) -> None:
    with RawServer(lambda connection: connection.recv(1)) as server:
        settings.ALLOW_LOCAL_TARGETS = frozenset({server.authority})
        with a_worker():
            run = parked(workshop.submit(order(server, timeout_ms=300)), "in_doubt")
    assert "in doubt; settle that first" in refused(workshop, run).detail


def test_another_tenants_run_is_not_there(workshop: Workshop, server: RawServer) -> None:
    run = workshop.submit(order(server))
    stranger = as_person(Tenant.objects.create(slug="rival", name="Rival"), "eve")
    with pytest.raises(Refusal) as caught:
        undo_step(principal=stranger, run_id=run.public_id, step_id="order")
    assert caught.value.status == 404


def test_of_two_who_ask_at_once_one_makes_the_child(workshop: Workshop, server: RawServer) -> None:
    with a_worker():
        run = over(workshop.submit(order(server)))
        answers: list[tuple[Run, bool]] = []
        threads = [in_another_thread(lambda: answers.append(undone(workshop, run))) for _ in range(6)]
        for thread in threads:
            thread.join(30)
        assert len({child.public_id for child, _ in answers}) == 1
        assert [is_new for _, is_new in answers].count(True) == 1
        over(answers[0][0])
    assert requests(server) == ["POST /orders", "DELETE /orders/o-7"]


def test_each_item_of_a_loop_is_undone_for_itself(workshop: Workshop, server: RawServer) -> None:
    looped = order(server, for_each="${inputs.items}", body={"n": "${item}"})
    with a_worker():
        run = over(workshop.submit(looped, inputs={"items": [1]}))
        assert "undo its items, order#0 to order#0" in refused(workshop, run).detail
        assert steps_to_undo(run) == ["order#0"]
        assert over(undone(workshop, run, "order#0")[0]).status == "succeeded"
    assert requests(server)[1] == "DELETE /orders/o-7"


def test_a_fallback_is_undone_by_its_own_undo(workshop: Workshop, server: RawServer) -> None:
    first = step(
        "order", "fails", code="NOT_FOUND", on_error="fallback", fallback_skill="http_call", fallback_params=order(server)["params"]
    )
    with a_worker():
        run = over(workshop.submit(first))
        assert over(undone(workshop, run)[0]).status == "succeeded"
    assert requests(server) == ["POST /orders", "DELETE /orders/o-7"]


# By REST


def test_it_undoes_by_rest_once_per_key(workshop: Workshop, server: RawServer) -> None:
    alice = make_caller(workshop.tenant, "alice", SCOPES)
    reader = make_caller(workshop.tenant, "reader", ("runs:read",))
    with a_worker():
        run = over(workshop.submit(order(server)))
        path = f"/api/v1/runs/{run.public_id}/steps/order/undo"
        assert reader.post(path, {}).status_code == 403
        answered = alice.post(path, {"reason": "by mistake"}, Idempotency_Key="once")
        assert (answered.status_code, answered.json()["relation"], answered.json()["parent_run_id"]) == (202, "undo", run.public_id)
        assert answered.headers["Location"] == f"/api/v1/runs/{answered.json()['run_id']}"
        again = alice.post(path, {"reason": "by mistake"}, Idempotency_Key="once")
        assert (again.json()["run_id"], again.headers["Idempotency-Replayed"]) == (answered.json()["run_id"], "true")
        over(UndoneEffect.objects.get().child)
    assert alice.get(f"/api/v1/runs/{run.public_id}/trace").json()["side_effects"][0]["reversed_status"] == "succeeded"


BAD: dict[str, tuple[str, Any, int]] = {
    "a step that is not there": ("nothing", {}, 404),
    "what can be no step": ("%2e%2e", {}, 404),
    "a reason that is no text": ("order", {"reason": 3}, 422),
    "a field nobody knows": ("order", {"by": "me"}, 422),
    "a step the run has not come to": ("order", {}, 404),
}


@pytest.mark.parametrize(("step_id", "body", "status"), BAD.values(), ids=BAD.keys())
def test_it_refuses_by_rest(step_id: str, body: Any, status: int, workshop: Workshop, server: RawServer) -> None:
    run = workshop.submit(order(server))
    answered = make_caller(workshop.tenant, "alice", SCOPES).post(f"/api/v1/runs/{run.public_id}/steps/{step_id}/undo", body)
    assert (answered.status_code, answered.headers["Content-Type"]) == (status, "application/problem+json")
