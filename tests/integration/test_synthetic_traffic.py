"""Two thousand seeded failures through the real services, and a part of them through a real worker: matched, grouped, learned from."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Tenant
from catalog.learning.aggregation import AT_LEAST
from catalog.lookup import Lookup
from catalog.models import CatalogEntry, FailureMatch, RecoveryCandidate
from catalog.services import record_matches, resolve_matches
from runs.models import RunEvent
from runs.recovery import nightly
from runs.recovery.suggesting import suggest
from tests.integration.recovering import a_failure, fail
from tests.integration.traffic import CAUSES, Report, traffic
from tests.integration.workshop import Workshop, a_worker, as_person, matches, over, step

SEED = 20_261_129
BATCH = 200


@pytest.fixture
def tenant(db: None) -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


def tell(tenant: Tenant, reports: list[Report]) -> None:
    """Store failures in batches, as the journal's writer does, and write back what became of each."""
    lookup = Lookup.load(tenant.pk)
    now = timezone.now()
    for start in range(0, len(reports), BATCH):
        batch = reports[start : start + BATCH]
        rows = [
            a_failure(tenant, lookup=lookup, skill=each.cause.skill, code=each.cause.code, message=each.message, target=each.target)
            for each in batch
        ]
        record_matches(rows)
        record_matches(rows)
        for each, row in zip(batch, rows, strict=True):
            resolve_matches(row.run_id, row.step_id, each.helped and row.decision == "retry", now)


def signatures(tenant: Tenant, **where: Any) -> Counter[str]:
    return Counter(FailureMatch.objects.filter(tenant=tenant, **where).values_list("signature", flat=True))


@pytest.mark.slow
def test_it_matches_groups_and_learns_from_two_thousand_failures(tenant: Tenant) -> None:
    reports = traffic(SEED)
    assert len(reports) == 2_000
    tell(tenant, reports)

    rows = FailureMatch.objects.filter(tenant=tenant)
    assert rows.count() == len(reports), "every failure has one row, whether it was written twice or not"
    assert not rows.filter(signature="").exists()
    assert rows.exclude(match_type="miss").count() / len(reports) > 0.8
    told = {each.cause for each in reports}
    assert len(told) == len(CAUSES)
    assert len(told) <= len(signatures(tenant)) <= 1.2 * len(told)

    learned = nightly.learn(tenants=[tenant])
    unknown = {signature for signature, n in signatures(tenant, match_type="miss").items() if n >= AT_LEAST}
    found = {row.signature for row in RecoveryCandidate.objects.filter(tenant=tenant)}
    assert unknown <= found, "every group nothing matched is a candidate"
    assert learned.made == len(found)
    misses = {row.code for row in RecoveryCandidate.objects.filter(signature__in=unknown)}
    assert misses == {cause.code for cause in CAUSES if not cause.is_known}
    for row in RecoveryCandidate.objects.filter(tenant=tenant):
        assert row.evidence["examples"]
        assert row.mode
        assert row.state == "open"
    again = nightly.learn(tenants=[tenant])
    assert (again.made, again.groups) == (0, learned.groups), "a second time changes nothing"


@pytest.mark.slow
def test_it_suggests_for_entries_by_what_worked(tenant: Tenant) -> None:
    reports = traffic(SEED + 1)
    tell(tenant, reports)
    nightly.learn()
    alice = as_person(tenant, "alice")
    measured = CatalogEntry.objects.filter(confidence__isnull=False)
    assert measured.count() >= 5
    told = {entry.pk: suggest(principal=alice, code=entry.code, skill=entry.skill) for entry in measured}
    sure = [each for each in told.values() if each["confidence_label"] == "measured" and each["n"] > 0 and each["evidence"]["matches"]]
    assert len(sure) >= 5
    for entry in measured:
        # What was measured lies below what happened, as a lower bound does, and says from how many.
        assert 0 <= entry.confidence <= entry.succeeded / entry.applied
        assert entry.measured_at is not None


def test_it_moves_confidence_up_and_down_and_lets_it_age(tenant: Tenant) -> None:
    (first, *_) = fail(tenant, True, True, False, True)
    alice = as_person(tenant, "alice")

    def confidence(after: timedelta = timedelta(0)) -> tuple[float, float]:
        nightly.learn(now=timezone.now() + after)
        row = RecoveryCandidate.objects.get(signature=first.signature)
        entry = CatalogEntry.objects.get(pk=first.entry_id)
        assert row.confidence is not None
        assert entry.confidence == row.confidence
        return row.confidence, row.parts["upper"]

    suggest(principal=alice, match_id=first.public_id)
    start, _ = confidence()
    fail(tenant, *(True,) * 20)
    up, upper = confidence()
    assert up > start
    aged, aged_upper = confidence(timedelta(days=90))
    assert aged < up
    assert aged_upper - aged > upper - up
    fail(tenant, *(False,) * 20)
    down, _ = confidence()
    assert down < up


def test_it_asks_as_many_questions_of_many_failures_as_of_few(tenant: Tenant) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            nightly.learn(tenants=[tenant])
        return len(seen)

    reports = [each for each in traffic(SEED + 2) if not each.cause.is_known]
    tell(tenant, reports)
    nightly.learn(tenants=[tenant])
    few = queries()
    tell(tenant, reports)
    assert FailureMatch.objects.count() == 2 * len(reports)
    assert queries() == few


@pytest.mark.slow
def test_it_matches_every_failure_a_worker_meets(workshop: Workshop) -> None:
    """Real runs: every failed step in their journals has its one row, and the groups are the causes."""
    dice = Random(SEED)  # noqa: S311 - makes up texts, guards nothing
    causes = {
        "slow": ("TIMEOUT", "no answer within {n} ms", 2),
        "torn": ("CONNECTION_RESET", "broke after {n} bytes", 3),
        "down": ("UPSTREAM_UNAVAILABLE", "down for {n} s", 1_000),
        "odd": ("INVALID_RESPONSE", "line {n} makes no sense", 2),
        "gone": ("NOT_FOUND", "no item {n}", 1_000),
    }
    chosen = [dice.choice(list(causes.values())) for _ in range(80)]
    with a_worker():
        runs = [
            workshop.submit(
                step("call", "fails", code=code, message=words.replace("{n}", str(dice.randint(1, 10**6))), until_attempt=until)
            )
            for code, words, until in chosen
        ]
        ended = [over(run) for run in runs]
    failed = RunEvent.objects.filter(run_id__in=[run.pk for run in ended], kind="step_failed")
    told = {(match.run_id, match.seq) for run in ended for match in matches(run)}
    assert told == set(failed.values_list("run_id", "seq"))
    assert len(signatures(workshop.tenant)) == len({each[0] for each in chosen}) == len(causes)
    assert all(match.resolved_at for run in ended for match in matches(run))

    nightly.learn(tenants=[workshop.tenant])
    row = RecoveryCandidate.objects.get(code="UPSTREAM_UNAVAILABLE")
    assert (row.mode, row.succeeded, row.evidence["modes"][0]["rate"]) == ("ESCALATE", 0, 0.0)
    assert not RecoveryCandidate.objects.filter(code="TIMEOUT").exists(), "what the catalog helps against needs no candidate"
