"""The advice for a failure comes from the nearest entry: tenant, code and skill, code, category, ABORT."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from catalog.contracts import Advice, Entry, EntryDocument, RecoveryParameters
from catalog.recovery import EntryKey, choose
from skills.taxonomy import CODES, RETRY_MODES, TIMEOUT_BACKOFF, Category, RecoveryMode

ACME, RIVAL = 1, 2


def entry(number: int, tenant: int | None, code: str, skill: str, mode: str = "ABORT", **parameters: float) -> Entry:
    return Entry(number, tenant, code, skill, RecoveryMode(mode), RecoveryParameters(**parameters), ("Try this.",), 0.4)


def held(*entries: Entry) -> dict[EntryKey, Entry]:
    return {(e.tenant_id, e.code, e.skill): e for e in entries}


def advise(entries: dict[EntryKey, Entry], *, tenant: int | None = ACME, skill: str = "http_call", code: str = "TIMEOUT") -> Advice:
    return choose(entries, tenant_id=tenant, skill=skill, code=code, signature="ab" * 32)


ALL = [
    entry(1, ACME, "TIMEOUT", "http_call"),
    entry(2, ACME, "TIMEOUT", ""),
    entry(3, None, "TIMEOUT", "http_call"),
    entry(4, None, "TIMEOUT", ""),
]
ORDER = [
    pytest.param(ALL, 1, "tenant", "code+skill", id="the tenant's entry for the skill first"),
    pytest.param(ALL[1:], 2, "tenant", "code", id="then the tenant's entry for every skill"),
    pytest.param(ALL[2:], 3, "code+skill", "code+skill", id="then the shared entry for the skill"),
    pytest.param(ALL[3:], 4, "code", "code", id="then the shared entry for the code"),
    pytest.param([], None, "category", "miss", id="then the category's default"),
    pytest.param([entry(5, RIVAL, "TIMEOUT", "http_call")], None, "category", "miss", id="never another tenant's entry"),
    pytest.param([entry(6, None, "TIMEOUT", "other")], None, "category", "miss", id="never another skill's entry"),
]


@pytest.mark.parametrize(("entries", "found", "source", "match_type"), ORDER)
def test_it_takes_the_nearest_entry(entries: list[Entry], found: int | None, source: str, match_type: str) -> None:
    advice = advise(held(*entries))
    assert (advice.entry, advice.source, advice.match_type) == (found, source, match_type)


def test_it_finds_an_entry_for_the_code_where_no_skill_was_involved() -> None:
    advice = advise(held(*ALL[2:]), skill="")
    assert (advice.entry, advice.source, advice.match_type) == (4, "code", "code")


def test_it_never_takes_a_tenants_entry_for_nobody() -> None:
    assert advise(held(*ALL), tenant=None).entry == 3


CATEGORY_DEFAULTS = [
    pytest.param("DNS_FAILURE", "RETRY_EXPONENTIAL", 3, id="transient retries"),
    pytest.param("RATE_LIMITED", "RETRY_WITH_JITTER", 3, id="a retryable resource retries with jitter"),
    pytest.param("QUOTA_EXHAUSTED", "ABORT", 1, id="a used-up resource aborts"),
    pytest.param("NOT_FOUND", "ABORT", 1, id="permanent aborts"),
    pytest.param("BLOCKED_TARGET", "ABORT", 1, id="permission aborts"),
    pytest.param("INVALID_INPUT", "ABORT", 1, id="validation aborts"),
]


@pytest.mark.parametrize(("code", "mode", "attempts"), CATEGORY_DEFAULTS)
def test_it_falls_back_to_the_category(code: str, mode: str, attempts: int) -> None:
    advice = advise({}, code=code)
    assert (advice.mode, advice.max_attempts, advice.source, advice.confidence) == (mode, attempts, "category", None)


def test_it_aborts_on_a_code_nobody_knows() -> None:
    advice = advise({}, code="NEVER_HEARD_OF")
    assert (advice.mode, advice.source, advice.match_type, advice.max_attempts) == ("ABORT", "default", "miss", 1)


def test_it_paces_a_retry_by_the_entry_over_the_taxonomy() -> None:
    advice = advise(held(entry(1, None, "TIMEOUT", "", "RETRY_EXPONENTIAL", max_attempts=7)))
    assert (advice.max_attempts, advice.first_ms, advice.cap_ms, advice.factor) == (7, *TIMEOUT_BACKOFF[1:])


def test_it_paces_a_retry_of_a_code_that_is_not_retried_by_default() -> None:
    advice = advise(held(entry(1, ACME, "HTTP_4XX", "", "RETRY_IMMEDIATE")), code="HTTP_4XX")
    assert advice.max_attempts == 3


def test_it_gives_one_attempt_to_a_mode_that_does_not_retry() -> None:
    assert advise(held(entry(1, None, "TIMEOUT", "", "FALLBACK", max_attempts=7))).max_attempts == 1


def test_it_keeps_the_first_delay_within_the_cap() -> None:
    advice = advise(held(entry(1, None, "RATE_LIMITED", "", "RETRY_WITH_JITTER", cap_ms=50)), code="RATE_LIMITED")
    assert (advice.first_ms, advice.cap_ms) == (50, 50)


def test_it_says_that_its_confidence_is_only_a_prior() -> None:
    advice = advise(held(*ALL))
    assert (advice.confidence, advice.confidence_label) == (0.4, "prior")


def test_it_dumps_to_plain_json() -> None:
    dumped = advise(held(*ALL)).model_dump(mode="json")
    assert json.loads(json.dumps(dumped)) == dumped
    assert dumped["mode"] == "ABORT"


@pytest.mark.parametrize("code", CODES)
def test_it_never_retries_by_category_what_the_taxonomy_calls_hopeless(code: str) -> None:
    advice = advise({}, code=code)
    assert (advice.mode in RETRY_MODES) == CODES[code].retryable
    assert CODES[code].category in (Category.TRANSIENT, Category.RESOURCE) or advice.mode == "ABORT"


BAD_DOCUMENTS = [
    pytest.param({"code": "NO_SUCH"}, id="unknown code"),
    pytest.param({"code": "TIMEOUT", "mode": "PRAY"}, id="unknown mode"),
    pytest.param({"code": "TIMEOUT", "sugestions": []}, id="misspelt field"),
    pytest.param({"code": "TIMEOUT", "parameters": {"max_attempts": 0}}, id="no attempt at all"),
    pytest.param({"code": "TIMEOUT", "parameters": {"first_ms": 5, "cap_ms": 1}}, id="first delay above the cap"),
    pytest.param({"code": "TIMEOUT", "prior_confidence": 1.1}, id="confidence above one"),
    pytest.param({"code": "TIMEOUT", "doc_url": "javascript:alert(1)"}, id="a link that runs a script"),
    pytest.param({"code": "TIMEOUT", "doc_url": "//evil.example"}, id="a link that leaves without saying so"),
    pytest.param({"code": "TIMEOUT", "suggestions": ["x" * 501]}, id="suggestion too long"),
]


@pytest.mark.parametrize("document", BAD_DOCUMENTS)
def test_it_refuses_an_entry_that_makes_no_sense(document: dict) -> None:
    with pytest.raises(ValidationError):
        EntryDocument.model_validate(document)
