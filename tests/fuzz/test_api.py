"""Requests nobody would think of, made from the description of the API: no 5xx, and no answer that is not as described.

Thousands that go to the edges of each parameter; how many more at random is in AOS_FUZZ_EXAMPLES: few here, many by `make fuzz`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from agents.models import Tenant
from agents.tenancy import SCOPES
from agents.throttling import buckets
from runs.models import Run
from tests.api.cast import Caller, make_caller

pytestmark = pytest.mark.slow

EXAMPLES = int(os.environ.get("AOS_FUZZ_EXAMPLES", "2"))
THOROUGH = 100
"""With so many of each it is held against numbers in the end, too."""
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
# It answers when a worker has; there is none here.
WAITS = {"runtime_execute"}
PLAN = {"steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": {"x": 1}}}]}
FEWEST = 5_000
asked: Counter[int] = Counter()
"""How many requests were answered with each status; `conftest.py` tells in the end."""
tried: set[str] = set()
"""The operations that were asked."""


schema = schemathesis.openapi.from_wsgi("/api/schema/", get_wsgi_application()).exclude(operation_id=list(WAITS))


@pytest.fixture(scope="module")
def places() -> Iterator[dict[str, Any]]:
    """Yield what is kept from one request to the next. When every operation was asked, it has to have been so often, edges alone."""
    yield {}
    if tried == {found.ok().label for found in schema.get_all_operations()}:
        assert sum(asked.values()) >= FEWEST, asked


@contextmanager
def one_connection() -> Iterator[None]:
    """Keep the test's connection over a request, as Django's own client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


def places_of(alice: Caller) -> dict[str, str]:
    """Make one of some things, so that requests get further than to a 404."""
    agent = alice.post("/api/v1/agents", {"name": "assistant"}).json()["agent_id"]
    run = alice.post("/api/v1/runs", {"agent": "assistant", "plan": PLAN}).json()["run_id"]
    hook = alice.post("/api/v1/webhooks", {"url": "https://hooks.example.com/"}).json()["webhook_id"]
    return {"agent_id": agent, "run_id": run, "other_id": run, "step_id": "a", "webhook_id": hook, "name": "json_transform"}


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_it_answers_as_described(case: Any, db: None, places: dict[str, Any]) -> None:
    tenant = Tenant.objects.filter(slug="acme").first() or Tenant.objects.create(slug="acme", name="Acme", requests_per_minute=0)
    if not Run.objects.filter(tenant=tenant).exists():
        places["alice"] = make_caller(tenant, "alice", SCOPES)
        places |= {"ids": places_of(places["alice"])}
    buckets.clear()
    if sum(asked.values()) % 2 and case.path_parameters:
        case.path_parameters = {**case.path_parameters, **{k: v for k, v in places["ids"].items() if k in case.path_parameters}}
    if case.query and "wait" in case.query:
        case.query = {**case.query, "wait": 0}
    kept = {name: value for name, value in (case.headers or {}).items() if name.lower() not in ("x-aos-key", "prefer")}
    case.headers = kept | {"Authorization": f"Bearer {places['alice'].key}"}
    with one_connection():
        response = case.call()
    asked[response.status_code] += 1
    tried.add(case.operation.label)
    case.validate_response(response, checks=CHECKS)
