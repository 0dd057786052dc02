"""The database keeps the sums by the entries, and refuses what the ledger would not do: the second wall."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from agents.ledger import Amounts
from agents.models import EntryKind, LedgerEntry, LedgerLot, LedgerScope, Tenant
from tests.integration.purses import House, a_house, assert_the_books_add_up


@pytest.fixture
def house(db: None) -> Iterator[House]:
    """A run that holds 60 of 100 and has spent 30."""
    house = a_house()
    purse = house.purse("run_1", 100)
    purse.draw(Amounts(90, {"m": 90}), "admit")
    purse.give_back(Amounts(30, {"m": 30}))
    purse.draw(Amounts(60), "extend:1")
    yield house
    assert_the_books_add_up()


def the_run() -> LedgerScope:
    return LedgerScope.objects.get(kind="run")


def entered(kind: str, amount: int, limit: int | None = None, reference: str = "by hand") -> LedgerEntry:
    return LedgerEntry.objects.create(scope=the_run(), kind=kind, amount_micro_usd=amount, limit_micro_usd=limit, reference=reference)


@pytest.mark.parametrize(
    ("kind", "amount", "limit", "after"),
    [
        pytest.param("reserve", 10, 100, (100, 70, 30), id="reserve-up-to-the-limit"),
        pytest.param("settle", 60, None, (100, 0, 90), id="settle"),
        pytest.param("release", 60, None, (100, 0, 30), id="release"),
        pytest.param("absorb", 500, None, (100, 60, 530), id="absorb-past-the-limit"),
        pytest.param("top_up", 5, None, (105, 60, 30), id="top-up"),
        pytest.param("adjust", -99, 1, (1, 60, 30), id="adjust-below-what-is-spent"),
        pytest.param("adjust", -100, None, (None, 60, 30), id="adjust-to-unlimited"),
        pytest.param("adjust", 0, 100, (100, 60, 30), id="adjust-to-the-same"),
    ],
)
def test_it_moves_the_sums_by_the_entries(kind: str, amount: int, limit: int | None, after: tuple[Any, ...], house: House) -> None:
    with transaction.atomic():
        entered(kind, amount, limit)
        row = the_run()
        assert (row.limit_micro_usd, row.reserved_micro_usd, row.spent_micro_usd) == after
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("kind", "amount", "limit"),
    [
        pytest.param("reserve", 11, 100, id="past-the-limit"),
        pytest.param("reserve", 1, 101, id="by-another-limit"),
        pytest.param("reserve", 1, None, id="by-no-limit"),
        pytest.param("settle", 61, None, id="settle-more-than-is-reserved"),
        pytest.param("release", 61, None, id="release-more-than-is-reserved"),
        pytest.param("reserve", 0, 100, id="nothing"),
        pytest.param("absorb", -1, None, id="less-than-nothing"),
        pytest.param("settle", 1, 100, id="a-limit-that-is-not-its-own"),
    ],
)
def test_it_refuses_an_entry_that_breaks_a_rule(kind: str, amount: int, limit: int | None, house: House) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        entered(kind, amount, limit)
    assert not LedgerEntry.objects.filter(reference="by hand").exists()


def test_it_refuses_a_second_top_up_of_one_reference(house: House) -> None:
    entered("top_up", 5, reference="top")
    with pytest.raises(IntegrityError), transaction.atomic():
        entered("top_up", 6, reference="top")


def test_it_refuses_to_reserve_on_an_overdrawn_scope(house: House) -> None:
    with transaction.atomic():
        entered("absorb", 20)
        with pytest.raises(IntegrityError), transaction.atomic():
            entered("reserve", 1, 100)
        transaction.set_rollback(True)


CHANGES: dict[str, Callable[[], Any]] = {
    "amount": lambda: LedgerEntry.objects.update(amount_micro_usd=F("amount_micro_usd") + 1),
    "kind": lambda: LedgerEntry.objects.filter(kind=EntryKind.RELEASE).update(kind=EntryKind.SETTLE),
    "scope": lambda: LedgerEntry.objects.update(scope=the_run()),
    "reference": lambda: LedgerEntry.objects.update(reference="another"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_it_changes_no_entry(what: str, house: House) -> None:
    before = list(LedgerEntry.objects.order_by("pk").values_list())
    with pytest.raises(IntegrityError), transaction.atomic():
        CHANGES[what]()
    assert list(LedgerEntry.objects.order_by("pk").values_list()) == before


@pytest.mark.parametrize("which", ["one", "all"])
def test_it_deletes_no_entry_of_a_scope_that_is_there(which: str, house: House) -> None:
    before = list(LedgerEntry.objects.order_by("pk").values_list())
    entries = LedgerEntry.objects.filter(pk=before[0][0]) if which == "one" else LedgerEntry.objects.all()
    try:
        with transaction.atomic():
            assert entries.delete()[0] == 0
    except IntegrityError:
        # SQLite lets whoever empties a database pass, and keeps the rows.
        assert connection.vendor == "postgresql"
    assert list(LedgerEntry.objects.order_by("pk").values_list()) == before


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"open_micro_usd": -1}, id="less-than-nothing-open"),
        pytest.param({"spent_micro_usd": -1}, id="less-than-nothing-spent"),
        pytest.param({"open_micro_usd": 31, "spent_micro_usd": 30}, id="more-than-was-drawn"),
    ],
)
def test_it_refuses_a_lot_that_does_not_add_up(change: dict[str, int], house: House) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerLot.objects.filter(amount_micro_usd=60).update(**change)


def test_it_lets_a_tenant_go_with_all_its_books(house: House) -> None:
    rival = a_house("rival")
    rival.budget("tenant", 10)
    rival.purse("run_2").draw(Amounts(5), "a")
    rival.purse("run_3", None, "run_2").draw(Amounts(5), "a")
    rivals = LedgerScope.objects.filter(tenant=rival.tenant)
    assert LedgerEntry.objects.filter(scope__in=rivals).exists()
    kept = LedgerEntry.objects.exclude(scope__in=rivals).count()
    rival.tenant.delete()
    assert set(LedgerScope.objects.values_list("tenant", flat=True)) == {house.tenant.pk}
    assert LedgerEntry.objects.count() == kept
    assert set(LedgerLot.objects.values_list("scope__tenant", flat=True)) == {house.tenant.pk}


@pytest.mark.django_db(transaction=True)
def test_it_lets_a_whole_database_be_emptied() -> None:
    house = a_house()
    house.purse("run_1", 10).draw(Amounts(5, {"m": 5}), "a")
    call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=True)
    assert [rows.objects.count() for rows in (Tenant, LedgerScope, LedgerEntry, LedgerLot)] == [0, 0, 0, 0]
