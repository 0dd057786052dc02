"""A policy advises about exactly its signature, before every entry; in shadow it changes nothing and says what it would have done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from catalog.contracts import Advice, Entry, Policy, RecoveryParameters
from catalog.lookup import Lookup
from catalog.recovery import PolicyKey, choose
from catalog.signature import signature_of
from skills.taxonomy import CODES, TIMEOUT_BACKOFF, RecoveryMode

ACME, RIVAL = 1, 2
SIGNATURE, OTHER = "ab" * 32, "cd" * 32
ENTRIES = {(ACME, "TIMEOUT", "http_call"): Entry(7, ACME, "TIMEOUT", "http_call", RecoveryMode.ABORT, RecoveryParameters(), ("Try.",), 0.4)}


def policy(
    mode: str = "RETRY_IMMEDIATE", *, tenant: int = ACME, is_active: bool = True, is_measured: bool = True, **parameters: Any
) -> Policy:
    return Policy("rec_1", tenant, SIGNATURE, is_active, RecoveryMode(mode), RecoveryParameters(**parameters), 0.7, is_measured)


def advise(*policies: Policy, tenant: int | None = ACME, signature: str = SIGNATURE, entries: Any = ENTRIES) -> Advice:
    held: dict[PolicyKey, Policy] = {(each.tenant_id, each.signature): each for each in policies}
    return choose(entries, tenant_id=tenant, skill="http_call", code="TIMEOUT", signature=signature, policies=held)


WHO = [
    pytest.param(ACME, SIGNATURE, "policy", id="its tenant and its signature"),
    pytest.param(ACME, OTHER, "tenant", id="another signature"),
    pytest.param(ACME, "", "tenant", id="no signature, as in simulations"),
    pytest.param(RIVAL, SIGNATURE, "category", id="another tenant"),
    pytest.param(None, SIGNATURE, "category", id="nobody"),
]


@pytest.mark.parametrize(("tenant", "signature", "source"), WHO)
def test_it_advises_about(tenant: int | None, signature: str, source: str) -> None:
    assert advise(policy(), tenant=tenant, signature=signature).source == source


def test_it_goes_before_every_entry_and_names_itself() -> None:
    advice = advise(policy("FALLBACK", fallback_skill="cache_read", fallback_params={"key": "a"}))
    assert (advice.mode, advice.source, advice.match_type, advice.candidate) == ("FALLBACK", "policy", "signature", "rec_1")
    assert (advice.entry, advice.shadow_mode, advice.suggestions) == (None, None, ["Try."])
    assert (advice.fallback_skill, advice.fallback_params, advice.max_attempts) == ("cache_read", {"key": "a"}, 1)


@pytest.mark.parametrize(("is_measured", "label"), [(True, "measured"), (False, "prior")])
def test_it_says_whether_its_confidence_is_measured(is_measured: bool, label: str) -> None:
    advice = advise(policy(is_measured=is_measured))
    assert (advice.confidence, advice.confidence_label) == (0.7, label)


def test_it_paces_itself_by_its_parameters_over_the_codes() -> None:
    advice = advise(policy("RETRY_EXPONENTIAL", max_attempts=9))
    assert (advice.max_attempts, advice.first_ms, advice.cap_ms, advice.factor) == (9, *TIMEOUT_BACKOFF[1:])


def test_it_says_how_often_to_begin_afresh() -> None:
    assert advise(policy("CHECKPOINT_RESTORE", max_restores=2)).max_restores == 2


@pytest.mark.parametrize("entries", [ENTRIES, {}], ids=["an entry", "no entry"])
def test_in_shadow_it_changes_nothing_but_what_is_noted(entries: Any) -> None:
    without, noted = advise(entries=entries), advise(policy(is_active=False), entries=entries)
    assert (noted.candidate, noted.shadow_mode) == ("rec_1", "RETRY_IMMEDIATE")
    assert noted.model_copy(update={"candidate": None, "shadow_mode": None}) == without


@pytest.mark.parametrize(
    ("measured", "shown"),
    [pytest.param(None, (0.4, "prior"), id="before a trial"), pytest.param(0.0, (0.0, "measured"), id="nothing worked")],
)
def test_an_entry_shows_what_is_measured_instead_of_its_prior(measured: float | None, shown: tuple[float, str]) -> None:
    entry = Entry(7, None, "TIMEOUT", "", RecoveryMode.FALLBACK, RecoveryParameters(fallback_skill="cache_read"), (), 0.4, measured)
    advice = advise(entries={(None, "TIMEOUT", ""): entry})
    assert (advice.confidence, advice.confidence_label) == shown
    assert advice.fallback_skill == "cache_read"


def test_a_snapshot_asks_its_policies_by_the_signature_of_the_failure() -> None:
    signature = signature_of(skill="http_call", code="TIMEOUT", target="https://a.example/", message="no answer in 5 ms")
    own = Policy("rec_1", ACME, signature, True, RecoveryMode.SKIP, RecoveryParameters(), 0.7, True)
    snapshot = Lookup(ENTRIES.values(), [own])
    assert snapshot.advise(ACME, "http_call", "TIMEOUT", "no answer in 70 ms", "GET https://a.example:1/x").mode == "SKIP"
    assert snapshot.advise(ACME, "http_call", "TIMEOUT", "no answer in 70 ms", "GET https://b.example/").mode == "ABORT"
    assert snapshot.advice_by_code(ACME, "http_call")["TIMEOUT"]["source"] == "tenant"


def test_it_counts_the_active_policies_of_a_skill_among_what_may_be_advised() -> None:
    insists = Policy(
        "rec_1",
        ACME,
        SIGNATURE,
        True,
        RecoveryMode.RETRY_EXPONENTIAL,
        RecoveryParameters(max_attempts=9),
        0.7,
        True,
        "http_call",
        "TIMEOUT",
    )
    shadow = replace(insists, signature="cd" * 32, is_active=False, code="NOT_FOUND")
    snapshot = Lookup([], [insists, shadow])
    told = snapshot.possible_advice(ACME, "http_call")
    assert [advice["max_attempts"] for code, advice in told if code == "TIMEOUT"] == [3, 9]
    assert len([code for code, _ in told if code == "NOT_FOUND"]) == 1
    assert {code for code, _ in told} == set(CODES)
    assert len(snapshot.possible_advice(ACME, "llm_invoke")) == len(CODES)
