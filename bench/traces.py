"""`python -m bench.traces [STEPS] [ATTEMPTS]`: how long a real web process takes to answer with the trace of a long run, as JSON, as spans
and as the console's page, in a database of its own. The figures stand in docs/reference/trace.md."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import django

from bench.environment import ENVIRONMENT

ROUNDS = 15


def measure(steps: int, attempts: int) -> dict[str, tuple[float, float, int]]:
    """Return milliseconds of the quickest and of the middle round, and bytes, of each way to see the run."""
    from django.contrib.auth.models import User  # noqa: PLC0415 - settings come first
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.urls import reverse  # noqa: PLC0415

    from agents.models import Membership, Tenant  # noqa: PLC0415
    from agents.services import create_agent  # noqa: PLC0415
    from agents.tenancy import create_key  # noqa: PLC0415
    from bench.long_run import store_long_run  # noqa: PLC0415
    from tests.conftest import url_of  # noqa: PLC0415
    from tests.processes import a_web_process  # noqa: PLC0415

    tenant = Tenant.objects.create(slug="bench", name="Bench")
    run = store_long_run(create_agent(tenant=tenant, name="bench"), steps, attempts)
    _, key = create_key(tenant, "bench", ("runs:read",))
    person, nora = Client(), User.objects.create_user("nora", is_staff=True)
    Membership.objects.create(user=nora, tenant=tenant, role="tenant_admin")
    person.force_login(nora)
    program, session = {"Authorization": f"Bearer {key}"}, {"Cookie": f"sessionid={person.cookies['sessionid'].value}"}
    path, page = f"/api/v1/runs/{run.public_id}/trace", reverse("admin:runs_run_change", args=[run.pk])
    environment = {**os.environ, **ENVIRONMENT, "DATABASE_URL": url_of(connection.settings_dict)}
    with TemporaryDirectory() as folder, a_web_process(environment, Path(folder) / "web.log") as web:
        return {
            "trace": _taken(lambda: web.get(path, headers=program)),
            "as spans": _taken(lambda: web.get(path, headers=program, params={"format": "otlp"})),
            "run page": _taken(lambda: web.get(page, headers=session)),
        }


def _taken(ask: Callable[[], Any]) -> tuple[float, float, int]:
    taken, size = [], 0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        answer = ask()
        taken.append((time.perf_counter() - began) * 1_000)
        assert answer.status_code == 200, answer.status_code
        size = len(answer.content)
    return min(taken), sorted(taken)[ROUNDS // 2], size


def main(steps: int = 200, attempts: int = 3) -> None:
    from django.conf import settings  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from bench.installation import own_database  # noqa: PLC0415

    settings.VAR_DIR.mkdir(exist_ok=True)
    with own_database():
        sys.stdout.write(f"{connection.vendor}, {steps} steps, {attempts} attempts each\n")
        for name, (quickest, middle, size) in measure(steps, attempts).items():
            sys.stdout.write(f"{name:>9}  {quickest:5.0f} ms at best, {middle:5.0f} ms mostly, {size / 1_000:6,.0f} kB\n")


if __name__ == "__main__":
    os.environ.update(ENVIRONMENT, DJANGO_SETTINGS_MODULE="aos_site.settings")
    django.setup()
    main(*map(int, sys.argv[1:3]))
