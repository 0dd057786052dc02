"""An installation somebody has worked with for weeks, to look at in a browser: runs of each kind, failures, recoveries, money."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any

from django.contrib.auth.models import Group, User
from django.utils import timezone

from agents.freezes import freeze
from agents.models import Agent, Membership, Role, Tenant
from agents.services import create_agent
from agents.tenancy import operator_principal
from catalog.learning.candidates import suggest_for_match
from catalog.lookup import Lookup
from catalog.models import Circuit, DriftAlert, FailureMatch
from runs.models import BulkOperation, Grant, Run
from runs.people.links import make_link
from runs.recovery import deciding
from runs.webhooks.deliveries import send_test
from runs.webhooks.endpoints import Wanted, create_endpoint
from tests.console.shop import Shop
from tests.console.spending import hire, set_back, spend, submitted, worked_off
from tests.integration.recovering import fail
from tests.integration.traffic import traffic
from tests.integration.workshop import chain, now, step

Json = dict[str, Any]
PATIENCE_MS = 300
WEEK_HOURS = 7 * 24


def fetch(shop: Shop, path: str, **more: Any) -> Json:
    return step("fetch", "http_call", url=shop.url + path, **more)


def order(shop: Shop, number: int, **more: Any) -> Json:
    body = {"order": number, "sku": "tea", "n": 2}
    undo = {"url": shop.url + "/orders/{result.body.id}"}
    return step("order", "http_call", url=f"{shop.url}/orders", method="POST", body=body, undo=undo, timeout_ms=PATIENCE_MS, **more)


def plans(shop: Shop) -> dict[str, tuple[str, str, list[Json]]]:
    """Return by what becomes of it: who carries which goal out by which steps."""
    path = step("price", "json_transform", "fetch", input="${steps.fetch.result.body}", path="$.price")
    words = step("summarize", "llm_invoke", "price", prompt="Say what one coin costs.", input="${steps.fetch.result.body}")
    read = step("read", "json_transform", "fetch", input="${steps.fetch.result.body}", path="$.lines[*]")
    digest = step("digest", "llm_invoke", "read", prompt="Sum this up in one sentence.", input="${steps.read.result}", max_tokens=500)
    copy = step("copy", "json_transform", "order", input="${steps.order.result}")
    return {
        "recovered": ("trader", "Fetch Bitcoin price and summarize", [fetch(shop, "/slow/btc", timeout_ms=PATIENCE_MS), path, words]),
        "article": ("researcher", "Sum up the tea trade in one sentence", [fetch(shop, "/article"), read, digest]),
        "missing": ("researcher", "Read last year's report and list its headings", [fetch(shop, "/reports/2025"), read]),
        "doubt": ("buyer", "Order two packs of tea and keep the receipt", [order(shop, 4_711), copy]),
        "doubt too": ("buyer", "Order tea for the second floor", [order(shop, 4_712), copy]),
        "asks": (
            "buyer",
            "Order cups when somebody has agreed to the price",
            chain(fetch(shop, "/cups"), order(shop, 4_713, approval="always")),
        ),
        "asks too": ("buyer", "Pay the invoice of the tea merchant", [order(shop, 4_714, approval="always")]),
    }


def bad_plans(shop: Shop) -> dict[str, tuple[str, str, list[Json]]]:
    """Return those whose words are as bad as they may be."""
    return {
        "question": ("buyer", "Ask which tea is wanted", [step("which", "ask_human", question=NAUGHTY[:700], form={"type": "string"})]),
        "naughty": ("buyer", NAUGHTIEST, naughty_steps(shop)[:2]),
        "naughty too": ("buyer", NAUGHTY, naughty_steps(shop)[2:]),
    }


# What somebody may have written anywhere: markup, what turns the direction of text, signs nobody sees, and a word that never ends.
NAUGHTY = "<script>alert(1)</script>\"'><img src=/nowhere onerror=alert(2)>{{ 7 }}\u202e\u0627\u200b\u2400🧨" + "W" * 600
NAUGHTIEST = NAUGHTY + "W" * (9_900 - len(NAUGHTY))
LONG_STEP = "a" * 60 + "_b"


def naughty_steps(shop: Shop) -> list[Json]:
    """Return steps whose ids, outputs, targets and failures are as bad as they may be."""
    said = step(LONG_STEP, "json_transform", input={NAUGHTY[:200]: NAUGHTIEST}, path="$")
    gone = step("gone", "http_call", url=f"{shop.url}/{'w' * 1_500}?q=%3Cscript%3E")
    held = step("held", "http_call", url=f"{shop.url}/orders/{'w' * 1_500}", method="POST", body={"note": NAUGHTY}, approval="always")
    return [said, gone, held]


@dataclass(frozen=True)
class LivedIn:
    """What there is to look at."""

    tenant: Tenant
    runs: dict[str, Run]
    bulk_id: str
    webhook_id: str
    delivery_id: str
    match: FailureMatch
    candidate_id: str


def live_in(tenant: Tenant, shop: Shop, *, password: str, reports: int = 25, days: int = 5) -> LivedIn:
    """Fill an installation a worker works in; `reports` failures of the last two weeks, and what so many days cost."""
    return with_bad_words(live_well(tenant, shop, password=password, reports=reports, days=days), shop)


def live_well(tenant: Tenant, shop: Shop, *, password: str, reports: int, days: int) -> LivedIn:
    """Do so without anybody having written anything bad; there is no bulk operation yet."""
    agents = hire(tenant)
    spend(tenant, shop, days)
    runs = {name: submitted(tenant, *asked) for name, asked in plans(shop).items()}
    _people(tenant, password)
    match = _failures(tenant, agents["researcher"], reports)
    candidate_id = _recoveries(tenant)
    webhook_id, delivery_id = _news(tenant)
    worked_off()
    _standing(tenant)
    make_link(principal=operator_principal(tenant, "olga"), run_id=runs["asks too"].public_id, step_id="order", made_for="amir")
    return LivedIn(tenant, {name: now(run) for name, run in runs.items()}, "", webhook_id, delivery_id, match, candidate_id)


def with_bad_words(lived: LivedIn, shop: Shop) -> LivedIn:
    """Write what is as bad as it may be wherever a person or a skill may write."""
    runs = {name: submitted(lived.tenant, *asked) for name, asked in bad_plans(shop).items()}
    worked_off()
    bulk_id = _naughty(lived.tenant, runs["naughty"])
    return replace(lived, runs=lived.runs | {name: now(run) for name, run in runs.items()}, bulk_id=bulk_id)


def live_a_day(lived: LivedIn, shop: Shop, number: int) -> None:
    """Carry out so many runs over the last day: one in six fails, most come by day."""
    dice, known = Random(5), plans(shop)  # noqa: S311 - makes up instants, guards nothing
    hours = [min(23.0, 1 + abs(dice.gauss(7, 5))) for _ in range(number)]
    for place, ago in enumerate(sorted(hours, reverse=True)):
        with set_back(timedelta(hours=ago)):
            submitted(lived.tenant, *known["missing" if place % 6 == 5 else "article"])


def _naughty(tenant: Tenant, run: Run) -> str:
    """Make the rows in which it stands; return the bulk operation among them."""
    create_agent(tenant=tenant, name="n" * 64, description=NAUGHTY[:1_000])
    asked = operator_principal(tenant, "admin")
    create_endpoint(principal=asked, wanted=Wanted("https://" + "h" * 60 + ".example/" + "p" * 180, NAUGHTY[:200], ["run.failed"]))
    kind = {"skill": "http_call", "code": "HTTP_4XX", "message": NAUGHTY[:1_900], "target": "https://" + "t" * 60 + ".example/"}
    suggest_for_match(principal=asked, match_id=fail(tenant, True, True, True, days_ago=1, **kind)[0].public_id)
    freeze(tenant=tenant, kind="skill", key="llm_invoke", reason=NAUGHTY[:500], by=NAUGHTY[:100])
    Circuit.objects.create(
        tenant=tenant, skill="s" * 64, host="h" * 200 + ":443", failures=5, openings=1, open_until_ms=1, last_code="TIMEOUT"
    )
    faults = [{"run_id": run.public_id, "code": "RUN_FINISHED", "detail": NAUGHTY}]
    told = {"filter": {"q": NAUGHTY[:200]}, "reason": NAUGHTY[:1_000], "remark": NAUGHTY[:300], "created_by": NAUGHTY[:200]}
    row = BulkOperation.objects.create(
        tenant=tenant, action="cancel", run_ids=[run.pk], total=1, refused=1, position=1, faults=faults, **told
    )
    limits = {"max_uses": 3, "max_total_micro_usd": 5_000_000}
    Grant.objects.create(tenant=tenant, skill="s" * 64, host="h" * 200, reason=NAUGHTY[:1_000], granted_by=NAUGHTY[:200], **limits)
    return row.public_id


def _people(tenant: Tenant, password: str) -> None:
    for name, role in (("ada", Role.DEVELOPER), ("olga", Role.OPERATOR), ("amir", Role.APPROVER)):
        Membership.objects.create(user=User.objects.create_user(name, password=password, is_staff=True), tenant=tenant, role=role)
    Group.objects.create(name="on call")


def _failures(tenant: Tenant, agent: Agent, reports: int) -> FailureMatch:
    dice, known = Random(11), Lookup.load(tenant.pk)  # noqa: S311 - makes up instants, guards nothing
    for told in traffic(5)[:reports]:
        # More of late than before: the pages are about what departs from the usual.
        hours = dice.expovariate(1 / 100) % (2 * WEEK_HOURS)
        kind = {"skill": told.cause.skill, "code": told.cause.code, "message": told.message, "target": told.target}
        stored = fail(tenant, told.helped, days_ago=hours / 24, lookup=known, agent=agent, **kind)
        begun = timezone.now() - timedelta(hours=hours, seconds=dice.expovariate(1 / 300))
        FailureMatch.objects.filter(pk__in=[row.pk for row in stored]).update(created_at=begun)
    return FailureMatch.objects.filter(tenant=tenant).exclude(cause="").latest("pk")


def _recoveries(tenant: Tenant) -> str:
    """Suggest recoveries for what failed; return the one that is best founded and still open."""
    asked, other = operator_principal(tenant, "olga"), operator_principal(tenant, "amir")
    helped = {"code": "HTTP_5XX", "message": "answered 503 while it was restarted", "target": "https://stock.example/v1"}
    suggested = [
        suggest_for_match(principal=asked, match_id=fail(tenant, *outcomes, days_ago=1, **kind)[0].public_id).candidate
        for outcomes, kind in (
            ((True, True, True, True, False, True), helped),
            ((True, True, False), {"code": "TIMEOUT", "message": "no answer within 30 s", "target": "https://pay.example/v2"}),
            ((True, False), {"code": "CONNECTION_RESET", "message": "broke off after 4096 bytes", "target": "https://files.example/"}),
            ((False, False, True), {"code": "RATE_LIMITED", "message": "too many requests", "target": "https://maps.example/"}),
        )
    ]
    ids = [candidate.public_id for candidate in suggested if candidate is not None]
    deciding.approve(principal=other, candidate_id=ids[1], reason="seen it help three times")
    deciding.reject(principal=other, candidate_id=ids[3], reason="their limit is what they say it is")
    return ids[0]


def _news(tenant: Tenant) -> tuple[str, str]:
    asked = operator_principal(tenant, "admin")
    wanted = Wanted("https://hooks.example.com/aos", "Tells the people on call", ["run.failed", "run.waiting"])
    endpoint, _ = create_endpoint(principal=asked, wanted=wanted)
    delivery = send_test(principal=asked, webhook_id=endpoint.public_id)
    return endpoint.public_id, delivery.public_id


def _standing(tenant: Tenant) -> None:
    """Leave what needs somebody: a freeze, an open circuit, a skill that goes another way than it used to."""
    freeze(tenant=tenant, kind="agent", key="trader", reason="the exchange is being moved", by="olga")
    now_ms = round(time.time() * 1_000)
    opened = {"failures": 5, "openings": 1, "open_until_ms": now_ms + 600_000, "last_code": "TIMEOUT", "changed_at_ms": now_ms}
    Circuit.objects.create(tenant=tenant, skill="http_call", host="pay.example:443", **opened)
    sides = {"baseline": {"n": 2_000, "value": 0.04, "of": "itself"}, "recent": {"n": 140, "value": 0.19, "days": 1}}
    at = timezone.now()
    values = {"subject_kind": "skill", "subject": "http_call@1.1.0", "measure": "failure_rate", "score": 8.25, "threshold": 5.0}
    DriftAlert.objects.create(tenant=tenant, first_seen_at=at, last_seen_at=at, **values, **sides)
