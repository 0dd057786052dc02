"""The product as its users meet it: a web server and a supervised worker as real processes, a tenant with a key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from agents.models import Tenant
from agents.tenancy import SCOPES, create_key
from tests.processes import Worker, a_web_process, a_worker_process, eventually

TERMINAL = ("succeeded", "partial", "failed", "cancelled", "dead_lettered")


@dataclass(frozen=True)
class Site:
    """A running installation, spoken to over HTTP alone."""

    web: httpx.Client
    worker: Worker
    start_worker: Callable[[], AbstractContextManager[Worker]]

    def get(self, path: str) -> Any:
        return self._checked(self.web.get(f"/api/v1/{path}"))

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self._checked(self.web.post(f"/api/v1/{path}", json={} if body is None else body, headers=headers))

    def _checked(self, answer: httpx.Response) -> Any:
        assert answer.is_success, f"{answer.status_code}: {answer.text}"
        return answer.json()

    def submit(self, *steps: dict[str, Any], agent: str = "worker", **options: Any) -> str:
        """Submit a plan; return the run's id."""
        return str(self.post("runs", {"agent": agent, "plan": {"steps": list(steps)}, **options})["run_id"])

    def run(self, run_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"runs/{run_id}")
        return found

    def until(self, run_id: str, *statuses: str, seconds: float = 40) -> dict[str, Any]:
        """Wait until a run has one of these statuses, or has ended where none is named."""
        wanted = statuses or TERMINAL

        def there() -> dict[str, Any] | None:
            run = self.run(run_id)
            return run if run["status"] in wanted else None

        found: dict[str, Any] = eventually(there, f"{wanted} of {run_id}\n{self.worker.log.read_text()[-3_000:]}", seconds)
        return found

    def trace(self, run_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"runs/{run_id}/trace")
        return found

    def step(self, run_id: str, step_id: str) -> dict[str, Any]:
        return next(step for step in self.trace(run_id)["steps"] if step["step_id"] == step_id)

    def assert_replays(self, run_id: str) -> None:
        for mode in ("verify", "tape"):
            report = self.post(f"runs/{run_id}/replay", {"mode": mode})
            assert report["matched"], report


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


@pytest.fixture
def local_targets() -> list[str]:
    """Return the host:port pairs skills may call; a test file that has servers of its own puts them there."""
    return []


@pytest.fixture
def environment(live_environment: dict[str, str], local_targets: list[str]) -> dict[str, str]:
    return {
        **live_environment,
        "AOS_ALLOW_LOCAL_TARGETS": ",".join(local_targets),
        "AOS_SKILL_MODULES": "tests.fakes.skills",
        "AOS_WORK_GRACE_SECONDS": "2",
        "AOS_MAX_CRASHES": "1",
    }


@pytest.fixture
def site(tenant: Tenant, environment: dict[str, str], tmp_path: Path) -> Iterator[Site]:
    """Return an installation with one agent called `worker`."""

    @contextmanager
    def start_worker() -> Iterator[Worker]:
        with a_worker_process(environment, tmp_path / "worker.log") as running:
            yield running

    with start_worker() as worker, a_web_process(environment, tmp_path / "web.log") as web:
        web.headers["Authorization"] = f"Bearer {create_key(tenant, 'tests', SCOPES)[1]}"
        running = Site(web, worker, start_worker)
        running.post("agents", {"name": "worker", "profile": {"budget": {"per_run_micro_usd": 500_000}}})
        yield running
