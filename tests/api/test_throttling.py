"""How often a tenant may ask: buckets that fill evenly, headers that say what is left, 429 beyond that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.models import Tenant
from agents.throttling import Buckets, buckets
from tests.api.cast import Caller, make_caller


@pytest.fixture(autouse=True)
def full() -> Iterator[None]:
    buckets.clear()
    yield
    buckets.clear()


@pytest.mark.django_db
def test_it_refuses_what_comes_too_fast_and_says_when_to_come_back(alice: Caller, charlie: Caller, assert_problem: Any) -> None:
    Tenant.objects.filter(pk=alice.tenant.pk).update(requests_per_minute=3)
    second = make_caller(alice.tenant, "second", ("runs:read",))
    first = alice.get("/api/v1/whoami")
    assert (first.headers["RateLimit-Policy"], first.headers["RateLimit"]) == ('"default";q=3;w=60', '"default";r=2;t=20')
    assert [second.get("/api/v1/whoami").status_code for _ in range(2)] == [200, 200], "all keys of a tenant share its rate"
    refused = alice.get("/api/v1/whoami")
    problem = assert_problem(refused, 429, "RATE_LIMITED")
    assert 0 < problem["retry_after_ms"] <= 20_000
    assert 0 < int(refused.headers["Retry-After"]) <= 20
    assert refused.headers["RateLimit"].startswith('"default";r=0;')
    assert charlie.get("/api/v1/whoami").status_code == 200, "another tenant is not held up"


@pytest.mark.django_db
def test_one_key_leaves_something_to_the_others(alice: Caller) -> None:
    Tenant.objects.filter(pk=alice.tenant.pk).update(requests_per_minute=10)
    second = make_caller(alice.tenant, "second", ("runs:read",))
    assert [alice.get("/api/v1/whoami").status_code for _ in range(20)].count(200) == 8
    assert [second.get("/api/v1/whoami").status_code for _ in range(5)].count(200) == 2
    assert second.get("/api/v1/whoami").status_code == 429, "its own bucket is not empty, the tenant's is"


@pytest.mark.django_db
def test_a_rate_of_nothing_is_no_limit(alice: Caller) -> None:
    Tenant.objects.filter(pk=alice.tenant.pk).update(requests_per_minute=0)
    answer = alice.get("/api/v1/whoami")
    assert answer.status_code == 200
    assert "RateLimit" not in answer.headers


@pytest.mark.django_db
def test_who_is_not_let_in_takes_nothing_out_of_a_bucket(alice: Caller, stranger: Caller) -> None:
    Tenant.objects.filter(pk=alice.tenant.pk).update(requests_per_minute=1)
    assert [stranger.get("/api/v1/whoami").status_code for _ in range(5)] == [401] * 5
    assert alice.get("/api/v1/whoami").status_code == 200


@given(st.integers(1, 500), st.lists(st.floats(0, 30), min_size=1, max_size=200))
def test_a_bucket_gives_no_more_than_its_rate(limit: int, pauses: list[float]) -> None:
    """Over any stretch of time: what was in the bucket, and what came in meanwhile."""
    ours, now, given_out = Buckets(), 0.0, 0
    for pause in pauses:
        now += pause
        left = ours.take("x", limit, now)
        given_out += not left.wait
        assert given_out <= limit + limit * now / 60 + 1e-6
        assert 0 <= left.remaining <= limit
        if left.wait:
            assert not ours.take("x", limit, now + left.wait + 1e-6).wait, "coming back when told finds room"
            now, given_out = now + left.wait + 1e-6, given_out + 1
