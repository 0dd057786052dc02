"""Weeks of spending to look at: runs that called a model and paid services, by a worker whose clock stood at their days."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from typing import Any

from django.db.models import F
from django.utils import timezone

from agents import ledger
from agents.models import Agent, Tenant
from agents.services import create_agent
from agents.tenancy import operator_principal
from catalog.models import FailureMatch
from runs import services
from runs.invariants import check_all
from runs.models import Outbox, Run
from runs.shell import clock
from skills.services import add_price
from tests.console.shop import FOUND, Shop
from tests.fakes.llm_server import LlmServer, Scenario, cut, text
from tests.integration.workshop import step, wait_for

Json = dict[str, Any]
SAYS = "Prices rose by two percent, and cups are short."
IN_SHORT, IN_FULL = "Sum this up.", "Sum this up in full."
MOST_OF_THE_LIMIT = 0.97
LARGE, SMALL = "gpt-6-sol", "gpt-6-luna"
AGENTS = {
    "trader": ("Watches prices and tells what they are.", SMALL),
    "researcher": ("Reads pages and sums them up.", LARGE),
    "buyer": ("Orders what is short; asks before it spends.", LARGE),
}
GOALS = {
    "trader": "Say how the price of tea moved over night",
    "researcher": "Sum up the tea trade of the day",
    "buyer": "Compare what the tea merchants ask",
}
USUAL_TOKENS = {"trader": 20_000, "researcher": 22_000, "buyer": 16_000}
WASTES = ("", "retry", "", "", "loop", "", "")
TODAY = (("researcher", 0.6, 12_000), ("buyer", 0.4, 21_000), ("trader", 0.2, 20_000))
FETCH_MICRO_USD = 1_200
LIMITS = (
    ("tenant", None, "total", 20_000_000),
    ("tenant", None, "day", 1_000_000),
    ("agent", "buyer", "day", 250_000),
    ("model", LARGE, "total", 15_000_000),
)


def answers() -> Any:
    """Return how the model answers: as long as it may; in full only when it is asked so again, because it breaks off at first."""
    told: set[str] = set()

    def answer(body: Json) -> Scenario:
        asked = json.dumps(body["messages"])
        is_first = IN_FULL in asked and asked not in told
        told.add(asked)
        used = {"input_tokens": len(asked) // 4, "output_tokens": round(body["max_tokens"] * MOST_OF_THE_LIMIT)}
        return cut() if is_first else text(SAYS, **used)

    return answer


def providers(llm: LlmServer) -> dict[str, Json]:
    """Return the setting LLM_PROVIDERS that has this server answer."""
    return {"openai_compatible": {"base_url": llm.openai_url, "api_key": "key-for-tests"}}


def submitted(tenant: Tenant, agent: str, goal: str, steps: list[Json]) -> Run:
    asked = operator_principal(tenant, "ada")
    return services.submit(principal=asked, agent_ref=agent, plan={"goal": goal, "steps": steps})[0]


def worked_off() -> None:
    wait_for(lambda: not Run.objects.filter(status__in=("queued", "running")).exists(), "the worker", 60)


@contextmanager
def set_back(by: timedelta) -> Iterator[None]:
    """Have the worker of this process carry out what is submitted in the block as it would have so long ago, and wait for it.

    Facts and money go by the clock of the shell, which is set back; what the database dates by its own is dated afterwards.
    """
    by_ms, began = round(by.total_seconds() * 1_000), timezone.now()

    class Then(clock.SystemClock):
        def now_ms(self) -> int:
            return super().now_ms() - by_ms

    before = clock.use(Then())
    try:
        yield
        worked_off()
    finally:
        clock.use(before)
    for model in (Run, FailureMatch, Outbox):
        model.objects.filter(created_at__gte=began).update(created_at=F("created_at") - by)


def hire(tenant: Tenant) -> dict[str, Agent]:
    """Make agents that ask a model, say what a call of a page costs, and how much may be spent."""
    add_price(provider="skill", model="http_call", per_call_micro_usd=FETCH_MICRO_USD, by="admin")
    hired = {}
    for name, (about, model) in AGENTS.items():
        profile = {"skill_config": {"llm_invoke": {"provider": "openai_compatible", "model": model}}}
        hired[name] = create_agent(tenant=tenant, name=name, description=about, profile=profile)
    for kind, key, period, limit in LIMITS:
        ledger.set_budget(tenant=tenant, kind=kind, key=key, period=period, limit_micro_usd=limit, by="admin")
    return hired


def spend(tenant: Tenant, shop: Shop, days: int) -> None:
    """Spend on each of the last days; today over hours, and so much of the buyer's budget that somebody is told."""
    dice, now = Random(7), timezone.now()  # noqa: S311 - makes up amounts, guards nothing
    this_day = now - now.replace(hour=0, minute=0, second=0, microsecond=0)
    for ago in reversed(range(1, days)):
        with set_back(timedelta(days=ago) + this_day / 2):
            for place, name in enumerate(AGENTS):
                tokens, waste = round(USUAL_TOKENS[name] * (0.4 + dice.random())), WASTES[(ago + 3 * place) % len(WASTES)]
                submitted(tenant, name, GOALS[name], bought(shop, tokens, waste, f"{ago} days ago"))
    for name, part, tokens in TODAY:
        with set_back(this_day * part):
            submitted(tenant, name, GOALS[name], bought(shop, tokens, "", "today"))


def assert_it_adds_up() -> None:
    """Fail where something was spent that runs, charges, budgets and journals do not agree about to the last micro-USD, or nothing was."""
    broken = [f"{each.name}: {each.broken}" for each in check_all() if not each.held]
    assert not broken, "\n".join(broken)
    assert Run.objects.filter(spent_micro_usd__gt=0).exists()


def bought(shop: Shop, tokens: int, waste: str, which: str) -> list[Json]:
    """Return steps that read a page and have a model say so much about it: at once, at the second attempt, or twice the same."""
    prompt = IN_FULL if waste == "retry" else IN_SHORT
    asked = {"prompt": prompt, "input": {**FOUND["/article"], "of": which}, "max_tokens": tokens // 2 if waste else tokens}
    steps = [step("fetch", "http_call", url=f"{shop.url}/article"), step("digest", "llm_invoke", "fetch", **asked)]
    return [*steps, step("check", "llm_invoke", "digest", **asked)] if waste == "loop" else steps
