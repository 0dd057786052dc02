"""Effects in doubt: found through the rows of waiting runs, shown with what is known of them, settled once and by anybody who may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings

from agents.models import Tenant
from agents.tenancy import SCOPES
from runs.effects.doubts import evidence, give_verdict
from runs.models import Run
from skills import plugins
from skills.refusal import Refusal
from skills.registry import registry
from tests.api.cast import NO_RUN, Caller, make_caller
from tests.api.described import described
from tests.fakes.raw_server import RawServer, Reply, answer
from tests.integration.workshop import Workshop, a_worker, chain, kinds, over, parked, step, step_of

GONE = answer(status="404 Not Found")
HERE = answer(b"{}")
BROKEN = answer(status="500 Internal Server Error")


def hang(connection: Any) -> None:
    connection.settimeout(5)
    connection.recv(1)


@pytest.fixture(autouse=True)
def http(workshop: Workshop) -> None:
    plugins.load(registry, with_plugins=False, modules=["skills.library.http_call"])


@pytest.fixture
def serve(settings: LazySettings) -> Iterator[Any]:
    servers: list[RawServer] = []

    def start(*replies: Reply) -> RawServer:
        server = RawServer(*replies)
        settings.ALLOW_LOCAL_TARGETS = frozenset({server.authority})
        servers.append(server.__enter__())
        return server

    yield start
    for server in servers:
        server.__exit__(None, None, None)


def order(server: RawServer, *, probed: bool = False, **more: Any) -> dict[str, Any]:
    probe = {"probe": {"url": server.url + "/by/{idempotency_key}"}} if probed else {}
    return step("order", "http_call", url=server.url + "/orders", method="POST", timeout_ms=250, **probe, **more)


def doubted(workshop: Workshop, server: RawServer, *, probed: bool = False) -> Run:
    return parked(workshop.submit(*chain(order(server, probed=probed), step("after", "say", said="${steps.order.result.id}"))), "in_doubt")


def settle(workshop: Workshop, run: Run, verdict: str, **more: Any) -> dict[str, Any]:
    given = {"reason": "looked at the orders", **more}
    return give_verdict(principal=workshop.bob, run_id=run.public_id, step_id="order", verdict=verdict, **given)


def told(workshop: Workshop, run: Run) -> dict[str, Any]:
    return evidence(tenant=workshop.tenant, run_id=run.public_id, step_id="order")


@pytest.fixture
def alice(workshop: Workshop) -> Caller:
    return make_caller(workshop.tenant, "alice", SCOPES)


def test_it_shows_what_is_known(workshop: Workshop, serve: Any) -> None:
    server = serve(hang, BROKEN)
    with a_worker():
        run = doubted(workshop, server, probed=True)
    found = told(workshop, run)
    assert (found["status"], found["skill"], found["effect"]) == ("in_doubt", "http_call", "write")
    assert "TIMEOUT" in found["why"]
    sent = found["sent"]
    assert (sent["attempt"], sent["phase"], sent["target"], sent["timeout_ms"]) == (1, "maybe_sent", f"POST {server.url}/orders", 250)
    assert sent["at"] < sent["ended_at"]
    assert f"Idempotency-Key: {sent['idempotency_key']}" in server.requests[0].decode()
    assert sent["bytes_acknowledged"] is None
    assert [answered["answer"] for answered in found["probe"]["answers"]] == ["unknown"]
    assert set(found["choices"]) == {"happened", "did_not_happen", "probe_again"}
    assert "after will read the result you give" in found["choices"]["happened"]
    assert "attempt 2, with the same idempotency key" in found["choices"]["did_not_happen"]


PROBES = {"it happened": (HERE, 1), "it did not": (GONE, 2)}


@pytest.mark.parametrize(("reply", "posts"), PROBES.values(), ids=PROBES.keys())
def test_a_probe_settles_it_alone_when(reply: Reply, posts: int, workshop: Workshop, serve: Any) -> None:
    server = serve(hang, reply, answer(b'{"id": 1}', content_type="application/json"))
    with a_worker():
        run = over(workshop.submit(order(server, probed=True)))
    assert run.status == "succeeded"
    assert [request.split(b" ", 1)[0] for request in server.requests].count(b"POST") == posts
    assert "verdict_given" not in kinds(run)


def test_happened_goes_on_with_the_result_that_is_given(workshop: Workshop, serve: Any) -> None:
    server = serve(hang)
    with a_worker():
        run = doubted(workshop, server)
        answered = settle(workshop, run, "happened", result={"id": 7})
        run = over(run)
    assert (run.status, step_of(run, "after")["result"], len(server.requests)) == ("succeeded", {"said": 7}, 1)
    assert "not made again" in answered["leads_to"]


def test_did_not_happen_makes_the_call_again_with_the_same_key(workshop: Workshop, serve: Any) -> None:
    server = serve(hang, answer(b"{}", content_type="application/json"))
    with a_worker():
        run = parked(workshop.submit(order(server)), "in_doubt")
        key = told(workshop, run)["sent"]["idempotency_key"]
        settle(workshop, run, "did_not_happen")
        assert over(run).status == "succeeded"
    assert [f"Idempotency-Key: {key}" in request.decode() for request in server.requests] == [True, True]


def test_probe_again_looks_once_more(workshop: Workshop, serve: Any) -> None:
    server = serve(hang, BROKEN, HERE)
    with a_worker():
        run = parked(workshop.submit(order(server, probed=True)), "in_doubt")
        settle(workshop, run, "probe_again")
        assert over(run).status == "succeeded"
    found = told(workshop, run)
    assert [answered["answer"] for answered in found["probe"]["answers"]] == ["unknown", "happened"]
    assert (found["status"], found["verdicts"][0]["by"], found["choices"]) == ("settled", "bob", {})


def test_a_call_that_says_not_how_cannot_be_probed(workshop: Workshop, serve: Any) -> None:
    server = serve(hang)
    with a_worker():
        run = parked(workshop.submit(order(server)), "in_doubt")
        assert "probe_again" not in told(workshop, run)["choices"]
        with pytest.raises(Refusal, match="says not how to find out") as caught:
            settle(workshop, run, "probe_again")
    assert caught.value.errors[0]["pointer"] == "/verdict"


def test_the_second_to_decide_is_told_who_was_first(workshop: Workshop, serve: Any) -> None:
    server = serve(hang)
    with a_worker() as leave:
        run = parked(workshop.submit(order(server), step("other", "sleepy", ms=1)), "in_doubt")
        leave()
        settle(workshop, run, "happened")
        with pytest.raises(Refusal, match="already decided by bob"):
            settle(workshop, run, "did_not_happen")
    with a_worker():
        over(run)
    with pytest.raises(Refusal, match="already decided by bob: happened, at 2") as caught:
        settle(workshop, run, "did_not_happen")
    assert caught.value.status == 409
    assert len(server.requests) == 1


def test_a_result_goes_with_what_happened_only(workshop: Workshop, serve: Any) -> None:
    server = serve(hang)
    with a_worker():
        run = parked(workshop.submit(order(server)), "in_doubt")
    with pytest.raises(Refusal) as caught:
        settle(workshop, run, "did_not_happen", result={"id": 1})
    assert (caught.value.status, caught.value.errors[0]["pointer"]) == (422, "/result")


def test_a_step_that_never_was_in_doubt_is_not_there(workshop: Workshop) -> None:
    with a_worker():
        run = over(workshop.submit(step("order", "say")))
    with pytest.raises(Refusal, match="no such effect in doubt"):
        told(workshop, run)


# By REST


def test_it_lists_what_waits_for_a_verdict_page_by_page(workshop: Workshop, serve: Any, alice: Caller) -> None:
    server = serve(hang)
    with a_worker():
        runs = [workshop.submit(order(server)) for _ in range(3)]
        over(workshop.submit(step("fine", "say")))
        for run in runs:
            parked(run, "in_doubt")
    seen, cursor = [], ""
    for _ in range(2):
        page = described("in_doubt_list", alice.get(f"/api/v1/in-doubt?limit=2{cursor}"))
        seen += [(found["run_id"], found["step_id"], found["failure_code"]) for found in page["data"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert (seen, page["next_cursor"]) == ([(run.public_id, "order", "TIMEOUT") for run in reversed(runs)], None)


def test_a_verdict_by_rest_is_a_fact_and_leaves_the_list(workshop: Workshop, serve: Any, alice: Caller) -> None:
    server = serve(hang)
    with a_worker():
        run = parked(workshop.submit(order(server)), "in_doubt")
        where = f"/api/v1/in-doubt/{run.public_id}/order"
        assert described("in_doubt_get", alice.get(where))["status"] == "in_doubt"
        answered = alice.post(f"{where}/verdict", {"verdict": "happened", "reason": "the order is in their list"})
        assert (answered.status_code, described("in_doubt_verdict", answered)["by"].rpartition(":")[0]) == (202, "key:alice")
        over(run)
    assert [given["verdict"] for given in described("in_doubt_get", alice.get(where))["verdicts"]] == ["happened"]
    assert alice.get("/api/v1/in-doubt").json()["data"] == []
    assert "verdict_given" in kinds(run)


BAD: dict[str, tuple[Any, str]] = {
    "no verdict": ({"reason": "the order is in their list"}, "/verdict"),
    "another verdict": ({"verdict": "perhaps", "reason": "the order is in their list"}, "/verdict"),
    "a short reason": ({"verdict": "happened", "reason": "sure"}, "/reason"),
    "a field nobody knows": ({"verdict": "happened", "reason": "the order is in their list", "by": "me"}, "/by"),
}


@pytest.mark.parametrize(("body", "pointer"), BAD.values(), ids=BAD.keys())
def test_it_refuses_a_verdict_with(body: Any, pointer: str, alice: Caller) -> None:
    refused = alice.post(f"/api/v1/in-doubt/{NO_RUN}/order/verdict", body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)


def test_what_is_another_tenants_is_not_there(workshop: Workshop, serve: Any) -> None:
    eve = make_caller(Tenant.objects.create(slug="rival", name="Rival"), "eve", SCOPES)
    server = serve(hang)
    with a_worker():
        run = parked(workshop.submit(order(server)), "in_doubt")
    body = {"verdict": "happened", "reason": "it is none of my business"}
    assert eve.get("/api/v1/in-doubt").json()["data"] == []
    for run_id in (run.public_id, NO_RUN):
        assert eve.get(f"/api/v1/in-doubt/{run_id}/order").status_code == 404
        assert eve.post(f"/api/v1/in-doubt/{run_id}/order/verdict", body).status_code == 404
    assert eve.get(f"/api/v1/in-doubt/{run.public_id}/%00").status_code == 404
