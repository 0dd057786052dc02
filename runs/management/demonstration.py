"""The story `manage.py demo` tells, on the database and the exchange it was given: each claim is checked, and said to be.

Nothing here is staged but the exchange's silence: the worker is `manage.py work`, the run a run like any other.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.management import call_command

from agents.bootstrap import bootstrap
from agents.selectors import tenant_for
from agents.services import create_agent
from agents.tenancy import operator_principal
from catalog.selectors import list_matches, match_json
from runs import runtime, selectors, services
from runs.management.following import Follower
from runs.management.printing import Paper, clean
from runs.management.processes import started, worker
from runs.management.telling import tell_simulation, tell_trace
from runs.management.telling_proof import tell_replay
from skills.wording import duration, money

GOAL = "Fetch Bitcoin price and summarize"
TENANT, AGENT = "demo", "trader"
# Short, so that waiting for an answer that never comes does not bore anybody.
TIMEOUT_MS = 700
LIVE_TIMEOUT_MS = 10_000
FOLLOW_SECONDS = 25.0
LOG_LINES = 20


@dataclass
class Stage:
    """Where the story plays."""

    folder: Path
    price_url: str
    page_url: str | None
    """None: a real exchange answers, so there is no page and no silence."""

    @property
    def is_live(self) -> bool:
        return self.page_url is None


@dataclass
class Story:
    """Tells the demo and remembers which of its claims held."""

    stage: Stage
    paper: Paper
    claims: list[tuple[str, bool]] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)

    def tell(self) -> bool:
        """Tell all of it; return whether every claim held."""
        self._chapter("An empty database, a tenant, an agent")
        self._set_up()
        with started(worker(), log=self._log) as process:
            self.paper.line(f"a worker started: manage.py work (process {process.pid})", "grey")
            self._simulate()
            run = self._run(GOAL, "The goal becomes a plan, the plan a run")
            self._failure(run)
            self._prove(run)
            if self.stage.page_url is not None:
                self._page(self.stage.page_url)
        return self._close()

    @property
    def _log(self) -> Path:
        return self.stage.folder / "work.log"

    def _chapter(self, title: str) -> None:
        self.paper.heading(f"== {title}")

    def _shown(self, command: str) -> None:
        self.paper.line(f"$ manage.py {command}", "grey")

    def _claim(self, text: str, held: bool) -> None:
        self.claims.append((text, held))

    def _set_up(self) -> None:
        call_command("migrate", verbosity=0)
        bootstrap(slug=TENANT, admin="admin")
        self.tenant = tenant_for(TENANT)
        self.principal = operator_principal(self.tenant, "demo")
        timeout_ms = LIVE_TIMEOUT_MS if self.stage.is_live else TIMEOUT_MS
        options = {"price_url": self.stage.price_url, "timeout_ms": timeout_ms}
        profile = {"planner": {"name": "stub", "options": options}, "budget": {"per_run_micro_usd": 50_000}}
        create_agent(tenant=self.tenant, name=AGENT, description="Asks an exchange and says what it heard.", profile=profile)
        self.paper.line(f"made in {self._elapsed()}: tenant {TENANT}, agent {AGENT} with a budget of {money(50_000)} a run")
        silence = "" if self.stage.is_live else " (it will leave the first request without an answer)"
        self.paper.line(f"the exchange: {clean(self.stage.price_url)}{silence}")

    def _elapsed(self) -> str:
        return duration(round((time.monotonic() - self.begun) * 1_000))

    def _simulate(self) -> None:
        self._chapter("Before anything is done: what would it cost, and may it run?")
        self._shown(f"simulate_plan --goal '{GOAL}' --agent {AGENT}")
        simulation = runtime.simulate(principal=self.principal, goal=GOAL, agent_ref=AGENT)
        tell_simulation(simulation, self.paper)
        self._claim("the plan was found feasible before it ran", simulation["feasible"])

    def _run(self, goal: str, title: str) -> dict[str, Any]:
        self._chapter(title)
        self._shown(f"run_goal '{goal}' --agent {AGENT}")
        run, _ = services.submit(principal=self.principal, agent_ref=AGENT, goal=goal)
        self._contract(run.public_id)
        ended = Follower(self.tenant, run.public_id, self.paper, expects_worker=True).follow(FOLLOW_SECONDS)
        self._claim(f"“{goal}” succeeded", ended["status"] == "succeeded")
        found = selectors.trace_json(tenant=self.tenant, run_id=run.public_id)
        self.paper.line()
        self.paper.line(f"result: {clean(text_of(found['run']['result']))}", "bold")
        return found

    def _contract(self, run_id: str) -> None:
        """Print what the run may use, fixed before its first step."""
        contract = runtime.get_resource_contract(tenant=self.tenant, run_id=run_id)
        budget, allowed = contract["budget"]["total_micro_usd"], ", ".join(contract["allowed_skills"])
        parallel, longest = contract["concurrency"]["max_parallel_steps"], duration(contract["time"]["max_run_duration_ms"])
        self.paper.line(f"its contract: at most {money(budget)}, {longest}, {parallel} steps at once; skills {allowed}", "grey")

    def _failure(self, found: dict[str, Any]) -> None:
        run_id = found["run"]["run_id"]
        timeouts = sum(event["kind"] == "step_failed" and event["data"]["code"] == "TIMEOUT" for event in found["events"])
        matches = [match_json(row) for row in list_matches(tenant=self.tenant, run_id=run_id)]
        expected = 0 if self.stage.is_live else 1
        said = "no TIMEOUT" if self.stage.is_live else "exactly one TIMEOUT, and it was retried"
        self._claim(said, (timeouts, found["run"]["retries"]) == (expected, expected))
        if not self.stage.is_live:
            self._chapter("What the failure catalog keeps of it")
            for match in matches:
                self.paper.pairs(recovery_pairs(match))
            self._claim("the failure is in the catalog's records, its recovery noted as having worked", worked(matches))

    def _prove(self, found: dict[str, Any]) -> None:
        run_id = found["run"]["run_id"]
        self._chapter("The journal: every step, wait, decision and cent")
        self._shown(f"trace {run_id}")
        tell_trace(found, time.time_ns() // 1_000_000, self.paper)
        self._chapter("The proof: the plan again, on the recorded outcomes, without any network")
        self._shown(f"replay {run_id} --mode tape")
        report = services.replay_run(principal=self.principal, run_id=run_id, mode="tape")
        tell_replay(report, self.paper)
        self._claim("the replay behaves exactly as recorded", report["matched"])

    def _page(self, url: str) -> None:
        self._run(f"Fetch {url}, extract headings, summarize them", "Another goal, another plan")

    def _close(self) -> bool:
        self._chapter("What was claimed, and checked")
        for text, held in self.claims:
            self.paper.check(text, held)
        held = all(held for _, held in self.claims)
        if not held:
            self._last_words()
        self.paper.line()
        ending = "every claim held. Yours: make run" if held else "not every claim held"
        self.paper.line(f"Done in {self._elapsed()}: {ending}", "green" if held else "red")
        return held

    def _last_words(self) -> None:
        """Show the end of the worker's log; its folder goes with the demo."""
        self._chapter("The worker's last words")
        for line in self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]:
            self.paper.line(clean(line), "grey")


def text_of(result: Any) -> str:
    """Return what a run gives in words: the text of its last step where it has one."""
    if isinstance(result, dict) and isinstance(result.get("text"), str):
        return str(result["text"])
    return str(result)


def worked(matches: list[dict[str, Any]]) -> bool:
    """Tell whether there is one failure, known to the catalog, whose recovery worked."""
    return len(matches) == 1 and matches[0]["match_type"] != "miss" and matches[0]["recovery_succeeded"] is True


def recovery_pairs(match: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return what is kept of a failure, for people."""
    tried = {True: "tried, and it worked", False: "tried, and it did not work", None: "tried"}[match["recovery_succeeded"]]
    return [
        ("failure", f"{match['code']} ({match['category']}) in {match['step_id']}, attempt {match['attempt']}"),
        ("known by", f"{match['match_type']}, confidence {match['confidence']}"),
        ("decided", match["decision"]),
        ("recovery", f"{match['mode']}: {tried if match['recovery_attempted'] else 'not tried'}"),
    ]
