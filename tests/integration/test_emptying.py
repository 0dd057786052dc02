"""Tests that commit leave the database as migrations made it: what they wrote is gone, what they changed or took is back."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from catalog.models import CatalogEntry, EntryVersion
from skills.services import add_price
from tests import emptying
from tests.console.conftest import a_tenant


def everything() -> dict[str, list[Any]]:
    """Return the rows of every table that holds some."""
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        rows = {name: cursor.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall() for name in names}  # noqa: S608 - names of tables
    return {name: found for name, found in rows.items() if found}


@pytest.mark.django_db(transaction=True)
def test_what_a_test_committed_is_gone_and_what_it_took_is_back() -> None:
    before = everything()
    a_tenant("acme", "of-a-test")
    add_price(by="root", provider="openai_compatible", model="llama3", tiers=[{"input": 1, "output": 1}])
    CatalogEntry.objects.update(applied=3)
    EntryVersion.objects.all().delete()
    assert everything() != before
    emptying.empty("default")
    assert everything() == before
