"""Money moves in every scope or in none, never past a limit, and a repeated movement moves once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from agents import ledger
from agents.ledger import Granted, ReferenceReused, Refused, ScopeMissing
from agents.models import EntryKind, LedgerEntry, LedgerScope, Tenant

KEYS = [("run", "run_1"), ("tenant", "ten_1"), ("agent", "agt_1")]


def opened(limits: dict[str, int | None]) -> Tenant:
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    for kind, key in KEYS:
        ledger.open_scope(tenant=tenant, kind=kind, key=key, limit_micro_usd=limits.get(kind))
    return tenant


@pytest.fixture
def acme(db: None) -> Tenant:
    return opened({"tenant": 1_000, "agent": None, "run": 100})


def sums(kind: str) -> tuple[int | None, int, int]:
    scope = LedgerScope.objects.get(kind=kind)
    return scope.limit_micro_usd, scope.reserved_micro_usd, scope.spent_micro_usd


def test_it_reserves_in_every_scope(acme: Tenant) -> None:
    assert ledger.reserve(tenant=acme, keys=KEYS, amount_micro_usd=60, reference="r") == Granted(60)
    assert [sums(kind)[1] for kind in ("tenant", "agent", "run")] == [60, 60, 60]


def test_it_reserves_up_to_the_limit_and_not_one_more(acme: Tenant) -> None:
    assert ledger.reserve(tenant=acme, keys=KEYS, amount_micro_usd=100, reference="r") == Granted(100)
    assert ledger.reserve(tenant=acme, keys=KEYS, amount_micro_usd=1, reference="e") == Refused(1, "run:run_1")


def test_it_moves_nothing_where_one_scope_refuses(acme: Tenant) -> None:
    assert ledger.reserve(tenant=acme, keys=KEYS, amount_micro_usd=130, reference="r") == Refused(30, "run:run_1")
    assert not LedgerEntry.objects.exists()
    assert sums("tenant") == (1_000, 0, 0)


def test_it_names_the_scope_that_lacks_most(acme: Tenant) -> None:
    assert ledger.reserve(tenant=acme, keys=KEYS, amount_micro_usd=1_500, reference="r") == Refused(1_400, "run:run_1")
    assert ledger.reserve(tenant=acme, keys=KEYS[1:], amount_micro_usd=1_500, reference="r") == Refused(500, "tenant:ten_1")


def test_it_never_refuses_where_there_is_no_limit(acme: Tenant) -> None:
    assert ledger.reserve(tenant=acme, keys=[("agent", "agt_1")], amount_micro_usd=10**15, reference="r") == Granted(10**15)


def test_it_settles_what_was_reserved_and_releases_the_rest(acme: Tenant) -> None:
    ledger.reserve(tenant=acme, keys=KEYS, amount_micro_usd=80, reference="r")
    assert ledger.settle(tenant=acme, keys=KEYS, spent_micro_usd=30, reference="s") == Granted(30)
    assert sums("run") == (100, 50, 30)
    assert ledger.release(tenant=acme, keys=KEYS, amount_micro_usd=50, reference="x") == Granted(50)
    assert sums("run") == (100, 0, 30)
    assert ledger.reserve(tenant=acme, keys=KEYS, amount_micro_usd=71, reference="again") == Refused(1, "run:run_1")


@pytest.mark.parametrize("kind", ["settle", "release"])
def test_it_refuses_to_take_more_than_is_reserved_by(kind: str, acme: Tenant) -> None:
    ledger.reserve(tenant=acme, keys=KEYS, amount_micro_usd=10, reference="r")
    if kind == "settle":
        answer = ledger.settle(tenant=acme, keys=KEYS, spent_micro_usd=11, reference="s")
    else:
        answer = ledger.release(tenant=acme, keys=KEYS, amount_micro_usd=11, reference="s")
    assert isinstance(answer, Refused)
    assert answer.missing_micro_usd == 1
    assert sums("run") == (100, 10, 0)


def test_it_goes_on_after_a_top_up(acme: Tenant) -> None:
    ledger.reserve(tenant=acme, keys=KEYS, amount_micro_usd=100, reference="r")
    assert ledger.top_up(tenant=acme, keys=[("run", "run_1"), ("agent", "agt_1")], amount_micro_usd=50, reference="t") == Granted(50)
    assert (sums("run")[0], sums("agent")[0]) == (150, None)
    assert ledger.reserve(tenant=acme, keys=KEYS, amount_micro_usd=50, reference="e") == Granted(50)


def test_it_takes_in_what_was_overspent_so_that_the_sums_stay_true(acme: Tenant) -> None:
    assert ledger.absorb(tenant=acme, keys=KEYS[:1], amount_micro_usd=130, reference="over") == Granted(130)
    assert ledger.settle(tenant=acme, keys=KEYS[:1], spent_micro_usd=130, reference="s") == Granted(130)
    assert sums("run") == (100, 0, 130)
    assert ledger.reserve(tenant=acme, keys=KEYS[:1], amount_micro_usd=1, reference="r") == Refused(31, "run:run_1")


def test_it_makes_a_repeated_movement_once(acme: Tenant) -> None:
    moves: list[Callable[[], ledger.Answer]] = [
        lambda: ledger.reserve(tenant=acme, keys=KEYS, amount_micro_usd=60, reference="same"),
        lambda: ledger.settle(tenant=acme, keys=KEYS, spent_micro_usd=20, reference="same"),
        lambda: ledger.release(tenant=acme, keys=KEYS, amount_micro_usd=20, reference="same"),
        lambda: ledger.top_up(tenant=acme, keys=KEYS, amount_micro_usd=5, reference="same"),
    ]
    for move in moves:
        first, second = move(), move()
        assert isinstance(first, Granted)
        assert second == Granted(first.amount_micro_usd, repeated=True)
    assert sums("run") == (105, 20, 20)
    assert LedgerEntry.objects.count() == len(moves) * len(KEYS)


def test_it_refuses_a_reference_that_comes_back_with_another_amount(acme: Tenant) -> None:
    ledger.reserve(tenant=acme, keys=KEYS, amount_micro_usd=60, reference="r")
    with pytest.raises(ReferenceReused):
        ledger.reserve(tenant=acme, keys=KEYS, amount_micro_usd=61, reference="r")


def test_it_writes_nothing_for_nothing(acme: Tenant) -> None:
    assert ledger.reserve(tenant=acme, keys=KEYS, amount_micro_usd=0, reference="r") == Granted(0)
    assert not LedgerEntry.objects.exists()


def test_it_refuses_a_negative_amount(acme: Tenant) -> None:
    with pytest.raises(ValueError, match="positive"):
        ledger.release(tenant=acme, keys=KEYS, amount_micro_usd=-1, reference="r")


@pytest.mark.parametrize("keys", [[], [("run", "run_2")], [*KEYS, ("agent", "agt_2")]], ids=["none", "unknown", "one unknown"])
def test_it_fails_closed_where_a_scope_is_missing(keys: list[tuple[str, str]], acme: Tenant) -> None:
    with pytest.raises(ScopeMissing):
        ledger.reserve(tenant=acme, keys=keys, amount_micro_usd=1, reference="r")
    assert not LedgerEntry.objects.exists()


def test_it_keeps_tenants_out_of_each_others_scopes(acme: Tenant) -> None:
    rival = Tenant.objects.create(slug="rival", name="Rival")
    with pytest.raises(ScopeMissing):
        ledger.reserve(tenant=rival, keys=KEYS, amount_micro_usd=1, reference="r")
    with pytest.raises(ScopeMissing):
        ledger.open_scope(tenant=rival, kind="run", key="run_1", limit_micro_usd=None)


def test_it_opens_a_scope_once(acme: Tenant) -> None:
    assert ledger.open_scope(tenant=acme, kind="run", key="run_1", limit_micro_usd=999).limit_micro_usd == 100
    assert LedgerScope.objects.count() == len(KEYS)


@pytest.mark.django_db(transaction=True)
def test_it_grants_exactly_what_fits_to_many_at_once() -> None:
    tenant = opened({"tenant": 1_000, "agent": 505, "run": None})
    attempts = [f"r{number}" for number in range(80)]

    def attempt(reference: str) -> type:
        try:
            return type(ledger.reserve(tenant=tenant, keys=KEYS, amount_micro_usd=10, reference=reference))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = Counter(pool.map(attempt, attempts))
    assert answers == {Granted: 50, Refused: 30}
    assert [sums(kind)[1] for kind in ("tenant", "agent", "run")] == [500, 500, 500]
    assert LedgerEntry.objects.count() == 150


@pytest.mark.django_db(transaction=True)
def test_it_makes_one_movement_of_the_same_reference_from_many_at_once() -> None:
    tenant = opened({"tenant": 1_000})

    def attempt(_: int) -> ledger.Answer:
        try:
            return ledger.reserve(tenant=tenant, keys=KEYS, amount_micro_usd=10, reference="same")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(8)))
    assert sorted(answer.repeated for answer in answers if isinstance(answer, Granted)) == [False] + [True] * 7
    assert sums("tenant") == (1_000, 10, 0)


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "settle", "release", "top_up"]),
        st.integers(0, 60),
        st.integers(0, 12),
        st.lists(st.sampled_from(KEYS), min_size=1, unique=True),
    ),
    max_size=25,
)


class TestTheSums(TestCase):
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(moves=MOVES, limits=st.fixed_dictionaries({kind: st.none() | st.integers(0, 120) for kind in ("tenant", "agent", "run")}))
    def test_it_keeps_them_equal_to_the_entries_and_within_the_limit(self, moves: list, limits: dict[str, int | None]) -> None:
        tenant = opened(limits)
        for number, (kind, amount, reference, keys) in enumerate(moves):
            name = "spent_micro_usd" if kind == "settle" else "amount_micro_usd"
            try:
                getattr(ledger, kind)(tenant=tenant, keys=keys, reference=f"{reference}:{sorted(keys)}", **{name: amount})
            except ReferenceReused:
                assert number > 0
            for scope in LedgerScope.objects.all():
                assert_sums(scope, limits[scope.kind])


def assert_sums(scope: LedgerScope, opening_limit: int | None) -> None:
    by_kind = dict(scope.entries.values_list("kind").annotate(Sum("amount_micro_usd")))
    total = {kind: by_kind.get(kind, 0) for kind in EntryKind.values}
    assert scope.spent_micro_usd == total["settle"]
    assert scope.reserved_micro_usd == total["reserve"] - total["release"] - total["settle"]
    if opening_limit is None:
        assert scope.limit_micro_usd is None
    else:
        assert scope.limit_micro_usd == opening_limit + total["top_up"]
        assert scope.spent_micro_usd + scope.reserved_micro_usd <= scope.limit_micro_usd
