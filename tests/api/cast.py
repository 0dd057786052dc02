"""The people of the API tests, as programs with keys, and the routes they try."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.test import Client
from django.urls import URLPattern

from agents.models import ApiKey, Tenant
from agents.tenancy import BY_SIGNATURE, create_key
from aos_site.urls import api_v1
from tests.integration.workshop import wait_for

NO_RUN = "run_" + "0" * 32


@dataclass
class Caller:
    """A program with a key, talking to the API."""

    key: str
    row: ApiKey | None
    tenant: Tenant

    def send(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str) -> Any:
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.key}", **{name.replace("_", "-"): value for name, value in headers.items()}}
        return Client().generic(method, path, content, content_type=sent.pop("Content-Type", "application/json"), headers=sent)

    def get(self, path: str, **headers: str) -> Any:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        return self.send("POST", path, body, **options)


def make_caller(tenant: Tenant, name: str, scopes: tuple[str, ...]) -> Caller:
    row, key = create_key(tenant, name, scopes)
    return Caller(key, row, tenant)


def told_to_all() -> None:
    """Wait until feeds show what was committed: PostgreSQL holds it back while an older transaction goes on, that of another test too."""
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        return

    def is_shown() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(tx), 0) < pg_snapshot_xmin(pg_current_snapshot())::text::bigint FROM runs_outbox")
            return bool(cursor.fetchone()[0])

    wait_for(is_shown, "the end of all transactions that are older than the events")


def every_route() -> Iterator[tuple[str, str]]:
    """Yield method and path of every operation of the API that asks for a key."""
    for entry in api_v1:
        assert isinstance(entry, URLPattern)
        path = "/api/v1/" + str(entry.pattern).replace("<str:run_id>", NO_RUN)
        for name in (
            "<str:step_id>",
            "<str:agent_id>",
            "<str:entry_id>",
            "<str:name>",
            "<str:code>",
            "<str:signature>",
            "<str:drift_id>",
            "<str:freeze_id>",
            "<str:budget_id>",
            "<path:price_id>",
            "<str:candidate_id>",
            "<str:webhook_id>",
            "<str:delivery_id>",
            "<str:key_id>",
            "<str:account_id>",
            "<str:bulk_id>",
            "<str:link_id>",
        ):
            path = path.replace(name, "none")
        for method, scope in entry.callback.cls.required_scopes.items():
            if scope != BY_SIGNATURE:
                yield method, path


ROUTES = list(every_route())
ROUTE_IDS = [f"{method} {path}" for method, path in ROUTES]
