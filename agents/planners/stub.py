"""The planner `stub`: rules instead of a model. Deterministic, offline, free; the same goal always gives the same plan.

What it understands stands in `SHAPES`; anything else is refused with that list, never guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from agents.planners.interface import PlannerFailure, PlannerMeans, PlanRequest, Proposal, failed
from skills.base import SkillFailure
from skills.contracts import Contract, FailureDetails

DEFAULT_PRICE_URL = "https://api.coinbase.com/v2/prices/{pair}/spot"
DEFAULT_CURRENCY = "USD"

SHAPES = (
    "Fetch <URL>",
    "Fetch <URL> and summarize it",
    "Fetch <URL>, extract headings (or text, or a JSONPath), summarize them",
    "Fetch <name> price and summarize (the exchange's URL comes from inputs.url or the planner option price_url)",
    "Summarize <text> (or the input named text)",
)

COINS = {
    "bitcoin": "BTC",
    "ethereum": "ETH",
    "ether": "ETH",
    "solana": "SOL",
    "litecoin": "LTC",
    "dogecoin": "DOGE",
    "cardano": "ADA",
    "ripple": "XRP",
}

_URL = re.compile(r"https?://[^\s<>\"'`|\\^]+", re.IGNORECASE)
_VERB = r"\b(?:fetch|get|read|open|load|download|visit)\b"
_FETCH = re.compile(_VERB, re.IGNORECASE)
_BARE_HOST = re.compile(_VERB + r"\s+((?:[a-z0-9-]+\.)+[a-z]{2,24}(?::\d{1,5})?(?:/[^\s<>\"'`|\\^]*)?)", re.IGNORECASE)
_SUMMARIZE = re.compile(r"\b(?:summari[sz]e|summari[sz]ing|sum up|summary|tl;?dr)\b", re.IGNORECASE)
_HEADINGS = re.compile(r"\b(?:headings?|headlines?|titles?)\b", re.IGNORECASE)
_TEXT = re.compile(r"\bextract\s+(?:the\s+)?(?:readable\s+|plain\s+)?(?:text|content)\b", re.IGNORECASE)
_JSON_PATH = re.compile(r"\bextract\s+(?:the\s+)?(?:jsonpath\s+)?(\$[^\s,;]*[^\s,;.])", re.IGNORECASE)
_PRICE_OF = re.compile(r"\bprice\s+(?:of|for)\s+(?:an?\s+|the\s+)?([a-z][a-z0-9-]{1,30})\b", re.IGNORECASE)
_X_PRICE = re.compile(r"\b([a-z][a-z0-9-]{1,30})(?:'s|’s)?\s+price\b", re.IGNORECASE)
_OWN_TEXT = re.compile(r"^\s*(?:please\s+)?(?:summari[sz]e|sum up)\s*(?:this(?:\s+text)?\s*)?[:\s]\s*(.+)$", re.IGNORECASE | re.DOTALL)
_NO_NAME = frozenset({"the", "a", "an", "its", "current", "spot", "latest", "fetch", "get", "read", "this", "that", "what", "url"})


class Intent(NamedTuple):
    """What a goal asks for, in the terms the rules know."""

    goal: str
    url: str | None
    extraction: dict[str, Any] | None
    extracted: str
    summarize: bool
    asset: str | None


class StubOptions(Contract):
    """What an agent's profile may say about the rules: where prices come from, and how long a fetch may take."""

    price_url: Annotated[str, Field(pattern=r"^https?://", max_length=2_000)] | None = None
    price_path: Annotated[str, Field(pattern=r"^\$", max_length=500)] = "$.data"
    timeout_ms: Annotated[int, Field(ge=1, le=3_600_000)] | None = None


class StubPlanner:
    """Rules from goal to plan."""

    name = "stub"
    version = "1"
    options_model = StubOptions
    operator_options: tuple[str, ...] = ()

    def worst_case_micro_usd(self, request: PlanRequest) -> int | None:
        return 0

    def model_of(self, request: PlanRequest) -> str | None:
        return None

    async def propose(self, request: PlanRequest, means: PlannerMeans) -> Proposal | PlannerFailure:
        """Return the plan of the first rule that fits. Means are not needed: nothing leaves the process."""
        try:
            return Proposal(plan_for(request))
        except SkillFailure as refused:
            return failed(refused)


STUB = StubPlanner()


def plan_for(request: PlanRequest) -> dict[str, Any]:
    """Return the plan for a goal. Raises SkillFailure where no rule fits, or the agent lacks a skill the rule needs."""
    if request.faults or request.rejected is not None:
        raise SkillFailure(
            "PLAN_INVALID",
            "the rules know only one plan for this goal, and it was refused",
            details=FailureDetails(errors=list(request.faults)),
            suggestions=["Choose a planner that asks a language model.", "Write the plan by hand."],
        )
    intent = read_goal(request)
    steps = next((found for rule in RULES if (found := rule(intent, request)) is not None), None)
    if steps is None:
        known = [f"Try: {shape}" for shape in SHAPES]
        raise SkillFailure("PLAN_INVALID", "the rules do not know what to do for this goal", suggestions=known)
    _check_skills(steps, request)
    return {
        "schema_version": 1,
        "planner": STUB.name,
        "planner_version": STUB.version,
        "goal": request.goal,
        "steps": steps,
        "metadata": {},
    }


def _check_skills(steps: list[dict[str, Any]], request: PlanRequest) -> None:
    allowed = {skill.name for skill in request.skills}
    missing = sorted({step["skill"] for step in steps} - allowed)
    if missing:
        raise SkillFailure("SKILL_NOT_ALLOWED", f"the plan for this goal needs {', '.join(missing)}, which the agent may not use")


def read_goal(request: PlanRequest) -> Intent:
    """Return what the goal asks for."""
    goal = request.goal
    url = url_in(goal)
    # Words inside the address are not the user's words: /price or /summary must not steer the plan.
    words = goal if url is None else _BARE_HOST.sub("fetch URL", _URL.sub("URL", goal))
    extraction, extracted = _extraction(words)
    return Intent(goal, url or _url_input(request), extraction, extracted, _SUMMARIZE.search(words) is not None, asset_in(words))


def url_in(goal: str) -> str | None:
    """Return the first address in a goal, without the punctuation of the sentence around it."""
    found = _URL.search(goal)
    if found is not None:
        return _literal(_trimmed(found.group()))
    bare = _BARE_HOST.search(goal)
    return None if bare is None else _literal("https://" + _trimmed(bare.group(1)))


def _trimmed(url: str) -> str:
    while url and (url[-1] in ".,;:!?*_" or (url[-1] in ")]}" and url.count(url[-1]) > url.count({")": "(", "]": "[", "}": "{"}[url[-1]]))):
        url = url[:-1]
    return url


def _literal(text: str) -> str:
    """Return a text that means itself inside a plan: what the goal holds is no reference."""
    return text.replace("${", "$${")


def _url_input(request: PlanRequest) -> str | None:
    return "${inputs.url}" if isinstance(request.inputs.get("url"), str) else None


def _extraction(words: str) -> tuple[dict[str, Any] | None, str]:
    """Return the parameters json_transform needs beside its input, and what they give, in a word."""
    path = _JSON_PATH.search(words)
    if path is not None:
        return {"path": path.group(1)}, "values"
    if _HEADINGS.search(words):
        return {"operations": [{"op": "headings"}]}, "headings"
    return ({"operations": [{"op": "html_text"}]}, "text") if _TEXT.search(words) else (None, "page")


def asset_in(words: str) -> str | None:
    """Return what the price is asked of, None where no price is."""
    for pattern in (_PRICE_OF, _X_PRICE):
        for name in pattern.findall(words):
            if name.lower() not in _NO_NAME:
                return str(name)
    return None


def price_steps(intent: Intent, request: PlanRequest) -> list[dict[str, Any]] | None:
    """Plan for a price: call the exchange, take the amount with its currency, say it in a sentence."""
    if intent.asset is None:
        return None
    asked = {"url": price_url(intent.url, intent.asset, request), "method": "GET"}
    taken = {"input": "${steps.fetch.result.body}", "path": _price_path(request)}
    steps = [
        _call(asked, f"Ask the exchange for the price of {intent.asset}", request),
        _step("price", "json_transform", taken, "Take the price from the answer"),
    ]
    if intent.summarize:
        steps.append(_summary("${steps.price.result.value}", f"Summarize in one sentence: the price of {intent.asset}."))
    return steps


def price_url(url: str | None, asset: str, request: PlanRequest) -> str:
    """Return where to ask: the goal's or the run's own address, else the agent's, else a public exchange; `{pair}` is filled in."""
    if url is not None:
        return url
    base = COINS.get(asset.lower(), asset.upper())
    template = request.options.get("price_url")
    if template is not None and not isinstance(template, str):
        raise SkillFailure("INVALID_INPUT", "the planner option price_url must be text")
    return (template or DEFAULT_PRICE_URL).replace("{pair}", f"{base}-{DEFAULT_CURRENCY}")


def _price_path(request: PlanRequest) -> str:
    path = request.options.get("price_path", "$.data")
    if not isinstance(path, str):
        raise SkillFailure("INVALID_INPUT", "the planner option price_path must be text")
    return path


def page_steps(intent: Intent, request: PlanRequest) -> list[dict[str, Any]] | None:
    """Plan for a page: fetch it, extract what was asked for, summarise what was extracted."""
    if intent.url is None or not (_FETCH.search(intent.goal) or intent.extraction or intent.summarize):
        return None
    steps = [_call({"url": intent.url, "method": "GET", "follow_redirects": True}, "Fetch the page", request)]
    material = "${steps.fetch.result.body}"
    if intent.extraction is not None:
        steps.append(_step("extract", "json_transform", {"input": material, **intent.extraction}, f"Extract the {intent.extracted}"))
        material = "${steps.extract.result.value}"
    if intent.summarize:
        steps.append(_summary(material, f"Summarize the {intent.extracted} in a few sentences."))
    return steps


def text_steps(intent: Intent, request: PlanRequest) -> list[dict[str, Any]] | None:
    """Plan for a text the goal brings along, or the input named text."""
    if not intent.summarize or intent.url is not None:
        return None
    if isinstance(request.inputs.get("text"), str):
        return [_summary("${inputs.text}", "Summarize the text in a few sentences.")]
    own = _OWN_TEXT.match(intent.goal)
    # A word or two is a topic, not a text: there is nothing to summarise.
    if own is None or len(own.group(1).split()) < 6:
        return None
    return [_summary(_literal(own.group(1).strip()), "Summarize the text in a few sentences.")]


RULES: tuple[Callable[[Intent, PlanRequest], list[dict[str, Any]] | None], ...] = (price_steps, page_steps, text_steps)


def _call(params: dict[str, Any], description: str, request: PlanRequest) -> dict[str, Any]:
    """Return the step that fetches, with the planner option timeout_ms as its time where the agent has one."""
    step = _step("fetch", "http_call", params, description)
    timeout_ms = request.options.get("timeout_ms")
    if timeout_ms is None:
        return step
    if not isinstance(timeout_ms, int) or isinstance(timeout_ms, bool) or timeout_ms < 1:
        raise SkillFailure("INVALID_INPUT", "the planner option timeout_ms must be a whole number of milliseconds")
    return {**step, "timeout_ms": timeout_ms}


def _summary(material: str, prompt: str) -> dict[str, Any]:
    return _step("summarize", "llm_invoke", {"prompt": prompt, "input": material, "task": "summarize"}, "Summarize")


def _step(step_id: str, skill: str, params: dict[str, Any], description: str) -> dict[str, Any]:
    return {"step_id": step_id, "skill": skill, "params": params, "description": description}
