"""The installation that is measured: a database of its own, an agent with a key, submits, real workers, and waiting for results."""

from __future__ import annotations

import http.client
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, connections

from agents.ledger import remove_budget, set_budget
from agents.models import Tenant
from agents.services import create_agent
from agents.tenancy import SCOPES, Principal, create_key, operator_principal
from bench.environment import ENVIRONMENT
from bench.plans import Plan
from bench.verification import Lost
from runs import services
from runs.engine.events import StepSucceeded
from runs.models import TERMINAL_STATUSES, Run, Session
from runs.shell.codec import decode
from runs.shell.journal import read_rows
from tests.conftest import url_of
from tests.processes import Worker, a_web_process, a_worker_process

AGENT = "bench"
PATIENCE_SECONDS = 120.0
RESULT_POLL_SECONDS = 0.001


@contextmanager
def own_database() -> Iterator[None]:
    """Make a database of this run's own beside the configured one, migrated, and drop it at the end."""
    configured = connection.settings_dict["NAME"]
    name = f"bench_{os.getpid()}"
    connection.settings_dict["TEST"]["NAME"] = str(settings.VAR_DIR / f"{name}.sqlite3") if connection.vendor == "sqlite" else name
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connections.close_all()
        connection.creation.destroy_test_db(configured, verbosity=0)


@dataclass(frozen=True)
class Installation:
    """One tenant with one agent that may run as many steps at once as a plan has."""

    principal: Principal
    key: str
    folder: Path

    def environment(self, **more: str) -> dict[str, str]:
        """Return what the product's own processes are started with."""
        given = {"DATABASE_URL": url_of(connection.settings_dict), "DJANGO_SETTINGS_MODULE": "aos_site.settings"}
        return {**os.environ, **ENVIRONMENT, **given, **more}

    def worker(self) -> AbstractContextManager[Worker]:
        return a_worker_process(self.environment(), self.folder / "worker.log")

    @contextmanager
    def web(self, settings_module: str = "aos_site.settings", application: str = "aos_site.asgi:application") -> Iterator[int]:
        """Serve the site under uvicorn; yield the port."""
        environment = self.environment(DJANGO_SETTINGS_MODULE=settings_module)
        with a_web_process(environment, self.folder / "web.log", application) as client:
            assert client.base_url.port is not None
            yield client.base_url.port

    @contextmanager
    def budgets(self) -> Iterator[None]:
        """Limit tenant and agent, for good and by the day, while the block lasts."""
        tenant = self.principal.tenant
        scopes = [(kind, key, period) for kind, key in (("tenant", None), ("agent", AGENT)) for period in ("total", "day")]
        for kind, key, period in scopes:
            set_budget(tenant=tenant, kind=kind, key=key, period=period, limit_micro_usd=1_000_000_000)
        try:
            yield
        finally:
            for kind, key, period in scopes:
                remove_budget(tenant=tenant, kind=kind, key=key, period=period)

    def submit(self, plan: Plan, inputs: dict[str, Any] | None = None) -> int:
        """Submit a plan through the service the API calls; return the run's row."""
        run, _ = services.submit(principal=self.principal, agent_ref=AGENT, plan=plan, inputs=inputs)
        return int(run.pk)

    def submit_all(self, plan: Plan, count: int, *, clients: int) -> list[int]:
        """Submit a plan many times from several threads."""
        return [run for part in _side_by_side(clients, count, lambda share: self._submit_share(plan, share)) for run in part]

    def _submit_share(self, plan: Plan, count: int) -> list[int]:
        try:
            return [self.submit(plan) for _ in range(count)]
        finally:
            connections.close_all()

    def post_all(self, port: int, plan: Plan, count: int, *, clients: int) -> list[Answer]:
        """Submit a plan many times over HTTP, each client on a connection of its own; return the answers."""
        body = json.dumps({"agent": AGENT, "plan": plan})
        return self._ask_all(port, [Question("POST", "/api/v1/runs", body, 202)] * count, clients)

    def get_all(self, port: int, paths: Sequence[str], *, clients: int) -> list[Answer]:
        """Ask for many addresses over HTTP, each client on a connection of its own; return the answers."""
        return self._ask_all(port, [Question("GET", path) for path in paths], clients)

    def _ask_all(self, port: int, questions: Sequence[Question], clients: int) -> list[Answer]:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        shares = [questions[n::clients] for n in range(clients)]
        with ThreadPoolExecutor(clients) as threads:
            return [answer for part in threads.map(lambda share: _ask(port, share, headers), shares) for answer in part]


class Question(NamedTuple):
    """A request, and the status it must be answered with."""

    method: str
    path: str
    body: str | None = None
    status: int = 200


class Answer(NamedTuple):
    """What came back, and how long after it was asked for."""

    body: dict[str, Any]
    ms: float


def make_installation(folder: Path) -> Installation:
    """Make tenant, agent and key in the connected database."""
    tenant = Tenant.objects.create(slug="bench", name="Bench")
    create_agent(tenant=tenant, name=AGENT, profile={"max_parallel_steps": 200})
    return Installation(operator_principal(tenant, "bench"), create_key(tenant, "bench", SCOPES)[1], folder)


def _side_by_side(clients: int, count: int, work: Callable[[int], list[Any]]) -> list[list[Any]]:
    shares = [count // clients + (n < count % clients) for n in range(clients)]
    with ThreadPoolExecutor(clients) as threads:
        return list(threads.map(work, shares))


def _ask(port: int, questions: Sequence[Question], headers: dict[str, str]) -> list[Answer]:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        return [_answer(client, question, headers) for question in questions]
    finally:
        client.close()


def _answer(client: http.client.HTTPConnection, question: Question, headers: dict[str, str]) -> Answer:
    began = time.monotonic()
    client.request(question.method, question.path, question.body, headers)
    response = client.getresponse()
    content = response.read()
    ms = 1_000 * (time.monotonic() - began)
    if response.status != question.status:
        raise Lost(f"{question.method} {question.path} was answered {response.status}: {content[:300]!r}")
    return Answer(json.loads(content), ms)


def wait_until(holds: Callable[[], bool], what: str, *, poll_seconds: float = 0.005) -> float:
    """Return the monotonic instant at which something was seen to hold. Raises Lost after more time than anything takes."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise Lost(f"{what} did not come within {PATIENCE_SECONDS:.0f} s")
        time.sleep(poll_seconds)
    return time.monotonic()


def wait_for_results(runs: Sequence[int]) -> float:
    """Return the monotonic instant at which all of these runs are seen to be over."""
    poll_seconds = RESULT_POLL_SECONDS if len(runs) == 1 else 0.005
    return wait_until(lambda: not unfinished(runs), f"the end of {len(runs)} runs", poll_seconds=poll_seconds)


def unfinished(runs: Sequence[int]) -> bool:
    """Tell whether one of these runs is not over. They were made one after the other and by nobody else."""
    terminal = ", ".join(["%s"] * len(TERMINAL_STATUSES))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT 1 FROM runs_run WHERE id BETWEEN %s AND %s AND status NOT IN ({terminal}) LIMIT 1",  # noqa: S608 - a constant
            (min(runs), max(runs), *TERMINAL_STATUSES),
        )
        return cursor.fetchone() is not None


def busy_worker() -> int | None:
    """Return the process of a live session that drives runs."""
    held = Run.objects.filter(status="running", session_id__isnull=False).values_list("session_id", flat=True).first()
    return None if held is None else Session.objects.filter(pk=held, state="live").values_list("pid", flat=True).first()


def beginnings(run: int) -> list[float]:
    """Return the monotonic instants at which a run's steps began, earliest first."""
    facts = (decode(row.data, seq=row.seq).fact for row in read_rows(run))
    return sorted(fact.result["began_ns"] / 1e9 for fact in facts if isinstance(fact, StepSucceeded))
