"""The product for people at the console: one web process, one worker, a shop and a model they call, and what waits for somebody."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib.auth.models import User
from django.db import connections
from django.urls import reverse

from agents.models import Membership, Role, Tenant
from agents.tenancy import SCOPES, create_key, operator_principal
from catalog.learning.documents import export_candidates, import_candidates
from catalog.models import FailureMatch
from runs.recovery.suggesting import suggest
from tests.acceptance.conftest import Site
from tests.console.browsing import PASSWORD, sign_in
from tests.console.shop import Shop, a_shop
from tests.fakes.llm_server import LlmServer, Scenario, structured
from tests.fakes.skills import witnessed
from tests.integration.workshop import chain, step
from tests.processes import a_web_process, a_worker_process, eventually

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

Json = dict[str, Any]
T = TypeVar("T")
TIMES = 2
"""How often each journey is made: by mouse and by keyboard."""
LEARNS = ("half a page came back", "an empty page came back")
REFUSED = "by the hundred is too much for one floor"
AGENTS: dict[str, Json] = {
    "buyer": {"profile": {"budget": {"per_run_micro_usd": 2_000_000}}},
    "thinker": {
        "profile": {
            "planner": {"name": "openai_compatible", "options": {"model": "local", "max_cost_per_call_micro_usd": 100}},
            "budget": {"per_run_micro_usd": 2_000_000},
        }
    },
    "hasty": {"profile": {"approval_ttl_ms": 8_000}},
    "leaving": {},
}
PEOPLE = {"nora": Role.TENANT_ADMIN, "amir": Role.APPROVER, "otto": Role.OPERATOR}


@dataclass
class Installation:
    """What runs, and what was made to be looked at: runs and candidates by journey, one for each time it is made."""

    tenant: Tenant
    site: Site
    shop: Shop
    llm: LlmServer
    folder: Path
    beside: ThreadPoolExecutor
    runs: dict[str, str] = field(default_factory=dict)
    candidates: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return str(self.site.web.base_url).rstrip("/")

    def run_page(self, run_id: str) -> str:
        return self.address + reverse("admin:runs_run_change", args=[run_id])

    def approval(self, run_id: str) -> str:
        """Return where one decides about the order of a run."""
        return self.address + reverse("console-approval", args=[run_id, "order"])

    def aside(self, do: Callable[[], T]) -> T:
        """Ask the database on a thread of its own: where a browser is driven, this thread has an event loop."""

        def ask() -> T:
            try:
                return do()
            finally:
                connections.close_all()

        return self.beside.submit(ask).result(30)

    def failed(self, number: int) -> str:
        return self._once(f"failed {number}", "failed")

    def asking(self, what: str, number: int) -> str:
        return self._once(f"{what} {number}", "waiting")

    def planned(self, number: int) -> str:
        return self._once(f"planned {number}", "waiting")

    def doubtful(self, number: int) -> str:
        return self._once(f"doubtful {number}", "waiting")

    def poor(self, number: int) -> str:
        return self._once(f"poor {number}", "waiting")

    def _once(self, name: str, status: str) -> str:
        """Return a run when it stands as it is to be found."""
        self.site.until(self.runs[name], status)
        return self.runs[name]

    def calls(self, number: int) -> list[str]:
        """Return which costly calls were made of a run."""
        return witnessed(self.folder / f"calls-{number}")

    def until_it_helps(self, number: int) -> None:
        """Submit what used to fail until a run of it comes through: workers hear of a policy within seconds."""

        def helped() -> bool:
            return str(self.site.until(self.site.submit(unlucky(number), agent="buyer"))["status"]) == "succeeded"

        eventually(helped, "a run the policy helps")

    def submit_all(self) -> None:
        """Submit what the journeys are about, all at once."""
        url, submit = self.shop.url, self.site.submit
        for number in range(TIMES):
            self.shop.pages |= {f"/{name}/{number}": {"sku": name} for name in ("cups", "thanks")}
            steps = chain(get(f"{url}/cups/{number}", "cups"), get(f"{url}/reports/{number}", "report"), get(f"{url}/thanks/9", "thanks"))
            self.runs[f"failed {number}"] = submit(*steps[:2], agent="buyer")
            self.runs[f"edited {number}"] = submit(self.order(f"/tills/edited/{number}", approval="always"), agent="buyer")
            doubtful = self.order(f"/orders/{number}", timeout_ms=300)
            self.runs[f"doubtful {number}"] = submit(*chain(doubtful, get(f"{url}/thanks/{number}", "thanks")), agent="buyer")
            params = {"worst": 400_000, "cost": 390_000, "model": "large", "witness": str(self.folder / f"calls-{number}")}
            costly = chain(*[step(f"s{n}", "costly", **params) for n in range(3)])
            self.runs[f"poor {number}"] = submit(*costly, agent="buyer", budget_micro_usd=1_000_000)
            goal = f"Order tea at {url}/tills/planned/{number}"
            self.runs[f"planned {number}"] = self.site.post("goals", {"agent": "thinker", "goal": goal})["run_id"]

    def order(self, path: str, **more: Any) -> Json:
        body = {"sku": "tea", "n": 2}
        return step("order", "http_call", url=self.shop.url + path, method="POST", body=body, undo={"url": self.shop.url}, **more)

    def suggest_all(self) -> None:
        """Have recoveries suggested for what keeps failing."""
        runs = [self.site.submit(unlucky(number), agent="buyer") for number in range(TIMES) for _ in range(2)]
        for run_id in runs:
            self.site.until(run_id, "failed")
        alice = operator_principal(self.tenant, "alice")
        for number in range(TIMES):
            match = FailureMatch.objects.filter(tenant=self.tenant, message__contains=LEARNS[number]).latest("pk")
            found = suggest(principal=alice, match_id=match.public_id)
            (document,) = [each for each in export_candidates(principal=alice) if each["signature"] == found["signature"]]
            parameters = {"first_ms": 0, "cap_ms": 0, "max_attempts": 4}
            import_candidates(principal=alice, documents=[document | {"mode": "RETRY_EXPONENTIAL", "parameters": parameters}])
            self.candidates.append(str(found["candidate"]["id"]))


def get(url: str, step_id: str) -> Json:
    return step(step_id, "http_call", url=url)


def unlucky(number: int) -> Json:
    """Return a step that comes through at its third attempt, which it has not got."""
    return step("read", "fails", code="INVALID_RESPONSE", until_attempt=3, message=LEARNS[number])


def plans(body: Json) -> Scenario:
    """Answer as a model that orders by the hundred, and by the dozen once it was told not to."""
    said = json.dumps(body["messages"])
    (url,) = set(re.findall(r"http://[\d.:]+/tills/planned/\d", said))
    params = {"url": url, "method": "POST", "body": {"sku": "by the dozen" if REFUSED in said else "by the hundred"}}
    one = {"step_id": "order", "skill": "http_call", "description": "", "params_json": json.dumps(params)}
    return structured({"steps": [one | {"depends_on": [], "condition": None, "approval": "always"}]})


@contextmanager
def an_installation(environment: dict[str, str], folder: Path) -> Iterator[Installation]:
    """Run it while the block lasts, with all that is to be found by those who come."""
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    for name, role in PEOPLE.items():
        Membership.objects.create(user=User.objects.create_user(name, password=PASSWORD, is_staff=True), tenant=tenant, role=role)
    key = create_key(tenant, "tests", SCOPES)[1]
    with a_shop() as shop, LlmServer() as llm, ThreadPoolExecutor(1) as beside:
        llm.script(plans)
        more = {
            "AOS_ALLOW_LOCAL_TARGETS": f"{shop.authority},{llm.authority}",
            "AOS_SKILL_MODULES": "tests.fakes.skills",
            "AOS_WORK_GRACE_SECONDS": "2",
            "OPENAI_BASE_URL": llm.openai_url,
            "OPENAI_API_KEY": "key-for-tests",
        }
        known = environment | more

        def start_worker() -> Any:
            return a_worker_process(known, folder / "worker.log")

        with start_worker() as worker, a_web_process(known, folder / "web.log") as web:
            web.headers["Authorization"] = f"Bearer {key}"
            found = Installation(tenant, Site(web, worker, start_worker), shop, llm, folder, beside)
            for name, agent in AGENTS.items():
                found.site.post("agents", {"name": name, **agent})
            found.submit_all()
            found.suggest_all()
            yield found


def signed_in(browser: Browser, there: Installation, name: str) -> BrowserContext:
    """Return a browser of its own in which this person has signed in."""
    context = browser.new_context()
    context.set_default_timeout(20_000)
    page = context.new_page()
    sign_in(page, there.address, name)
    page.close()
    return context
