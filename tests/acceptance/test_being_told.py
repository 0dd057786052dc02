"""Being told by the product as a whole: a run asks by a callback, is answered by a signed message, and tells its end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook
from werkzeug import Request, Response

from agents.models import Tenant
from agents.tenancy import create_key
from runs.webhooks.messages import headers_for
from tests.acceptance.conftest import Site
from tests.processes import eventually

pytestmark = pytest.mark.acceptance

GATED = {"step_id": "pay", "skill": "say", "params": {"said": "paid"}, "approval": "always"}


class Inbox:
    """What came in at somebody's door."""

    def __init__(self, server: HTTPServer) -> None:
        self.url = server.url_for("/told")
        self.came: list[tuple[dict[str, str], bytes]] = []
        server.expect_request("/told").respond_with_handler(self._take)

    def _take(self, request: Request) -> Response:
        self.came.append((dict(request.headers), request.get_data()))
        # The first message of all is not taken, so that one is seen to be sent again.
        return Response(status=503 if len(self.came) == 1 else 204)

    def told(self, event_type: str) -> tuple[dict[str, str], bytes]:
        """Wait for an event of this type; return it."""

        def there() -> tuple[dict[str, str], bytes] | None:
            return next((each for each in self.came if json.loads(each[1])["type"] == event_type), None)

        return eventually(there, f"{event_type} among {[json.loads(body)['type'] for _, body in self.came]}", 30)


@pytest.fixture
def door() -> Iterator[HTTPServer]:
    with HTTPServer(host="127.0.0.1", threaded=True) as server:
        yield server


@pytest.fixture
def local_targets(door: HTTPServer) -> list[str]:
    return [f"{door.host}:{door.port}"]


def test_a_run_asks_is_answered_and_tells_its_end(site: Site, tenant: Tenant, door: HTTPServer) -> None:
    inbox = Inbox(door)
    hook = site.post("webhooks", {"url": inbox.url, "event_types": ["run.waiting", "run.succeeded"], "may_answer": True})
    # Who asks is somebody else than who made the endpoint: the one may not approve what the other wants.
    other = create_key(tenant, "asks", ("runs:read", "runs:write"))[1]
    plan = {"agent": "worker", "plan": {"steps": [GATED]}}
    accepted = site.web.post("/api/v1/runs", json=plan, headers={"Authorization": f"Bearer {other}"})
    assert accepted.status_code == 202, accepted.text
    run_id = accepted.json()["run_id"]

    headers, body = inbox.told("run.waiting")
    assert Webhook(hook["secret"]).verify(body, headers)
    data: dict[str, Any] = json.loads(body)["data"]
    (ask,) = data["asks"]
    answer = json.dumps({"run_id": run_id, "step_id": "pay", "verdict": "approve", "action_hash": ask["action_hash"]}).encode()
    signed = headers_for("msg_answer_1", int(time.time()), answer, [hook["secret"]])
    heard = site.web.post(data["answer_to"], content=answer, headers=signed | {"Authorization": ""})
    assert heard.status_code == 202, heard.text

    assert site.until(run_id)["status"] == "succeeded"
    _, body = inbox.told("run.succeeded")
    assert json.loads(body)["data"]["run_id"] == run_id
    feed = site.get("events")["data"]
    assert [event["type"] for event in feed if event["data"].get("run_id") == run_id] == ["run.waiting", "run.succeeded"]

    def both() -> list[dict[str, Any]] | None:
        rows: list[dict[str, Any]] = site.get(f"webhooks/{hook['webhook_id']}/deliveries")["data"]
        return rows if all(row["state"] == "delivered" for row in rows) else None

    deliveries = eventually(both, "the one that was not taken at first, after five seconds", 30)
    assert sorted(row["attempts_total"] for row in deliveries) == [1, 2]
    assert len({headers["Webhook-Id"] for headers, _ in inbox.came}) == 2
