"""Fills the catalog with an entry for every code of the taxonomy."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from catalog.services import seed_catalog


def seed(apps: Any, schema_editor: Any) -> None:
    seed_catalog(apps.get_model("catalog", "CatalogEntry"), apps.get_model("catalog", "EntryVersion"))


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
